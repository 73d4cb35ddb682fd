"""The broker's answers to commands of a signed-in manager, for either transport."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from metatrader.simulator.broker import Broker, Manager, Right, matches
from metatrader.simulator.records import DealRecord, Fields, OrderRecord, PositionRecord, UserRecord

PAGE = 100

_TEXTS = {
    0: "Done",
    3: "Invalid parameters",
    8: "Not enough permissions",
    12: "Too frequent requests",
    13: "Not found",
    15: "Server shutdown in progress",
    1001: "Invalid account",
    1002: "Account disabled",
    1011: "No manager configuration",
    1012: "Address is not allowed",
    1020: "Unknown account",
    3006: "Invalid password",
    12002: "Unknown command",
}


def retcode(code: int) -> str:
    return f"{code} {_TEXTS.get(code, 'Error')}"


@dataclass(frozen=True)
class Reply:
    """Over TCP `values` are parameters and `document` the body; over HTTPS the one or the other is the answer."""

    code: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    document: str = ""


class _Failure(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def reply(broker: Broker, manager: Manager, name: str, params: Mapping[str, str]) -> Reply:
    """`params` have upper-case keys."""
    if name not in COMMANDS:
        return Reply(12002)
    needed, handle = COMMANDS[name]
    if needed is not None and needed not in manager.rights:
        return Reply(8)
    try:
        return handle(_Request(broker, manager, params))
    except _Failure as failure:
        return Reply(failure.code)


def document(value: object) -> str:
    """JSON with CR LF between the members, as the servers write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",\r\n", " : "))


def _page(rows: Sequence[DealRecord | OrderRecord | PositionRecord]) -> Reply:
    return Reply(document=document([row.fields() for row in rows]))


class _Request:
    def __init__(self, broker: Broker, manager: Manager, params: Mapping[str, str]) -> None:
        self.broker = broker
        self.manager = manager
        self._params = params

    def text(self, name: str) -> str:
        if name not in self._params:
            raise _Failure(3)
        return self._params[name]

    def number(self, name: str) -> int:
        value = self.text(name)
        if not (value.isascii() and value.isdigit() and len(value) < 19):
            raise _Failure(3)
        return int(value)

    def user(self) -> UserRecord:
        user = self.broker.users.get(self.number("LOGIN"))
        if user is None or not self.manager.sees(user.group):
            raise _Failure(13)
        return user

    def window(self, rows: Sequence[DealRecord | OrderRecord | PositionRecord]) -> Reply:
        offset, total = self.number("OFFSET"), self.number("TOTAL")
        return _page(rows[offset : offset + min(total, PAGE)])

    def one(self, tables: Mapping[int, Sequence[DealRecord | OrderRecord]]) -> Reply:
        ticket = self.number("TICKET")
        for login, rows in tables.items():
            if self.manager.sees(self.broker.users[login].group):
                for row in rows:
                    if row.ticket == ticket:
                        return Reply(document=document(row.fields()))
        raise _Failure(13)

    def deals(self) -> Sequence[DealRecord]:
        return self.broker.deals_between(self.user().login, self.number("FROM"), self.number("TO"))

    def history(self) -> Sequence[OrderRecord]:
        return self.broker.history_between(self.user().login, self.number("FROM"), self.number("TO"))

    def orders(self) -> list[OrderRecord]:
        return self.broker.orders.get(self.user().login, [])

    def positions(self) -> list[PositionRecord]:
        return self.broker.positions.get(self.user().login, [])

    def groups(self) -> list[Fields]:
        return [group.fields() for group in self.broker.groups if self.manager.sees(group.name)]

    def symbols(self) -> list[Fields]:
        return [symbol.fields() for symbol in self.broker.symbols]

    def listed(self, rows: list[Fields]) -> Reply:
        index = self.number("INDEX")
        if index >= len(rows):
            raise _Failure(13)
        return Reply(document=document(rows[index]))

    def named(self, rows: list[Fields], key: str) -> Reply:
        name = self.text(key.upper())
        for row in rows:
            if row[key] == name:
                return Reply(document=document(row))
        raise _Failure(13)


def _time_server(request: _Request) -> Reply:
    now = request.broker.clock()
    return Reply(values={"TIME": f"{now} {datetime.fromtimestamp(now, UTC):%Y.%m.%d %H:%M:%S}"})


def _time_get(request: _Request) -> Reply:
    settings = {"Daylight": "0", "DaylightState": "0", "TimeZone": str(request.broker.offset)}
    return Reply(document=document({**settings, "TimeServer": "time.example.com", "Days": []}))


