"""Puts a mail together when it is sent: looks up who it is for, and claims the secret that it must hold."""

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from urllib.parse import quote
from uuid import UUID

from contracts.rpc import (
    INVITATION_LINK,
    MAIL_SECRET,
    InvitationLink,
    InvitationLinkRequest,
    MailSecret,
    MailSecretRequest,
    Rpc,
)
from kit.messaging.bus import Bus, BusUnavailable
from notifications import contents
from notifications.copies import Copies, Person
from notifications.deliveries import Delivery
from notifications.occasions import Occasion

_PATIENCE = timedelta(minutes=1)
"""How long a mail waits for a name that has not arrived here yet; the order between streams is not given."""
_SOMEBODY = "Somebody"
_SOME_ORGANIZATION = "an organization"
_SOME_DEVICE = "a device that does not say what it is"
_LONGEST_NAME = 120
_JOINERS = "\u200c\u200d"  # parts of words and emoji, invisible but not to be dropped
A = TypeVar("A")


class NotYet(Exception):
    """The mail cannot be put together now; the text is a kebab-case code."""


class NoLonger(Exception):
    """The mail cannot be put together ever; the text is a kebab-case code."""


class Spent(Exception):
    """What the mail is to hold has been used, replaced or taken back; the message is a code."""


@dataclass(frozen=True, repr=False)
class _Subject:
    """What is written about: names that may be shown."""

    organization: str
    other: str


