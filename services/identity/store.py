"""The event store of identity. Use cases work in its transactions."""

from typing import ClassVar

from identity.users.domain import AlreadyErased, EmailTaken
from kit.errors import Refusal
from kit.eventstore.store import Store


class IdentityStore(Store):
    """The users, sessions and clients of one installation."""

    name = "identity"
    refusals: ClassVar[dict[str, type[Refusal]]] = {
        "people_email_hash": EmailTaken,
        "people_alive": AlreadyErased,  # raised by person_must_live
    }
