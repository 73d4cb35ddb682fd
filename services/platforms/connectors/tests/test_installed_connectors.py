"""Requirements on every connector: a complete form, and a check that passes against its simulator."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from platforms import connectors
from platforms.connections.connector import Connector
from platforms.connections.form_fields import fields_of
from platforms.connectors import Connectors, installed
from platforms.connectors.tests.simulated import must_be_checked_and_read
from platforms.tests.running_service import RunningPlatforms

CONNECTORS = pytest.mark.parametrize("connector", installed().all, ids=lambda one: one.name)
SIMULATED = [one for one in installed().all if one.simulator is not None]


def test_all_connectors_are_found() -> None:
    files = Path(connectors.__file__).parent.glob("*/__init__.py")
    folders = {file.parent.name for file in files if re.search(r"^CONNECTOR\b", file.read_text(), re.MULTILINE)}
    assert {"mt4_web", "mt5_webapi"} <= folders
    expected = {import_module(f"{connectors.__name__}.{folder}").CONNECTOR.name for folder in folders}
    assert sorted(one.name for one in installed().all) == sorted(expected)


def test_the_usual_choice_comes_first() -> None:
    assert installed().apis("mt5")[:2] == ("none", "mt5-webapi")
    assert installed().apis("mt4")[:2] == ("none", "mt4-web")
    for kind in installed().kinds:
        ranks = [one.rank for one in installed().of_target("api") if one.kind == kind]
        assert ranks == sorted(ranks)
    assert {"mt4", "mt5"} <= set(installed().kinds)


@pytest.mark.parametrize("name", ["mt5-webapi", "mt5-tables"])
def test_two_connectors_in_one_place_are_an_error(name: str) -> None:
    (twice,) = (one for one in installed().all if one.name == name)
    with pytest.raises(TypeError):
        Connectors([twice, twice])


@CONNECTORS
def test_every_field_has_a_label_and_a_help_text(connector: Connector) -> None:
    fields = fields_of(connector)
    assert [field.name for field in fields if field.type == "password"] == ["password"]
    for field in fields:
        assert field.label != field.name
        assert field.help
        assert bool(field.choices) == (field.type == "choice")


@pytest.mark.parametrize("connector", SIMULATED, ids=lambda one: one.name)
def test_every_simulator_is_checked_and_read_by_http(running: RunningPlatforms, connector: Connector) -> None:
    must_be_checked_and_read(connector, running.member())
