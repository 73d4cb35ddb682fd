"""Reading over HTTP: MT5 by its API and its export, MT4 by its report database."""

import asyncio
import csv
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from embedded.ports import free_port
from metatrader.simulator import Broker, TcpSimulator, invent
from platforms.platforms.tests.test_platforms_http import refused
from platforms.tests.mariadb import PASSWORD, READER, MariaDb
from platforms.tests.running_service import Caller, RunningPlatforms, only
from platforms.tests.tables import MT5, mt4_database, mt5_database
from testing.waiting import wait_until

MANAGER = "Correct-horse-1"


class Api:
    """A simulator on a loop of its own, with what its broker holds."""

    def __init__(self, kind: type[TcpSimulator] = TcpSimulator, *, users: int = 3, trades: int = 30) -> None:
        self.broker: Broker = invent(5, login=1000, password=MANAGER, users=users, trades=trades)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._simulator = kind(self.broker)
        asyncio.run_coroutine_threadsafe(self._simulator.__aenter__(), self._loop).result(5)
        self.port = self._simulator.port

    @property
    def sign_ins(self) -> int:
        return self._simulator.journal.count("AUTH_ANSWER")

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._simulator.__aexit__(None, None, None), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    made = Api()
    yield made
    made.stop()


def with_api(running: RunningPlatforms, api: Api) -> tuple[Caller, str]:
    person = running.member()
    path = person.add()
    given = {"host": "localhost", "port": api.port, "login": 1000, "password": MANAGER}
    assert person.put(f"{path}/api-credentials", json=given).status_code == 200
    wait_until(lambda: person.get(path).json()["status"]["state"] == "ok")
    return person, path


def with_database(running: RunningPlatforms, server: MariaDb, name: str, kind: str = "mt5") -> tuple[Caller, str]:
    person = running.member()
    path = person.add(kind=kind, api="none")
    set_database(person, path, server, name)
    wait_until(lambda: person.get(path).json()["status"]["state"] == "ok")
    return person, path


def set_database(person: Caller, path: str, server: MariaDb, name: str) -> None:
    given = {"host": "localhost", "port": server.port, "database": name, "user": READER, "password": PASSWORD,
             "ca_pem": server.certificate.ca_pem}  # fmt: skip
    answer = person.put(f"{path}/db-credentials", json=given)
    assert answer.status_code == 200, answer.text


def every(person: Caller, path: str, limit: int = 7) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = person.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}")
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return items
        cursor = f"&cursor={answer.json()['next_cursor']}"


