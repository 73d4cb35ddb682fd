"""Erasure as an operator orders it: checked with organizations, logged, and waited for on the stream."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from contracts import rpc
from contracts.email import InvalidEmail
from identity.erasure.report import ErasureReport
from identity.erasure.service import Erased, Erasure
from identity.users.service import Users
from identity.users.views import UserAccount
from kit.errors import Conflict, Invalid, Refusal
from kit.messaging.bus import Bus, BusUnavailable
from privacy.erasure_log import ErasureLog

_OVERWRITTEN = 30.0  # seconds that the running service has to overwrite the messages


class OnlyAdministrator(Conflict):
    code = "only-administrator"
    title = "Others would be left without an administrator"


class NoErasureLog(Refusal):
    code = "no-erasure-list"
    title = "Set TRADEHALL_ERASURE_LIST to a file outside the database and its backups; a restore needs it"


class CheckedErasure:
    """On a connected bus. `file` is that of the erasure log, None if it is not set; `clock` returns the time in UTC."""

    def __init__(
        self, erasure: Erasure, users: Users, bus: Bus, file: Path | None, clock: Callable[[], datetime]
    ) -> None:
        self._erasure = erasure
        self._users = users
        self._bus = bus
        self._file = file
        self._clock = clock

    def find(self, address_or_id: str, *, to_erase: bool = False) -> UserAccount:
        """The user with this id or address. Raises UnknownUser, AlreadyErased, Invalid; with `to_erase` also
        OnlyAdministrator and BusUnavailable."""
        user = self._users.find(self._found(address_or_id))
        if to_erase:
            self._refuse_only_administrator(user.id)
        return user

    def erase(self, address_or_id: str) -> ErasureReport:
        """Erase the user with this id or address, and wait for the running service to overwrite the messages.

        Raises UnknownUser, AlreadyErased, Invalid, OnlyAdministrator, NoErasureLog, BusUnavailable, OSError.
        """
        if self._file is None:
            raise NoErasureLog
        log = ErasureLog(self._file)
        user_id = self._found(address_or_id)
        self._refuse_only_administrator(user_id)
        log.add(user_id, self._clock())
        erased = self._erasure.erase(user_id)
        waiting = self._still_waiting(erased)
        return ErasureReport(
            user_id=user_id,
            rows=dict(erased.rows),
            overwritten=len(erased.subjects) - waiting,
            waiting=waiting,
            erasure_list=str(log.path),
        )

    def _found(self, address_or_id: str) -> UUID:
        try:
            return self._erasure.find(address_or_id)
        except InvalidEmail as error:
            raise Invalid("who", str(error)) from None

    def _refuse_only_administrator(self, user_id: UUID) -> None:
        question = rpc.SoleAdministratorRequest(user_id=user_id)
        reply = self._bus.ask_from_thread(rpc.SOLE_ADMINISTRATOR.subject, question, rpc.SOLE_ADMINISTRATOR.reply)
        if reply.ok is None:
            raise BusUnavailable(f"organizations refused to say who is needed: {reply.refused}")
        if needing := reply.ok.organizations:
            names = ", ".join(f'"{one.name}" ({one.organization_id})' for one in needing)
            raise OnlyAdministrator(f"Make another member administrator first, or delete the organization: {names}.")

    def _still_waiting(self, erased: Erased) -> int:
        """How many subjects are not overwritten in time."""
        until = time.monotonic() + _OVERWRITTEN
        while (waiting := self._erasure.waiting(erased)) and time.monotonic() < until:
            time.sleep(0.1)
        return waiting
