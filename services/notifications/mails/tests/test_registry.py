"""Mails are found by their folders, and contexts that released versions stored still load."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from jinja2 import FileSystemLoader

from contracts.envelope import Envelope
from contracts.identity import UserErased
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.registry import MAILS, found
from notifications.mails.rendering import FOLDER, HTML, TEXT
from notifications.mails.tests.sample_mails import composed, examples, folder
from notifications.outcomes import Undeliverable
from notifications.tests.world import START, Source, World
from testing.clock import Clock

EXAMPLES = [(mail, path) for mail in MAILS.values() for path in examples(mail)]


def test_each_folder_with_a_template_is_a_mail() -> None:
    assert {path.parent for path in FOLDER.glob("*/mail.jinja")} == {folder(mail) for mail in MAILS.values()}


@pytest.mark.parametrize("mail", MAILS.values(), ids=MAILS)
def test_each_mail_has_events_and_a_stored_example(mail: Mail[Any]) -> None:
    assert list(mail.subscriptions(lambda *_: None))
    assert examples(mail)


@pytest.mark.parametrize(("mail", "path"), EXAMPLES, ids=[f"{mail.name}-{path.stem}" for mail, path in EXAMPLES])
def test_a_context_stored_by_a_release_is_composed(mail: Mail[Any], path: Path) -> None:
    stored = json.loads(path.read_text())
    assert composed(mail, stored)[0].subject
    again = mail.context.model_validate(stored).model_dump_json(exclude_none=True)
    assert json.loads(again) == stored, "a release that runs beside this one reads it too"


def test_an_unknown_mail_is_undeliverable(world: World) -> None:
    with pytest.raises(Undeliverable, match="unknown-template"):
        world.mails.context("no-such-mail", {"at": START})


def test_an_incomplete_context_is_undeliverable(world: World) -> None:
    with pytest.raises(Undeliverable, match="incomplete-event"):
        world.mails.context("joined", {"at": START})


_FAREWELL = """
from uuid import UUID

from contracts.identity import UserErased
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail


class Farewell(MailContext):
    user_id: UUID

    async def compose(self, composer):
        return composer.render(await composer.address(self.user_id), erased_at=self.at)


MAIL = Mail("farewell", Farewell)
MAIL.on(UserErased, lambda envelope: Farewell(at=envelope.time, user_id=envelope.data.user_id))
"""
_TEMPLATE = """{% extends "layout.jinja" %}
{% block subject %}Your account was erased{% endblock %}
{% block heading %}Goodbye{% endblock %}
{% block body %}Erased on {{ erased_at | moment }}{% endblock %}
"""


def test_a_mail_is_added_by_its_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added = tmp_path / "more_mails" / "farewell"
    added.mkdir(parents=True)
    for package in (added.parent, added):
        (package / "__init__.py").touch()
    (added / "mail.py").write_text(_FAREWELL)
    (added / "mail.jinja").write_text(_TEMPLATE)
    monkeypatch.syspath_prepend(tmp_path)
    for form in (TEXT, HTML):
        assert isinstance(form.loader, FileSystemLoader)
        monkeypatch.setattr(form.loader, "searchpath", [*form.loader.searchpath, str(added.parent)])
    [mail] = found(added.parent, "more_mails")
    requested: list[MailContext] = []
    erased = Envelope.parse(Source(Clock(START)).says(UserErased(user_id=uuid4())))
    mail.subscriptions(lambda name, cause, context: requested.append(context))[UserErased](erased)
    rendered, _ = composed(mail, requested[0].model_dump())
    assert (rendered.address, rendered.subject) == ("the-address", "Your account was erased")
    assert "Erased on 5 March 2025, 14:07 UTC" in rendered.text