def exported(person: Caller, path: str) -> list[dict[str, str]]:
    answer = person.get(path, headers={"Accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def as_text(items: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{name: "" if value is None else str(value) for name, value in item.items()} for item in items]


def test_deals_are_read_over_the_api_page_by_page_and_as_csv(running: RunningPlatforms, api: Api) -> None:
    person, path = with_api(running, api)
    deals = every(person, f"{path}/deals")
    held = [deal for login in sorted(api.broker.deals) for deal in api.broker.deals[login]]
    assert [deal["ticket"] for deal in deals] == [deal.ticket for deal in held]
    assert len(set(map(repr, deals))) == len(deals)
    assert as_text(deals) == exported(person, f"{path}/deals")
    first = deals[0]
    assert (first["action"], first["entry"]) == ("balance", None)
    at = datetime.fromisoformat(first["time"])
    wall = datetime.fromisoformat(first["time_raw"]).replace(tzinfo=UTC)
    assert wall - at == timedelta(hours=2)
    login = deals[0]["login"]
    assert every(person, f"{path}/deals?login={login}") == [deal for deal in deals if deal["login"] == login]
    since, until = deals[5]["time"], deals[9]["time"]
    narrowed = every(person, f"{path}/deals?login={login}&from={since}&to={until}")
    assert narrowed == [deal for deal in deals if deal["login"] == login and since <= deal["time"] < until]


def test_pages_over_the_api_share_one_sign_in(running: RunningPlatforms, api: Api) -> None:
    person, path = with_api(running, api)
    before = api.sign_ins
    assert len(every(person, f"{path}/deals", limit=7)) > 70, "ten pages and more"
    assert api.sign_ins - before == 1


def test_accounts_positions_orders_and_symbols_are_read_over_the_api(running: RunningPlatforms, api: Api) -> None:
    person, path = with_api(running, api)
    accounts = every(person, f"{path}/accounts", limit=2)
    assert [account["login"] for account in accounts] == sorted(api.broker.users)
    account = accounts[0]
    held = api.broker.account(account["login"])
    assert (account["balance"], account["equity"], account["currency"] is not None) == (
        held["Balance"], held["Equity"], True,
    )  # fmt: skip
    assert person.get(f"{path}/accounts/{account['login']}").json() == account
    refused(person.get(f"{path}/accounts/1"), 404, "not-found")
    for what, rows in (("positions", api.broker.positions), ("orders", api.broker.orders)):
        found = every(person, f"{path}/{what}", limit=1)
        assert sorted(one["ticket"] for one in found) == sorted(one.ticket for each in rows.values() for one in each)
        assert as_text(found) == exported(person, f"{path}/{what}")
    assert "EURUSD" in [symbol["symbol"] for symbol in every(person, f"{path}/symbols", limit=200)]


def test_personal_columns_require_their_scope(running: RunningPlatforms, api: Api) -> None:
    person, path = with_api(running, api)
    personal = {"name", "email", "phone", "country", "city", "address"}
    plain_client = running.client(person.organization, "accounts:read")
    full = running.client(person.organization, "accounts:read", "accounts:read-personal")
    for caller, shown in ((plain_client, False), (person, False), (full, True)):
        account = caller.get(f"{path}/accounts").json()["items"][0]
        assert (personal <= set(account)) == shown
        assert personal.isdisjoint(account) != shown
        assert (personal <= set(exported(caller, f"{path}/accounts")[0])) == shown
        assert ("name" in caller.get(f"{path}/accounts/{account['login']}").json()) == shown
    assert "phone-word" not in "".join(full.answers)


def test_reading_requires_its_permission_and_respects_limits(running: RunningPlatforms, api: Api) -> None:
    person, path = with_api(running, api)
    org = person.organization
    refused(running.client(org, "platforms:read").get(f"{path}/deals"), 403, "permission-missing")
    refused(running.member(org, None, "members:read").get(f"{path}/deals"), 403, "permission-missing")
    assert running.member(org, "viewer").get(f"{path}/deals").status_code == 200
    refused(running.client(org, "accounts:read", limits=only()).get(f"{path}/deals"), 404, "not-found")
    refused(running.member().get(f"{path}/deals"), 404, "not-found")


def test_each_use_of_stored_credentials_records_actor_and_purpose(running: RunningPlatforms, api: Api) -> None:
    person, path = with_api(running, api)
    program = running.client(person.organization, "platforms:read", "accounts:read")
    person.get(f"{path}/accounts", headers={"X-Request-Id": "look-7"})
    program.get(f"{path}/deals", headers={"Accept": "text/csv"})
    program.post(f"{path}/checks", json={"target": "api"})
    uses = running.rows("SELECT * FROM credential_uses WHERE platform_id = %s", path.rpartition("/")[2])
    found = {(use["actor"], use["purpose"]): use for use in uses}
    assert set(found) == {
        (None, "scheduled-check"), (person.subject, "read"), (program.subject, "read"), (program.subject, "check"),
    }  # fmt: skip
    assert found[person.subject, "read"]["request_id"] == "look-7"
    assert {(use["target"], use["version"]) for use in uses} == {("api", 1)}


def test_an_export_returns_the_same_rows_as_the_api(running: RunningPlatforms, api: Api, mariadb: MariaDb) -> None:
    """The same deals, put into tables as the export does, give equal figures."""
    name = mariadb.database("reading_equal", *MT5, "INSERT INTO mt5_time VALUES (120, 0, 0)")
    held = [deal for login in sorted(api.broker.deals) for deal in api.broker.deals[login]]
    fields = [deal.fields() for deal in held]
    rows = [
        (row["Deal"], row["Order"], row["PositionID"], row["Login"], 133_000_000_000_000_000, row["Action"],
         row["Entry"], _wall(row["Time"]), _wall(row["Time"]), row["Symbol"], row["Price"], row["Volume"],
         row["Profit"], row["Commission"], row["Storage"], row["Comment"], row.get("Digits") or 5)
        for row in fields
    ]  # fmt: skip
    mariadb.run(
        "INSERT INTO mt5_deals (Deal, `Order`, PositionID, Login, Timestamp, Action, Entry, Time, TimeMsc, Symbol, "
        f"Price, Volume, Profit, Commission, Storage, Comment, Digits) VALUES ({', '.join(['%s'] * 17)})",
        database=name,
        rows=rows,
    )
    person, path = with_api(running, api)
    set_database(person, path, mariadb, name)
    client = running.client(person.organization, "accounts:read")
    live = every(client, f"{path}/deals?source=api", limit=200)
    kept = every(client, f"{path}/deals?source=db", limit=200)
    assert sorted(live, key=lambda deal: deal["ticket"]) == kept
    assert as_text(kept) == exported(client, f"{path}/deals?source=db")


def _wall(unix: str) -> str:
    return datetime.fromtimestamp(int(unix), UTC).strftime("%Y-%m-%d %H:%M:%S")


def test_lists_of_an_mt5_export(running: RunningPlatforms, mariadb: MariaDb) -> None:
    person, path = with_database(running, mariadb, mt5_database(mariadb, "reading_mt5", deals=45))
    deals = every(person, f"{path}/deals")
    assert [deal["ticket"] for deal in deals] == list(range(1, 46))
    assert as_text(deals) == exported(person, f"{path}/deals")
    since, until = deals[10]["time"], deals[20]["time"]
    assert every(person, f"{path}/deals?from={since}&to={until}") == deals[10:20]
    assert {deal["login"] for deal in every(person, f"{path}/deals?login=8001")} == {8001}
    (first, second) = every(person, f"{path}/accounts")
    assert (first["login"], first["balance"], first["equity"], first["profit"]) == (8001, "1000.50", "1010.25", "9.75")
    assert person.get(f"{path}/accounts/8002").json() == second
    assert [position["ticket"] for position in every(person, f"{path}/positions", limit=1)] == [601, 602]
    (order,) = every(person, f"{path}/orders")
    assert (order["type"], order["state"], order["volume_initial"], order["expires_at"]) == (
        "buy-limit", "placed", "2.00", None,
    )  # fmt: skip
    (symbol,) = every(person, f"{path}/symbols")
    assert (symbol["symbol"], symbol["contract_size"]) == ("EURUSD", "100000")


def test_lists_of_an_mt4_report_database(running: RunningPlatforms, mariadb: MariaDb) -> None:
    person, path = with_database(running, mariadb, mt4_database(mariadb, "reading_mt4", trades=60), "mt4")
    deals = every(person, f"{path}/deals", limit=3)
    assert as_text(deals) == exported(person, f"{path}/deals")
    places = [(deal["ticket"], deal["entry"] == "out") for deal in deals]
    assert places == sorted(set(places))
    money = [deal for deal in deals if deal["action"] == "balance"]
    assert {deal["ticket"] % 7 for deal in money} == {0}
    closed = [deal for deal in deals if deal["entry"] == "out"]
    assert all(deal["ticket"] % 5 for deal in closed)
    since, until = deals[-1]["time"], deals[30]["time"]
    narrowed = every(person, f"{path}/deals?from={since}&to={until}", limit=4)
    assert narrowed == [deal for deal in deals if since <= deal["time"] < until]
    positions, orders = every(person, f"{path}/positions"), every(person, f"{path}/orders")
    assert {position["side"] for position in positions} <= {"buy", "sell"}
    assert {position["ticket"] % 5 for position in positions} == {0}
    assert {order["ticket"] % 10 for order in orders} == {0}
    account = every(person, f"{path}/accounts")[0]
    assert (account["login"], account["currency"], account["profit"]) == (7001, "USD", "9.75")
    at, wall = datetime.fromisoformat(deals[0]["time"]), datetime.fromisoformat(deals[0]["time_raw"])
    assert wall.replace(tzinfo=UTC) - at == timedelta(hours=3)


def test_a_formula_in_a_comment_stays_text(running: RunningPlatforms, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "reading_formula", deals=3)
    mariadb.run("UPDATE mt5_deals SET Comment = '=1+1' WHERE Deal = 2", database=name)
    person, path = with_database(running, mariadb, name)
    assert [row["comment"] for row in exported(person, f"{path}/deals")] == ["", "'=1+1", ""]
    assert every(person, f"{path}/deals")[1]["comment"] == "=1+1"
    assert exported(person, f"{path}/deals")[0]["profit"][0] in "-0123456789"


def test_a_source_that_cannot_answer_is_reported(running: RunningPlatforms, api: Api) -> None:
    person = running.member()
    path = person.add(api="mt5-manager")
    refused(person.get(f"{path}/deals"), 409, "no-credentials")
    refused(person.get(f"{path}/deals?source=api"), 409, "not-offered-by-source")
    refused(person.get(f"{path}/deals?source=db"), 409, "not-offered-by-source")
    refused(person.get(f"{path}/deals?source=web"), 422, "invalid")
    given = {"host": "localhost", "port": free_port(None), "login": 1000, "password": MANAGER}
    other = person.add()
    person.put(f"{other}/api-credentials", json=given)
    answer = person.get(f"{other}/deals")
    refused(answer, 503, "source-unavailable")
    assert "port-closed" in answer.json()["detail"]


def test_a_refused_password_is_not_tried_again(running: RunningPlatforms, api: Api) -> None:
    person, path = with_api(running, api)
    manager = api.broker.managers[1000]
    person.put(
        f"{path}/api-credentials", json={"host": "localhost", "port": api.port, "login": 1001, "password": MANAGER}
    )
    for _ in range(2):
        refused(person.get(f"{path}/deals"), 409, "credentials-refused")
    wait_until(lambda: person.get(path).json()["status"]["state"] == "refused")
    assert manager.enabled
