"""The commands, the same over either transport."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter

from metatrader.errors import InvalidValue, NotFound, ProtocolError
from metatrader.models.configuration import Common, Group, Symbol, TimeSettings
from metatrader.models.trading import Deal, Order, Position
from metatrader.models.users import Account, User
from metatrader.models.values import Model, Moment, moment, server_seconds
from metatrader.mt5.answers import Answer
from metatrader.mt5.session import Command

M = TypeVar("M", bound=Model)

PAGE = 100
"""The server's largest page."""

_COMMON = TypeAdapter(Common)
_TIME = TypeAdapter(TimeSettings)
_GROUP = TypeAdapter(Group)
_SYMBOL = TypeAdapter(Symbol)
_USER = TypeAdapter(User)
_ACCOUNT = TypeAdapter(Account)
_LOGINS = TypeAdapter(list[int])
_POSITION, _POSITIONS = TypeAdapter(Position), TypeAdapter(list[Position])
_ORDER, _ORDERS = TypeAdapter(Order), TypeAdapter(list[Order])
_DEAL, _DEALS = TypeAdapter(Deal), TypeAdapter(list[Deal])


class PasswordKind(StrEnum):
    MAIN = "MAIN"
    INVESTOR = "INVESTOR"
    API = "API"


class Commands(ABC):
    """All raise Refused (NotFound for missing or invisible objects, PermissionDenied if the manager lacks the
    permission), ConnectionLost, TimedOut and ProtocolError. Lists are read page by page while they are iterated,
    with at most `ahead` pages requested in advance."""

    def __init__(self, zone: tzinfo, ahead: int) -> None:
        self._zone = zone
        self._ahead = ahead

    @abstractmethod
    async def _call(self, command: Command) -> Answer: ...

    async def time_server(self) -> Moment:
        """The server's clock now."""
        text = (await self._ask("TIME_SERVER")).value("TIME")
        try:
            return moment(int(text.split()[0].split(".")[0]), self._zone)
        except (ValueError, IndexError) as error:
            raise ProtocolError("TIME_SERVER: TIME is no unix time") from error

    async def time_settings(self) -> TimeSettings:
        return await self._one(_TIME, "TIME_GET")

    async def common(self) -> Common:
        return await self._one(_COMMON, "COMMON_GET")

    async def group_total(self) -> int:
        return (await self._ask("GROUP_TOTAL")).count()

    async def group(self, name: str) -> Group:
        return await self._one(_GROUP, "GROUP_GET", GROUP=name)

    def groups(self) -> AsyncIterator[Group]:
        """The groups that the manager may see."""
        return self._indexed(_GROUP, "GROUP")

    async def symbol_total(self) -> int:
        return (await self._ask("SYMBOL_TOTAL")).count()

    async def symbol(self, name: str) -> Symbol:
        return await self._one(_SYMBOL, "SYMBOL_GET", SYMBOL=name)

    async def symbol_in_group(self, name: str, group: str) -> Symbol:
        """A symbol as the group's settings change it."""
        return await self._one(_SYMBOL, "SYMBOL_GET_GROUP", SYMBOL=name, GROUP=group)

    def symbols(self) -> AsyncIterator[Symbol]:
        """The symbols of the manager's own group."""
        return self._indexed(_SYMBOL, "SYMBOL")

    async def user_logins(self, groups: str = "*") -> list[int]:
        """Logins in the groups named by masks, for example `real\\*,!real\\test*`."""
        return (await self._ask("USER_LOGINS", GROUP=groups)).read(_LOGINS, self._zone)

    async def user(self, login: int) -> User:
        return await self._one(_USER, "USER_GET", LOGIN=str(login))

    async def users(self, groups: str = "*") -> AsyncIterator[User]:
        """One request per user. A user who is deleted meanwhile is omitted."""
        for login in await self.user_logins(groups):
            try:
                yield await self.user(login)
            except NotFound:
                continue

    async def account(self, login: int) -> Account:
        return await self._one(_ACCOUNT, "USER_ACCOUNT_GET", LOGIN=str(login))

    async def user_password_check(self, login: int, password: str, kind: PasswordKind = PasswordKind.MAIN) -> None:
        """Raises Refused (3006 USER_INVALID_PASSWORD) if it is wrong. Never sent twice."""
        await self._send_password("USER_PASS_CHECK", login, password, kind)

    async def user_password_change(self, login: int, password: str, kind: PasswordKind = PasswordKind.MAIN) -> None:
        """Raises Refused (3006 USER_INVALID_PASSWORD) if the server considers it too weak. Never sent twice."""
        await self._send_password("USER_PASS_CHANGE", login, password, kind)

    async def position(self, login: int, symbol: str) -> Position:
        return await self._one(_POSITION, "POSITION_GET", LOGIN=str(login), SYMBOL=symbol)

    async def position_total(self, login: int) -> int:
        return (await self._ask("POSITION_GET_TOTAL", LOGIN=str(login))).count()

    def positions(self, login: int, *, page: int = PAGE) -> AsyncIterator[Position]:
        return self._paged(_POSITIONS, "POSITION", {"LOGIN": str(login)}, page)

    async def order(self, ticket: int) -> Order:
        """An active order."""
        return await self._one(_ORDER, "ORDER_GET", TICKET=str(ticket))

    async def order_total(self, login: int) -> int:
        return (await self._ask("ORDER_GET_TOTAL", LOGIN=str(login))).count()

    def orders(self, login: int, *, page: int = PAGE) -> AsyncIterator[Order]:
        """Active orders."""
        return self._paged(_ORDERS, "ORDER", {"LOGIN": str(login)}, page)

    async def history_order(self, ticket: int) -> Order:
        """An order that is filled, cancelled, rejected or expired."""
        return await self._one(_ORDER, "HISTORY_GET", TICKET=str(ticket))

    async def history_total(self, login: int, since: datetime, until: datetime) -> int:
        return (await self._ask("HISTORY_GET_TOTAL", **self._period(login, since, until))).count()

    def history(self, login: int, since: datetime, until: datetime, *, page: int = PAGE) -> AsyncIterator[Order]:
        return self._paged(_ORDERS, "HISTORY", self._period(login, since, until), page)

    async def deal(self, ticket: int) -> Deal:
        return await self._one(_DEAL, "DEAL_GET", TICKET=str(ticket))

    async def deal_total(self, login: int, since: datetime, until: datetime) -> int:
        return (await self._ask("DEAL_GET_TOTAL", **self._period(login, since, until))).count()

    def deals(self, login: int, since: datetime, until: datetime, *, page: int = PAGE) -> AsyncIterator[Deal]:
        """Deals from `since` to `until`, both included and both with a time zone; to the second."""
        return self._paged(_DEALS, "DEAL", self._period(login, since, until), page)

    async def _ask(self, name: str, **params: str) -> Answer:
        return await self._call(Command(name, params))

    async def _one(self, adapter: TypeAdapter[M], name: str, **params: str) -> M:
        return (await self._ask(name, **params)).read(adapter, self._zone)

    async def _send_password(self, name: str, login: int, password: str, kind: PasswordKind) -> None:
        params = {"LOGIN": str(login), "TYPE": kind.value, "PASSWORD": password}
        await self._call(Command(name, params, repeatable=False, secret=True))

    def _period(self, login: int, since: datetime, until: datetime) -> dict[str, str]:
        start, end = server_seconds(since, self._zone), server_seconds(until, self._zone)
        return {"LOGIN": str(login), "FROM": str(start), "TO": str(end)}

    async def _indexed(self, adapter: TypeAdapter[M], entity: str) -> AsyncIterator[M]:
        for index in range((await self._ask(f"{entity}_TOTAL")).count()):
            try:
                yield await self._one(adapter, f"{entity}_NEXT", INDEX=str(index))
            except NotFound:
                return  # the list has become shorter

    async def _paged(
        self, adapter: TypeAdapter[list[M]], entity: str, params: dict[str, str], page: int
    ) -> AsyncIterator[M]:
        if not 0 < page <= PAGE:
            raise InvalidValue(f"page: give 1 to {PAGE}")
        total = (await self._ask(f"{entity}_GET_TOTAL", **params)).count()
        pages = _Pages(lambda place: self._ask(f"{entity}_GET_PAGE", **params, **place), page, total, self._ahead)
        try:
            while (answer := await pages.next()) is not None:
                for row in answer.read(adapter, self._zone):
                    yield row
        finally:
            await pages.close()


