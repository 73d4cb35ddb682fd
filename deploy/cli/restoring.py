"""`tradehall restore`: databases from a backup, in a new epoch, without sessions, and with erasures applied again.

All databases are restored beside the present ones, which are replaced last and together.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli.loading import load, verify_counts
from deploy.cli.manifest import BadBackup, Manifest, master_keys, read, verify_files
from deploy.cli.master_keys import keep_master_keys
from deploy.cli.output import ask, at_once
from deploy.cli.restoring_containers import restored_in_containers
from deploy.cli.running import NotRunning, Running
from deploy.local.bus import BusUsers
from deploy.local.folder import VarFolder, postgres_in
from deploy.local.services import erasure_list
from deploy.local.settings import RunnerSettings
from deploy.secret_files import write_private
from embedded import EmbeddedError, Postgres
from runtime.actions.personal_data import POST_RESTORE
from runtime.output import Json, output, progress, stop

_BESIDE = "_restored"


def restore(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder written by `tradehall backup`.")],
    keys: Annotated[
        Path | None,
        typer.Option("--master-keys", help="Folder with copies of the *-master-key files; prompts if missing."),
    ] = None,
    erased: Annotated[
        Path | None, typer.Option("--erasure-list", help="The erasure log, with erasures since the backup.")
    ] = None,
    nobody_erased: Annotated[
        bool, typer.Option("--nobody-erased", help="There is no erasure log: nobody was ever erased.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace existing data.")] = False,
    check_only: Annotated[
        bool, typer.Option("--check-only", help="Verify the backup and the master keys only.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Restore a backup. Stop Tradehall first."""
    var = RunnerSettings.from_environment(os.environ).var
    manifest = read(backup)
    texts = master_keys(keys or _asked_for(), manifest)
    listed = _erasures(erased or erasure_list(var, os.environ), nobody_erased)
    with progress() as bar:
        task = bar.add_task("Verifying the files", total=manifest.bytes)
        verify_files(backup, manifest, lambda read_now: bar.advance(task, read_now))
    if check_only:
        sound = f"{backup} is valid, and the master keys match."
        output(as_json, {"backup": str(backup), "sound": True}, [sound])
        return
    if running := _containers():
        done = restored_in_containers(running, backup, manifest, texts, listed)
        output(as_json, {"services": done}, _lines(manifest, done))
        return
    try:
        with _servers(var) as (folder, postgres):
            _refuse_to_overwrite(postgres, manifest, replace)
            done = Restore(backup, manifest, texts, listed, folder, postgres).run()
    except EmbeddedError as error:
        raise NotRunning(str(error)) from error
    output(as_json, {"var": str(var), "services": done}, _lines(manifest, done))


def _asked_for() -> Path:
    """Prompts on standard error: standard output may be JSON."""
    return Path(typer.prompt("Folder with the copies of the master keys", err=True))


def _containers() -> Running | None:
    """The containers that this program is among, if it is."""
    return Running.found() if "TRADEHALL_CONTAINED" in os.environ else None


def _erasures(path: Path, nobody: bool) -> Path:
    if not nobody and not path.is_file():
        raise BadBackup(f"{path} does not exist: give the erasure log with --erasure-list, or say --nobody-erased")
    return path


@contextmanager
def _servers(var: Path) -> Iterator[tuple[VarFolder, Postgres]]:
    """The locked folder, with its PostgreSQL running. Raises EmbeddedError."""
    folder = VarFolder(var)
    folder.lock()
    try:
        postgres = postgres_in(folder)
        postgres.start()
        try:
            yield folder, postgres
        finally:
            postgres.stop()
    finally:
        folder.unlock()


def _refuse_to_overwrite(postgres: Postgres, manifest: Manifest, replace: bool) -> None:
    names = ", ".join(f"'{name}'" for name in manifest.services)
    there = postgres.run_sql(f"SELECT datname FROM pg_database WHERE datname IN ({names})").split()  # noqa: S608 - ours
    holding = [
        name for name in there if postgres.run_sql("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1", name)
    ]
    if holding and not replace:
        stop(f"There are data of {', '.join(holding)}; nothing was changed. To replace them, say --replace.")