def _common(request: _Request) -> Reply:
    broker = request.broker
    totals = {
        "TotalUsers": len(broker.users),
        "TotalUsersReal": sum(matches("real\\*", user.group) for user in broker.users.values()),
        "TotalDeals": sum(map(len, broker.deals.values())),
        "TotalOrders": sum(map(len, broker.orders.values())),
        "TotalOrdersHistory": sum(map(len, broker.history.values())),
        "TotalPositions": sum(map(len, broker.positions.values())),
    }
    texts = {"Name": "Example-Server", "Owner": "Example Brokers Ltd", "Product": "MetaTrader 5 simulator"}
    return Reply(document=document({**texts, **{name: str(total) for name, total in totals.items()}}))


def _user_get(request: _Request) -> Reply:
    user = request.user()
    personal = Right.PERSONAL in request.manager.rights
    return Reply(document=document(user.fields(request.broker.balance(user.login), personal=personal)))


def _user_logins(request: _Request) -> Reply:
    masks = request.text("GROUP")
    users = request.broker.users.values()
    visible = (user for user in users if matches(masks, user.group) and request.manager.sees(user.group))
    return Reply(document=document([str(user.login) for user in visible]))


def _pass_check(request: _Request) -> Reply:
    if request.user().passwords.get(request.text("TYPE").upper()) != request.text("PASSWORD"):
        raise _Failure(3006)
    return Reply()


def _pass_change(request: _Request) -> Reply:
    password = request.text("PASSWORD")
    classes = (str.islower, str.isupper, str.isdigit, lambda char: not char.isalnum())
    if not 8 <= len(password) <= 16 or not all(any(map(kind, password)) for kind in classes):
        raise _Failure(3006)
    request.user().passwords[request.text("TYPE").upper()] = password
    return Reply()


def _total(rows: Sequence[object]) -> Reply:
    return Reply(values={"TOTAL": str(len(rows))})


def _position_get(request: _Request) -> Reply:
    return request.named([position.fields() for position in request.positions()], "Symbol")


def _symbol_get_group(request: _Request) -> Reply:
    request.named(request.groups(), "Group")
    return request.named(request.symbols(), "Symbol")


COMMANDS: dict[str, tuple[Right | None, Callable[[_Request], Reply]]] = {
    "TIME_SERVER": (None, _time_server),
    "TIME_GET": (None, _time_get),
    "COMMON_GET": (None, _common),
    "TEST_ACCESS": (None, lambda request: Reply()),
    "GROUP_TOTAL": (None, lambda request: _total(request.groups())),
    "GROUP_NEXT": (None, lambda request: request.listed(request.groups())),
    "GROUP_GET": (None, lambda request: request.named(request.groups(), "Group")),
    "SYMBOL_TOTAL": (None, lambda request: _total(request.symbols())),
    "SYMBOL_NEXT": (None, lambda request: request.listed(request.symbols())),
    "SYMBOL_GET": (None, lambda request: request.named(request.symbols(), "Symbol")),
    "SYMBOL_GET_GROUP": (None, _symbol_get_group),
    "USER_GET": (Right.ACCOUNTS, _user_get),
    "USER_LOGINS": (Right.ACCOUNTS, _user_logins),
    "USER_ACCOUNT_GET": (
        Right.ACCOUNTS,
        lambda request: Reply(document=document(request.broker.account(request.user().login))),
    ),
    "USER_PASS_CHECK": (Right.ACCOUNTS, _pass_check),
    "USER_PASS_CHANGE": (Right.EDIT, _pass_change),
    "POSITION_GET": (Right.TRADES, _position_get),
    "POSITION_GET_TOTAL": (Right.TRADES, lambda request: _total(request.positions())),
    "POSITION_GET_PAGE": (Right.TRADES, lambda request: request.window(request.positions())),
    "ORDER_GET": (Right.TRADES, lambda request: request.one(request.broker.orders)),
    "ORDER_GET_TOTAL": (Right.TRADES, lambda request: _total(request.orders())),
    "ORDER_GET_PAGE": (Right.TRADES, lambda request: request.window(request.orders())),
    "HISTORY_GET": (Right.TRADES, lambda request: request.one(request.broker.history)),
    "HISTORY_GET_TOTAL": (Right.TRADES, lambda request: _total(request.history())),
    "HISTORY_GET_PAGE": (Right.TRADES, lambda request: request.window(request.history())),
    "DEAL_GET": (Right.TRADES, lambda request: request.one(request.broker.deals)),
    "DEAL_GET_TOTAL": (Right.TRADES, lambda request: _total(request.deals())),
    "DEAL_GET_PAGE": (Right.TRADES, lambda request: request.window(request.deals())),
}
