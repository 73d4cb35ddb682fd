"""`tradehall restore` in a container: into the empty databases of new volumes, while nothing but PostgreSQL runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from deploy.cli.loading import load, verify_counts
from deploy.cli.manifest import BadBackup, Manifest
from deploy.cli.output import ask, at_once
from deploy.cli.running import NotRunning, Running
from runtime.actions.personal_data import POST_RESTORE


def restored_in_containers(
    running: Running, backup: Path, manifest: Manifest, texts: Mapping[str, str], erased: Path
) -> dict[str, Any]:
    """What was done, by service; `texts` are the master keys that the backup needs. Raises NotRunning."""
    for name in manifest.services:
        _refuse_without_keys(running, name, texts[name])
        _refuse_data(name, running.facts["postgres_dsn"][name])

    def one(name: str) -> dict[str, Any]:
        part, dsn = manifest.services[name], running.facts["postgres_dsn"][name]
        load(backup / part.file, dsn)
        verify_counts(name, part, dsn)
        done = ask(running, name, POST_RESTORE, erased)
        return {"rows": sum(part.tables.values()), **done.as_json()}

    return at_once(manifest.services, "Restoring", one)


def _refuse_without_keys(running: Running, service: str, needed: str) -> None:
    file = f"{service}-master-key"
    if absent := set(needed.split()) - set(running.secret(file).split()):
        names = ", ".join(line.partition(":")[0] for line in absent)
        raise BadBackup(f"wrong master key: put {names} into secrets/{file}, a line each, the one in use first")


def _refuse_data(service: str, dsn: str) -> None:
    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            found = connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = current_schema() LIMIT 1").fetchone()
    except psycopg.OperationalError as error:
        raise NotRunning(f"the database of {service} is out of reach: start postgres alone ({error})") from None
    if found:
        raise NotRunning(f"There are data of {service}: nothing was changed. Restore into new volumes.")
