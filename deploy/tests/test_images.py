"""Inputs of the containers: secrets, and the gateway's configuration."""

import json
import re
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.nats_config import Subscriber
from deploy.cli.running import Running
from deploy.images import SERVICE_PORT, gateway, master_keys
from deploy.images.secrets import FolderIsOpen, make
from deploy.local.bus import BusUsers
from deploy.local.settings import ROOT
from deploy.service_settings import SERVICES
from embedded.binaries import caddy, nats_server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "secrets"
    made.mkdir(0o700)
    make(made)
    return made


def _contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_docker_compose_names_every_generated_secret(folder: Path) -> None:
    named = re.findall(r"^  ([\w.-]+): \{file: ", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(set(_contents(folder)) - {"observer-nats"}), "the observer is a person's"


def test_secrets_are_generated_once(folder: Path) -> None:
    before = _contents(folder)
    make(folder)
    assert _contents(folder) == before
    assert len(set(before.values())) == len(before), "no two are alike"


def test_a_lost_secret_and_its_dependents_are_generated_again(folder: Path) -> None:
    before = _contents(folder)
    (folder / "portal-postgres").unlink()
    make(folder)
    after = _contents(folder)
    assert {name for name in after if after[name] != before[name]} == {"portal-postgres", "portal-dsn"}


def test_a_folder_open_to_others_gets_no_secrets(tmp_path: Path) -> None:
    open_folder = tmp_path / "secrets"
    open_folder.mkdir(0o755)
    with pytest.raises(FolderIsOpen, match="chmod 700"):
        make(open_folder)
    assert not list(open_folder.iterdir())


def test_secrets_are_readable_in_containers_and_not_writable(folder: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}


def test_the_bus_accepts_its_configuration(folder: Path) -> None:
    subprocess.run([nats_server(), "-t", "--config", folder / "nats.conf"], check=True, capture_output=True)


def test_the_configuration_contains_a_subscriber_until_it_is_deleted(folder: Path) -> None:
    users, reader = BusUsers.of_containers(folder), Subscriber("reader-1", uuid4())
    users.add(reader, "its password")
    make(folder)
    text = (folder / "nats.conf").read_text()
    assert '"its password"' in text
    assert str(reader.organization) in text
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}
    users.remove(reader.name)
    make(folder)
    assert reader.name not in (folder / "nats.conf").read_text()


def test_a_new_master_key_is_first_until_the_old_one_is_retired(folder: Path) -> None:
    file = folder / "identity-master-key"
    old = file.read_text()
    master_keys.main("begin", folder, "identity")
    master_keys.main("begin", folder, "identity")  # as after an interruption
    new, kept = file.read_text().splitlines()
    assert f"{kept}\n" == old != f"{new}\n"
    master_keys.main("end", folder, "identity")
    assert file.read_text() == f"{new}\n"
    assert (folder / "identity-master-keys-retired").read_text() == old
    assert file.stat().st_mode & 0o777 == 0o444


def test_an_unknown_service_has_no_master_key(folder: Path) -> None:
    with pytest.raises(SystemExit, match="give SERVICE=NAME, one of identity"):
        master_keys.main("begin", folder, "")


def test_the_operator_container_finds_services_by_name(folder: Path) -> None:
    running = Running.in_containers(folder, {"TRADEHALL_GATEWAY_PORT": "8081"})
    assert running.address("identity") == f"identity:{SERVICE_PORT}"
    assert running.settings("identity")["TRADEHALL_PUBLIC_URL"] == "http://localhost:8081"
    files = [value for name in SERVICES for key, value in running.settings(name).items() if key.endswith("_FILE")]
    assert all(Path(file).is_file() for file in files)
    assert running.secret("maintainer-nats") == (folder / "maintainer-nats").read_text()


def test_the_gateways_configuration_is_valid_and_has_every_service(tmp_path: Path) -> None:
    gateway.main(tmp_path / "gateway")
    text = (tmp_path / "gateway" / "Caddyfile").read_text()
    assert all(f"import ready {service} {service}:8000" in text for service in SERVICES)
    adapt: list[str | Path] = [
        caddy(),
        "adapt",
        "--adapter",
        "caddyfile",
        "--config",
        tmp_path / "gateway" / "Caddyfile",
    ]
    subprocess.run(adapt, check=True, capture_output=True)
    assert (tmp_path / "gateway" / "openapi.json").exists()


def test_every_service_has_a_database_and_is_in_the_composition() -> None:
    script = (ROOT / "deploy" / "postgres" / "databases.sh").read_text()
    assert f"for service in {' '.join(SERVICES)}; do" in script
    composition = (ROOT / "docker-compose.yml").read_text()
    assert all(f"\n  {service}:\n    <<: *service\n    command: [{service}]\n" in composition for service in SERVICES)


def test_prometheus_scrapes_every_service() -> None:
    targets = json.loads((ROOT / "deploy" / "prometheus" / "containers.json").read_text())
    assert targets == [{"targets": [f"{name}:{SERVICE_PORT}"], "labels": {"service": name}} for name in SERVICES]
