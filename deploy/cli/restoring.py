"""`tradehall restore`: databases from a backup, in a new epoch, with nobody signed in and the erased forgotten.

Everything is made beside what is there, which is replaced last and at once.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli.asking import Json, at_once, progress, said, stop, tell
from deploy.cli.loading import load, verify_counts
from deploy.cli.manifest import BadBackup, Manifest, master_keys, read, verify_files
from deploy.cli.master_keys import keep_master_keys
from deploy.cli.restoring_containers import restored_in_containers
from deploy.cli.running import NotRunning, Running
from deploy.local.bus import BusUsers
from deploy.local.folder import VarFolder, postgres_in
from deploy.local.services import erasure_list
from deploy.local.settings import RunnerSettings
from deploy.secret_files import write_private
from embedded import EmbeddedError, Postgres

_BESIDE = "_restored"


def restore(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="A folder that `tradehall backup` wrote.")],
    keys: Annotated[
        Path | None,
        typer.Option("--master-keys", help="Where the copies of the *-master-key files are; asked for if not given."),
    ] = None,
    erased: Annotated[
        Path | None, typer.Option("--erasure-list", help="Who was erased, also after the backup was made.")
    ] = None,
    nobody_erased: Annotated[
        bool, typer.Option("--nobody-erased", help="There is no such list, since nobody ever was erased.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the backup in the place of the data that are there.")
    ] = False,
    check_only: Annotated[
        bool, typer.Option("--check-only", help="Check the files and the master keys, and change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a backup into TRADEHALL_VAR, by default var/, where nothing may run meanwhile."""
    var = RunnerSettings.from_environment(os.environ).var
    manifest = read(backup)
    texts = master_keys(keys or _asked_for(), manifest)
    listed = _erasures(erased or erasure_list(var, os.environ), nobody_erased)
    with progress() as bar:
        task = bar.add_task("Verifying the files", total=manifest.bytes)
        verify_files(backup, manifest, lambda read_now: bar.advance(task, read_now))
    if check_only:
        sound = f"{backup} is whole, and the master keys open it."
        tell(as_json, {"backup": str(backup), "sound": True}, [sound])
        return
    if running := _containers():
        told = restored_in_containers(running, backup, manifest, texts, listed)
        tell(as_json, {"services": told}, _lines(manifest, told))
        return
    try:
        with _servers(var) as (folder, postgres):
            _refuse_to_overwrite(postgres, manifest, replace)
            told = Restore(backup, manifest, texts, listed, folder, postgres).run()
    except EmbeddedError as error:
        raise NotRunning(str(error)) from error
    tell(as_json, {"var": str(var), "services": told}, _lines(manifest, told))


def _asked_for() -> Path:
    """Beside the answer, which may be JSON."""
    return Path(typer.prompt("Folder with the copies of the master keys", err=True))


def _containers() -> Running | None:
    """The containers that this program is among, if it is."""
    return Running.found() if "TRADEHALL_CONTAINED" in os.environ else None


def _erasures(path: Path, nobody: bool) -> Path:
    if not nobody and not path.is_file():
        raise BadBackup(f"{path} does not exist: name the list of the erased by --erasure-list, or say --nobody-erased")
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
        stop(f"There are data of {', '.join(holding)}: nothing was changed. To replace them, say --replace.")


@dataclass(frozen=True)
class Restore:
    """One restore, once all that can be checked beforehand has been. `texts` are the master keys by service."""

    backup: Path
    manifest: Manifest
    texts: Mapping[str, str]
    erased: Path
    folder: VarFolder
    postgres: Postgres

    def run(self) -> dict[str, Any]:
        """What was done, by service."""
        for service in self.manifest.services:  # before several need them at a time
            self.folder.secrets.secret(f"{service}-nats")
        self.folder.secrets.secret("portal-client")
        try:
            told = at_once(self.manifest.services, "Restoring", self._beside)
        except BaseException:
            for service in self.manifest.services:
                self._drop_beside(service)
            raise
        self._replace()
        return told

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
        return {"rows": sum(part.tables.values()), **self._made_fit(name, dsn)}

    def _drop_beside(self, name: str) -> None:
        self.postgres.run_sql(f"DROP DATABASE IF EXISTS {name}{_BESIDE} WITH (FORCE)")

    def _dsn(self, name: str) -> str:
        password = self.folder.secrets.secret(f"{name}-postgres")
        return f"postgresql://{name}:{password}@127.0.0.1:{self.postgres.port}/{name}{_BESIDE}"

    def _made_fit(self, name: str, dsn: str) -> dict[str, Any]:
        """Have the service itself begin the new epoch, end what must not go on, and forget the erased."""
        secrets = self.folder.secrets
        files = {
            "TRADEHALL_POSTGRES_DSN_FILE": secrets.write(f"{name}-dsn{_BESIDE}", dsn),
            "TRADEHALL_MASTER_KEY_FILE": secrets.write(f"{name}-master-key{_BESIDE}", self.texts[name]),
        }
        try:
            places = {variable: str(path) for variable, path in files.items()}
            running = Running.stopped(self.folder.path)
            told: dict[str, Any] = said(running.ask(name, "restored", "--erasure-list", str(self.erased), **places))
        finally:
            for path in files.values():
                path.unlink()
        return told

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
        """Who was erased stays on the list that the restored system goes on with."""
        kept = erasure_list(self.folder.path, os.environ)
        if self.erased.is_file() and self.erased.absolute() != kept:
            lines = [*(kept.read_text().splitlines() if kept.is_file() else []), *self.erased.read_text().splitlines()]
            self.folder.folder("erasures")
            write_private(kept, "".join(f"{line}\n" for line in dict.fromkeys(lines)))


def _lines(manifest: Manifest, told: dict[str, Any]) -> Iterator[str]:
    for name, one in told.items():
        wrong = sum(one["differing"].values())
        ended = ", ".join(f"{count} {what}" for what, count in one["ended"].items() if count)
        yield (
            f"{name}: {one['rows']} rows, epoch {one['epoch'] or 'none yet'}"
            + (f"; ended: {ended}" if ended else "")
            + (f"; {wrong} rows of read models put right" if wrong else "")
        )
    yield f"As of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC. At its start the bus is filled from the databases."
    yield "Everybody signs in again. What was withdrawn since then is good again: look through members and clients."
    for user in manifest.bus_users:
        yield f"{user.user} is shut out: `tradehall bus-user add --organization {user.organization}`"
