"""What a mail looks up when it is sent, for how long it is worth sending, and which events request it."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from pydantic import Field, SecretStr, ValidationError

from contracts.identity import UserErased, UserRenamed
from contracts.rpc import INVITATION_LINK, InvitationLink, InvitationLinkRequest, Reply
from kit.messaging.bus import Bus, BusUnavailable
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.rendering import RenderedMail
from notifications.outcomes import AttemptEnded, RetryLater, SecretUnavailable, Undeliverable
from notifications.recipients.service import Recipients, User

ADA, NOBODY, HALL = UUID(int=1), UUID(int=2), UUID(int=3)
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Plain(MailContext):
    async def compose(self, composer: Composer) -> RenderedMail:
        raise AssertionError


@pytest.mark.parametrize(
    ("expires", "last"),
    [
        (None, timedelta(hours=24)),
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(hours=24, seconds=1), timedelta(hours=24)),
    ],
)
def test_a_mail_is_sent_within_a_day_and_while_its_secret_is_valid(expires: timedelta | None, last: timedelta) -> None:
    assert Plain(at=AT, expires_at=AT + expires if expires else None).send_before == AT + last


def test_a_context_that_another_release_stored_is_read_past_what_is_new() -> None:
    assert Plain.model_validate_json(Plain(at=AT, user_id=ADA).model_dump_json().replace("}", ',"added":1}')) == Plain(
        at=AT, user_id=ADA
    )


class Renamed(Plain):
    inviter: UUID = Field(alias="other_id")


def test_a_renamed_field_is_stored_under_its_first_name() -> None:
    context = Renamed(at=AT, inviter=ADA)
    stored = json.loads(context.model_dump_json())
    assert (stored["other_id"], "inviter" in stored) == (str(ADA), False)
    assert Renamed.model_validate(stored) == context


def test_a_context_that_composes_nothing_is_none() -> None:
    with pytest.raises(TypeError, match="compose"):
        MailContext(at=AT)  # type: ignore[abstract]


def test_a_context_is_not_changed_and_its_faults_show_no_values() -> None:
    with pytest.raises(ValidationError):
        setattr(Plain(at=AT), "user_id", ADA)  # noqa: B010 - the type checker refuses the assignment, too
    with pytest.raises(ValidationError) as caught:
        Plain.model_validate({"at": "a secret"})
    assert "a secret" not in str(caught.value)


@dataclass
class Known:
    """In the place of the replica of users and organizations."""

    users: dict[UUID, User] = field(default_factory=dict)
    names: dict[UUID, str] = field(default_factory=dict)

    def user(self, user_id: UUID) -> User | None:
        return self.users.get(user_id)

    def organization_name(self, organization_id: UUID) -> str | None:
        return self.names.get(organization_id)


def composer(known: Known | None = None, bus: Any = None, *, patient: bool = True) -> Composer:
    recipients = cast(Recipients, known or Known())
    return Composer("joined", cast(Bus, bus), recipients, "https://hall.example", lambda: patient)


def known(email: str | None = "ada@mail.example", name: str | None = "Ada") -> Known:
    return Known({ADA: User(email, name, erased=email is None)}, {HALL: "Acme"})


def ends(awaitable: Any, kind: type[AttemptEnded]) -> str:
    with pytest.raises(kind) as caught:
        asyncio.run(awaitable)
    return caught.value.reason


def test_the_address_is_waited_for_and_gone_with_the_user() -> None:
    assert asyncio.run(composer(known()).address(ADA)) == "ada@mail.example"
    assert ends(composer(patient=False).address(NOBODY), RetryLater) == "recipient-not-known-yet"
    assert ends(composer(known(None, None)).address(ADA), Undeliverable) == "recipient-erased"


@pytest.mark.parametrize(
    ("held", "shown"),
    [
        (known(), "Ada"),
        (known(name=None), "ada@mail.example"),
        (known(None, None), "Somebody"),
        (known(name="Ada\r\nhttps://evil.example"), "Ada https evil.example"),
    ],
)
def test_a_user_is_called_by_name_or_else_by_address(held: Known, shown: str) -> None:
    assert asyncio.run(composer(held).user_name(ADA)) == shown


def test_a_name_that_has_not_arrived_is_waited_for_and_then_done_without() -> None:
    assert ends(composer().user_name(NOBODY), RetryLater) == "person-not-known-yet"
    assert ends(composer().organization_name(HALL), RetryLater) == "organization-not-known-yet"
    assert asyncio.run(composer(patient=False).user_name(NOBODY)) == "Somebody"
    assert asyncio.run(composer(patient=False).organization_name(HALL)) == "an organization"


def test_an_organization_has_its_present_name_or_else_that_of_the_event() -> None:
    assert asyncio.run(composer(known()).organization_name(HALL, "Before")) == "Acme"
    assert asyncio.run(composer().organization_name(HALL, "Be\u200bfore")) == "Before"


@dataclass
class Answering:
    """In the place of a bus: gives this answer to the request for an invitation's link."""

    answer: Reply[InvitationLink] | BusUnavailable

    async def ask(self, subject: str, question: Any, reply: Any) -> Reply[InvitationLink]:
        assert (subject, reply) == (INVITATION_LINK.subject, INVITATION_LINK.reply)
        if isinstance(self.answer, BusUnavailable):
            raise self.answer
        return self.answer


REQUEST = InvitationLinkRequest(invitation_id=UUID(int=9), generation=1)


def test_a_secret_is_claimed_from_the_service_that_owns_it() -> None:
    link = InvitationLink(email="bob@mail.example", token=SecretStr("t"))
    given = Answering(INVITATION_LINK.reply(ok=link))
    assert asyncio.run(composer(bus=given).claim(INVITATION_LINK, REQUEST)) == link


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (INVITATION_LINK.reply(refused="revoked"), SecretUnavailable, "revoked"),
        (INVITATION_LINK.reply(), SecretUnavailable, "no-longer-due"),
        (BusUnavailable(), RetryLater, BusUnavailable.code),
    ],
)
def test_a_secret_that_is_not_given_ends_the_attempt(answer: Any, kind: type[AttemptEnded], reason: str) -> None:
    assert ends(composer(bus=Answering(answer)).claim(INVITATION_LINK, REQUEST), kind) == reason


def test_a_token_is_a_part_of_a_link_whatever_it_holds() -> None:
    assert composer().link("/invitations/", "a/b?c") == "https://hall.example/invitations/a%2Fb%3Fc"
    assert composer().link("/login") == "https://hall.example/login"


def test_a_mail_is_requested_by_its_events_unless_none_is_due() -> None:
    requested: list[tuple[str, str, MailContext]] = []
    mail = Mail("plain", Plain)
    mail.on(UserRenamed, lambda envelope: Plain(at=AT, user_id=envelope.data.user_id))
    mail.on(UserErased, lambda _: None)
    table = mail.subscriptions(lambda *request: requested.append(request))
    for event in (UserRenamed, UserErased):
        table[event](cast(Any, SimpleNamespace(id="identity-1-7", data=SimpleNamespace(user_id=ADA))))
    assert (mail.name, mail.context) == ("plain", Plain)
    assert requested == [("plain", "identity-1-7", Plain(at=AT, user_id=ADA))]