class Composer:
    """`public_url` begins every link."""

    def __init__(self, bus: Bus, copies: Copies, public_url: str, clock: Callable[[], datetime]) -> None:
        self._bus = bus
        self._copies = copies
        self._public_url = public_url
        self._clock = clock
        self._claimed: dict[str, Callable[[Occasion, _Subject], Awaitable[contents.Content]]] = {
            "registration": self._registration,
            "password-reset": self._password_reset,
            "invitation": self._invitation,
        }

    async def compose(self, delivery: Delivery) -> contents.Content:
        """The mail's content and address. Raises NotYet, NoLonger, Spent, BusUnavailable, OperationalError."""
        subject = await asyncio.to_thread(self._subject, delivery.occasion)
        claim = self._claimed.get(delivery.template)
        if claim is not None:
            return await claim(delivery.occasion, subject)
        address = await asyncio.to_thread(self._address, delivery.occasion)
        return self._plain(delivery, subject, address)

    async def _registration(self, occasion: Occasion, _: _Subject) -> contents.Content:
        secret = await self._mail_secret("one-time-password", occasion)
        return contents.Registration(
            address=secret.email,
            public_url=self._public_url,
            password=secret.value.get_secret_value(),
            expires_at=_given(occasion.expires_at),
            sign_in_url=self._link("/login"),
        )

    async def _password_reset(self, occasion: Occasion, _: _Subject) -> contents.Content:
        secret = await self._mail_secret("password-reset", occasion)
        return contents.PasswordReset(
            address=secret.email,
            public_url=self._public_url,
            reset_url=self._link("/password/reset/", secret.value.get_secret_value()),
            expires_at=_given(occasion.expires_at),
        )

    async def _invitation(self, occasion: Occasion, subject: _Subject) -> contents.Content:
        question = InvitationLinkRequest(
            invitation_id=_given(occasion.invitation_id), generation=_given(occasion.generation)
        )
        link: InvitationLink = await self._claim(INVITATION_LINK, question)
        return contents.Invitation(
            address=link.email,
            public_url=self._public_url,
            organization=subject.organization,
            invited_by=subject.other,
            invitation_url=self._link("/invitations/", link.token.get_secret_value()),
            expires_at=_given(occasion.expires_at),
        )

    async def _mail_secret(
        self, purpose: Literal["one-time-password", "password-reset"], occasion: Occasion
    ) -> MailSecret:
        question = MailSecretRequest(
            purpose=purpose, user_id=_given(occasion.user_id), generation=_given(occasion.generation)
        )
        return await self._claim(MAIL_SECRET, question)

    async def _claim(self, rpc: Rpc[Any, A], question: Any) -> A:
        try:
            reply = await self._bus.ask(rpc.subject, question, rpc.reply)
        except BusUnavailable as error:
            raise NotYet(error.code) from error
        if reply.ok is None:
            raise Spent(reply.refused or "no-longer-due")
        return reply.ok

    def _plain(self, delivery: Delivery, subject: _Subject, address: str) -> contents.Content:
        """The mails that hold nothing to be claimed."""
        occasion = delivery.occasion
        common: Any = {"address": address, "public_url": self._public_url}
        organization: Any = {"organization": subject.organization}
        match delivery.template:
            case "registration-known":
                return contents.RegistrationKnown(
                    **common, sign_in_url=self._link("/login"), forgot_url=self._link("/password/forgot")
                )
            case "password-changed":
                return contents.PasswordChanged(
                    **common, changed_at=occasion.at, forgot_url=self._link("/password/forgot")
                )
            case "new-device":
                return contents.NewDevice(
                    **common,
                    signed_in_at=occasion.at,
                    device=shown(occasion.device or _SOME_DEVICE),
                    network_address=occasion.network_address or "unknown",
                    forgot_url=self._link("/password/forgot"),
                )
            case "joined":
                return contents.Joined(**common, **organization, sign_in_url=self._link("/login"))
            case "member-joined":
                return contents.MemberJoined(**common, **organization, member=subject.other)
            case "removed":
                return contents.Removed(**common, **organization, removed_at=occasion.at)
            case "client-created":
                return contents.ClientCreated(**common, **organization, **_client(occasion), created_at=occasion.at)
            case "secret-issued":
                return contents.SecretIssued(
                    **common,
                    **organization,
                    **_client(occasion),
                    secret_name=shown(_given(occasion.secret_name)),
                    issued_at=occasion.at,
                    expires_at=occasion.secret_expires_at,
                )
            case "secret-expiring":
                return contents.SecretExpiring(
                    **common,
                    **organization,
                    **_client(occasion),
                    secret_name=shown(_given(occasion.secret_name)),
                    expires_at=_given(occasion.secret_expires_at),
                )
        raise NoLonger("unknown-template")

    def _subject(self, occasion: Occasion) -> _Subject:
        return _Subject(
            self._organization(occasion) if occasion.organization_id else "",
            self._name(occasion, occasion.other_id) if occasion.other_id else "",
        )

    def _organization(self, occasion: Occasion) -> str:
        name = self._copies.organization(_given(occasion.organization_id)) or occasion.organization_name
        if name is None and self._is_patient(occasion):
            raise NotYet("organization-not-known-yet")
        return shown(name or _SOME_ORGANIZATION)

    def _name(self, occasion: Occasion, user_id: UUID) -> str:
        """A person's name, or the address of who has none."""
        person = self._copies.person(user_id)
        if person is None and self._is_patient(occasion):
            raise NotYet("person-not-known-yet")
        return shown(_name_of(person) or _SOMEBODY)

    def _address(self, occasion: Occasion) -> str:
        person = self._copies.person(_given(occasion.user_id))
        if person is None:
            raise NotYet("recipient-not-known-yet")
        if person.email is None:
            raise NoLonger("recipient-erased")
        return person.email

    def _is_patient(self, occasion: Occasion) -> bool:
        return self._clock() < occasion.at + _PATIENCE

    def _link(self, path: str, token: str = "") -> str:
        return f"{self._public_url}{path}{quote(token, safe='')}"


def shown(name: str) -> str:
    """A name as mails show it: on one line, nothing invisible, no web address to click, not endless."""
    kept = "".join(each for each in unicodedata.normalize("NFC", name) if _is_visible(each))
    line = " ".join(kept.replace("://", " ").split())
    return line if len(line) <= _LONGEST_NAME else f"{line[: _LONGEST_NAME - 1]}…"


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return character.isspace() or character in _JOINERS or category not in ("Cc", "Cf", "Cs", "Co")


def _name_of(person: Person | None) -> str | None:
    return (person.name or person.email) if person else None


def _client(occasion: Occasion) -> dict[str, str]:
    return {"client_name": shown(_given(occasion.client_name)), "client_id": _given(occasion.client_id)}


def _given(value: A | None) -> A:
    """What every event that leads to this mail holds."""
    if value is None:
        raise NoLonger("incomplete-event")
    return value