class _Pages:
    """Pages of a list, in order. A caller who reads past the first page probably reads more, so further pages are
    requested while rows are read, one after the second page and then as many at a time as there are connections."""

    def __init__(
        self, ask: Callable[[Mapping[str, str]], Coroutine[Any, Any, Answer]], size: int, total: int, most_ahead: int
    ) -> None:
        self._ask = ask
        self._size = size
        self._total = total
        self._most_ahead = most_ahead
        self._step = 0
        """Rows of a page, as the first showed: servers may give fewer than were asked for."""
        self._offset = 0
        self._count = 0
        self._ahead: deque[asyncio.Task[Answer]] = deque()

    async def next(self) -> Answer | None:
        """None at the end."""
        if self._offset >= self._total:
            return None
        answer = await (self._ahead.popleft() if self._ahead else self._page(self._offset))
        rows = answer.rows()
        if not rows:
            return None
        self._step = self._step or rows
        self._offset += rows
        self._count += 1
        if rows == self._step:
            await self._go_ahead()
        else:
            await self.close()  # what was asked for lies elsewhere
        return answer

    async def _go_ahead(self) -> None:
        wanted = min(self._count - 1, self._most_ahead)
        while len(self._ahead) < wanted:
            offset = self._offset + self._step * len(self._ahead)
            if offset >= self._total:
                break
            self._ahead.append(asyncio.create_task(self._page(offset)))
        await asyncio.sleep(0)  # lets the requests leave

    def _page(self, offset: int) -> Coroutine[Any, Any, Answer]:
        return self._ask({"OFFSET": str(offset), "TOTAL": str(self._size)})

    async def close(self) -> None:
        """Wait for pending requests: cancelling one would cost its connection."""
        await asyncio.gather(*self._ahead, return_exceptions=True)
        self._ahead.clear()
