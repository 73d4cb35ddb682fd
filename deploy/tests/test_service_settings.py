"""Every way of running sets what the services' Settings classes define: no more, and all that is required."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.cli.running import Running
from deploy.images.secrets import make
from deploy.local.folder import VarFolder
from deploy.local.services import Service, ServiceEnvironment
from deploy.local.settings import ROOT
from deploy.service_settings import ON_THE_BUS, SERVICES, SETTINGS, is_known, secrets_of
from deploy.settings_table import table

COMPOSITION: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
ONLY_FOR_THE_OPERATORS_PROGRAM = {"TRADEHALL_CONTAINED", "TRADEHALL_ERASURE_LIST"}


def required(service: str) -> set[str]:
    """The variables of settings without a default, and of the public address, which needs one of two."""
    return {name for name, field in SETTINGS[service].variables().items() if field.is_required()}


def ours(environment: dict[str, str]) -> set[str]:
    return {name for name in environment if name.startswith("TRADEHALL_")}


def assert_sets_what_is_defined(service: str, environment: dict[str, str]) -> None:
    assert [name for name in ours(environment) if not is_known(service, name)] == []
    assert required(service) <= {name.removesuffix("_FILE") for name in ours(environment)}


@pytest.mark.parametrize("service", SERVICES)
def test_docker_compose_sets_the_settings_of_every_service(service: str) -> None:
    part = COMPOSITION["services"][service]
    assert_sets_what_is_defined(service, part["environment"])
    files = {name: value for name, value in part["environment"].items() if name.endswith("_FILE")}
    assert {name: f"/run/secrets/{file}" for name, file in secrets_of(service).items()}.items() <= files.items()
    assert {path.removeprefix("/run/secrets/") for path in files.values()} == set(part["secrets"])


def test_the_operator_container_gets_all_secrets() -> None:
    part = COMPOSITION["services"]["tradehall"]
    assert {file for service in SERVICES for file in secrets_of(service).values()} <= set(part["secrets"])
    unknown = {name for name in ours(part["environment"]) if not any(is_known(service, name) for service in SERVICES)}
    assert unknown <= ONLY_FOR_THE_OPERATORS_PROGRAM


@pytest.mark.parametrize("service", SERVICES)
def test_the_runner_sets_the_settings_of_every_service(service: str, tmp_path: Path) -> None:
    around = ServiceEnvironment(
        "nats://127.0.0.1:1", "http://localhost:1", "http://127.0.0.1:1", 25, {"TRADEHALL_ODD": "x"}
    )
    process = Service(service, VarFolder(tmp_path)).process("postgresql://here/", around)
    assert_sets_what_is_defined(service, dict(process.program.environment))
    SETTINGS[service].load(process.program.environment)


@pytest.mark.parametrize("service", SERVICES)
def test_the_command_line_sets_the_settings_of_every_service(service: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    make(tmp_path)
    running = Running.in_containers(tmp_path, {"TRADEHALL_GATEWAY_PORT": "8080"})
    assert_sets_what_is_defined(service, running.settings(service))
    SETTINGS[service].load(running.settings(service))


def test_all_services_but_the_portal_are_on_the_bus() -> None:
    assert tuple(service for service in SERVICES if service != "portal") == ON_THE_BUS


def test_every_setting_is_in_the_table_with_a_description() -> None:
    lines = [line.split(" | ") for line in table().splitlines() if line.startswith("| `")]
    assert len(lines) == len({name for settings in SETTINGS.values() for name in settings.variables()})
    assert (ROOT / "docs" / "operations" / "settings.md").read_text() == table(), "python -m deploy.settings_table"
    assert [line[0] for line in lines if not line[3].removesuffix(" |").strip()] == []
