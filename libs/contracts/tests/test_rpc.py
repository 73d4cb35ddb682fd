"""The table of requests and what its messages show."""

import json
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr, ValidationError

from contracts import rpc
from contracts.permissions import ROLES
from contracts.streams import READS


def test_a_secret_is_visible_only_on_the_wire() -> None:
    reply = rpc.Reply[rpc.MailSecret](ok=rpc.MailSecret(value=SecretStr("river-stone"), email="ann@example.com"))

    assert json.loads(reply.model_dump_json())["ok"]["value"] == "river-stone"
    assert reply.model_dump(mode="json")["ok"]["value"] == "river-stone"
    assert "river-stone" not in f"{reply!r} {reply} {reply.model_dump()}"
    assert rpc.MAIL_SECRET.reply.model_validate_json(reply.model_dump_json()) == reply


def test_a_reply_is_a_refusal_or_an_answer() -> None:
    assert rpc.CLIENT.reply.model_validate_json("{}") == rpc.Reply[rpc.Client]()
    assert rpc.MAIL_SECRET.reply.model_validate_json('{"refused": "already-used"}').refused == "already-used"
    with pytest.raises(ValidationError):
        rpc.Reply[rpc.Operator](ok=rpc.Operator(operator=True), refused="unknown")


def test_an_invalid_reply_is_described_without_its_value() -> None:
    with pytest.raises(ValidationError) as caught:
        rpc.MAIL_SECRET.reply.model_validate({"ok": {"value": "river-stone"}})

    assert "river-stone" not in str(caught.value)


def test_a_membership_gives_the_effective_permissions() -> None:
    membership = rpc.Membership(organization_id=uuid4(), user_id=uuid4(), role="viewer")

    assert membership.effective == ROLES["viewer"]


@pytest.mark.parametrize("each", rpc.RPC.values(), ids=rpc.RPC.keys())
def test_every_subject_names_its_owner_and_only_services_request(each: rpc.Rpc[Any, Any]) -> None:
    assert each.subject.startswith(f"rpc.{each.owner}.")
    assert set(each.askers) <= set(READS) - {each.owner}


def test_only_notifications_requests_secrets_of_mails() -> None:
    assert rpc.MAIL_SECRET.askers == rpc.INVITATION_LINK.askers == ("notifications",)
