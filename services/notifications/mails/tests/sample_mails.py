"""Mails composed from stored contexts without other services, with values that can be recognized."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

from contracts.event import Message
from contracts.rpc import Rpc
from kit.messaging.bus import Bus
from notifications.mails.composer import Composer
from notifications.mails.definition import Mail
from notifications.mails.registry import MAILS
from notifications.mails.rendering import FOLDER, RenderedMail
from notifications.recipients.service import Recipients
from notifications.tests.world import PUBLIC_URL

Q = TypeVar("Q", bound=Message)
A = TypeVar("A")


def folder(mail: Mail[Any]) -> Path:
    """The mail's folder."""
    return FOLDER / mail.name.replace("-", "_")


def examples(mail: Mail[Any]) -> list[Path]:
    """Contexts as released versions stored them."""
    return sorted((folder(mail) / "examples").glob("*.json"))


@dataclass(frozen=True)
class SampleComposer(Composer):
    """Answers what a mail looks up and claims, and keeps what its template was given."""

    values: dict[str, Any] = field(default_factory=dict)

    def render(self, address: str, **values: object) -> RenderedMail:
        self.values.update(values, address=address, public_url=self.public_url)
        return super().render(address, **values)

    async def address(self, user_id: UUID) -> str:
        return "the-address"

    async def user_name(self, user_id: UUID) -> str:
        return "the-user"

    async def organization_name(self, organization_id: UUID, otherwise: str | None = None) -> str:
        return "the-organization"

    async def claim(self, rpc: Rpc[Q, A], request: Q) -> A:
        reply = rpc.reply.model_validate({"ok": {"email": "the-address", "value": "the-value", "token": "the-token"}})
        assert reply.ok is not None
        return reply.ok


def composed(mail: Mail[Any], stored: Mapping[str, Any]) -> tuple[RenderedMail, dict[str, Any]]:
    """The mail from a stored context, and what its template was given."""
    composer = SampleComposer(mail.name, cast(Bus, None), cast(Recipients, None), PUBLIC_URL, lambda: False)
    context = mail.context.model_validate(stored)
    return asyncio.run(context.compose(composer)), composer.values


def sample(name: str, **changes: Any) -> tuple[RenderedMail, dict[str, Any]]:
    """The mail from its first stored example, with changes."""
    mail = MAILS[name]
    stored = json.loads(examples(mail)[0].read_text())
    return composed(mail, stored | changes)
