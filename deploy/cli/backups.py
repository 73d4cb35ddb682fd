"""`tradehall backup`: all databases at one moment, in a new folder, while the system runs."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from deploy.cli.manifest import FILE, BusUser, Manifest, Part, Wrapped, release
from deploy.cli.postgres_programs import program, reaching
from deploy.cli.running import Running
from deploy.cli.snapshots import Snapshot, snapshots
from deploy.secret_files import write_private
from runtime.output import Json, output, progress, stop

_CHUNK = 1 << 20  # bytes


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to create.")],
    as_json: Json = False,
) -> None:
    """Back up all databases. Keep the master keys and the erasure log elsewhere."""
    running = Running.found()
    if folder.exists():
        stop(f"{folder} exists: choose another folder.")
    unfinished = folder.absolute().with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700, parents=True)
    try:
        manifest = _written(running, unfinished)
        os.rename(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    result = {"folder": str(folder), **manifest.model_dump(mode="json", include={"release", "created_at"})}
    result["services"] = {
        name: part.model_dump(include={"bytes", "last_sequence"}) for name, part in manifest.services.items()
    }
    output(as_json, result, _lines(folder, manifest, running))


def _lines(folder: Path, manifest: Manifest, running: Running) -> list[str]:
    return [
        f"{folder}: {manifest.bytes:,} bytes",
        *(
            f"  {name}: {part.bytes:,} bytes, events up to {part.last_sequence}"
            for name, part in manifest.services.items()
        ),
        "Not included, and needed for a restore:",
        f"  {running.secrets}/*-master-key*",
        f"  {running.facts['erasure_list']}",
    ]


def _written(running: Running, folder: Path) -> Manifest:
    dsns: dict[str, str] = running.facts["postgres_dsn"]
    with snapshots(dsns) as moment, progress() as bar:
        created_at = datetime.now(UTC)
        parts = {}
        task = bar.add_task("", total=len(dsns))
        for name, dsn in dsns.items():
            parts[name] = _part(name, dsn, moment[name], folder, partial(_show, bar, task, name))
            bar.advance(task)
        postgres = str(moment[next(iter(dsns))].connection.info.server_version // 10_000)
    users = [BusUser(user=one.name, organization=one.organization) for one in running.bus_users.all()]
    manifest = Manifest(release=release(), created_at=created_at, postgres=postgres, services=parts, bus_users=users)
    write_private(folder / FILE, manifest.model_dump_json(indent=2) + "\n")
    return manifest


def _show(bar: Progress, task: TaskID, name: str, size: int) -> None:
    bar.update(task, description=f"Dumping {name}, {size / 1e6:.0f} MB")


def _part(name: str, dsn: str, at: Snapshot, folder: Path, progress: Callable[[int], None]) -> Part:
    path = folder / f"{name}.dump"
    size, digest = _dumped(dsn, at, path, progress)
    epoch, last = at.place()
    return Part(
        file=path.name,
        bytes=size,
        sha256=digest,
        tables=at.tables(),
        epoch=epoch,
        last_sequence=last,
        migrations=at.migrations(),
        master_keys={
            row["key_id"]: Wrapped(associated=row["associated"], wrapped=row["wrapped"]) for row in at.master_keys()
        },
    )


def _dumped(dsn: str, at: Snapshot, path: Path, progress: Callable[[int], None]) -> tuple[int, str]:
    """Size and SHA-256 of the file; it is on disk when this returns."""
    argv = (program("pg_dump", dsn), "--format=custom", "--no-owner", "--no-acl", f"--snapshot={at.name}")
    size, found = 0, hashlib.sha256()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with subprocess.Popen(argv, env=reaching(dsn), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as dumping:  # noqa: S603 - own program
            assert dumping.stdout is not None
            assert dumping.stderr is not None
            while chunk := dumping.stdout.read(_CHUNK):
                file.write(chunk)
                found.update(chunk)
                size += len(chunk)
                progress(size)
            error = dumping.stderr.read().decode(errors="replace").strip()
        if dumping.returncode:
            stop(f"pg_dump failed: {error}")
        file.flush()
        os.fsync(file.fileno())
    return size, found.hexdigest()