@dataclass(frozen=True)
class Restore:
    """A restore, after all checks. `texts` are the master keys by service."""

    backup: Path
    manifest: Manifest
    texts: Mapping[str, str]
    erased: Path
    folder: VarFolder
    postgres: Postgres

    def run(self) -> dict[str, Any]:
        """Restore all databases; answers what was done, by service."""
        for service in self.manifest.services:  # before several need them at a time
            self.folder.secrets.secret(f"{service}-nats")
        self.folder.secrets.secret("portal-client")
        try:
            done = at_once(self.manifest.services, "Restoring", self._beside)
        except BaseException:
            for service in self.manifest.services:
                self._drop_beside(service)
            raise
        self._replace()
        return done

    def _beside(self, name: str) -> dict[str, Any]:
        part = self.manifest.services[name]
        beside = f"{name}{_BESIDE}"
        self._drop_beside(name)
        self.postgres.create_database(name, self.folder.secrets.secret(f"{name}-postgres"))
        dsn = self._dsn(name)
        self.postgres.run_sql(
            f"CREATE DATABASE {beside} OWNER {name}; REVOKE CONNECT ON DATABASE {beside} FROM PUBLIC;"
        )
        load(self.backup / part.file, dsn)
        verify_counts(name, part, dsn)
        return {"rows": sum(part.tables.values()), **self._post_restore(name, dsn)}

    def _drop_beside(self, name: str) -> None:
        self.postgres.run_sql(f"DROP DATABASE IF EXISTS {name}{_BESIDE} WITH (FORCE)")

    def _dsn(self, name: str) -> str:
        password = self.folder.secrets.secret(f"{name}-postgres")
        return f"postgresql://{name}:{password}@127.0.0.1:{self.postgres.port}/{name}{_BESIDE}"

    def _post_restore(self, name: str, dsn: str) -> dict[str, Any]:
        """Have the service itself begin a new epoch, delete sessions and tokens, and apply erasures."""
        secrets = self.folder.secrets
        files = {
            "TRADEHALL_POSTGRES_DSN_FILE": secrets.write(f"{name}-dsn{_BESIDE}", dsn),
            "TRADEHALL_MASTER_KEY_FILE": secrets.write(f"{name}-master-key{_BESIDE}", self.texts[name]),
        }
        try:
            places = {variable: str(path) for variable, path in files.items()}
            done: dict[str, Any] = ask(
                Running.stopped(self.folder.path, places), name, POST_RESTORE, self.erased
            ).as_json()
        finally:
            for path in files.values():
                path.unlink()
        return done

    def _replace(self) -> None:
        self._keep_erasures()
        users = BusUsers(self.folder.path)
        for user in users.all():
            users.remove(user.name)
        shutil.rmtree(self.folder.path / "nats" / "store", ignore_errors=True)  # filled again from the databases
        for name in self.manifest.services:
            keep_master_keys(self.folder.secrets.folder, name, self.texts[name])
            self.postgres.run_sql(
                f"DROP DATABASE IF EXISTS {name} WITH (FORCE);\nALTER DATABASE {name}{_BESIDE} RENAME TO {name};"
            )

    def _keep_erasures(self) -> None:
        """Add the erasures to the erasure log of the restored system."""
        kept = erasure_list(self.folder.path, os.environ)
        if self.erased.is_file() and self.erased.absolute() != kept:
            lines = [*(kept.read_text().splitlines() if kept.is_file() else []), *self.erased.read_text().splitlines()]
            self.folder.folder("erasures")
            write_private(kept, "".join(f"{line}\n" for line in dict.fromkeys(lines)))


def _lines(manifest: Manifest, done: dict[str, Any]) -> Iterator[str]:
    for name, one in done.items():
        wrong = sum(one["differing"].values())
        ended = ", ".join(f"{count} {what}" for what, count in one["ended"].items() if count)
        yield (
            f"{name}: {one['rows']} rows, epoch {one['epoch'] or 'none yet'}"
            + (f"; removed: {ended}" if ended else "")
            + (f"; {wrong} rows of read models corrected" if wrong else "")
        )
    yield f"As of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC. The next start refills the bus."
    yield "All users must sign in again. Revocations since then are lost: review members and clients."
    for user in manifest.bus_users:
        yield f"{user.user} is gone; create a new one: `tradehall bus-user add --organization {user.organization}`"
