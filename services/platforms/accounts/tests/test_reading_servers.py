"""Reading from inconsistent or hostile servers."""

import re
from collections.abc import Mapping
from dataclasses import replace

import httpx2
import pytest

from metatrader.simulator import TcpSimulator
from metatrader.simulator.broker import Manager
from metatrader.simulator.replies import Reply
from platforms.accounts.tests.test_reading import Api, as_text, every, exported, with_api, with_database
from platforms.platforms.tests.test_platforms_http import refused
from platforms.tests.mariadb import MariaDb
from platforms.tests.running_service import RunningPlatforms
from platforms.tests.tables import mt5_database


def test_pages_are_complete_whatever_the_servers_order(running: RunningPlatforms) -> None:
    """Symbols are in no order, deals of one second may be numbered backwards, and so may positions."""
    api = Api(users=2, trades=20)
    for login, deals in api.broker.deals.items():
        start = deals[0].time_msc
        numbers = [deal.ticket for deal in deals]
        for first in range(0, len(deals), 5):
            numbers[first : first + 5] = reversed(numbers[first : first + 5])
        api.broker.deals[login] = [
            replace(deal, ticket=ticket, time_msc=start + place // 5 * 1000)
            for place, (deal, ticket) in enumerate(zip(deals, numbers, strict=True))
        ]
        api.broker.positions[login] *= 3
        api.broker.positions[login] = [
            replace(one, ticket=one.ticket - place) for place, one in enumerate(api.broker.positions[login])
        ]
    try:
        person, path = with_api(running, api)
        assert [symbol["symbol"] for symbol in every(person, f"{path}/symbols", limit=2)] == [
            symbol.name for symbol in api.broker.symbols
        ]
        for what, rows in (("deals", api.broker.deals), ("positions", api.broker.positions)):
            found = every(person, f"{path}/{what}", limit=3)
            held = [(login, row.ticket) for login, each in rows.items() for row in each]
            assert sorted((one["login"], one["ticket"]) for one in found) == sorted(held)
            assert as_text(found) == exported(person, f"{path}/{what}")
        cursor = person.get(f"{path}/symbols?limit=2").json()["next_cursor"]
        api.broker.symbols[:] = [symbol for symbol in api.broker.symbols if symbol.name != "GBPUSD"]
        refused(person.get(f"{path}/symbols?limit=2&cursor={cursor}"), 422, "invalid")
    finally:
        api.stop()


class Hostile(TcpSimulator):
    """Gives prices with a billion decimals."""

    def reply(self, manager: Manager, name: str, params: Mapping[str, str]) -> Reply:
        answer = super().reply(manager, name, params)
        return replace(answer, document=re.sub(r'"Digits" : "\d+"', '"Digits" : "999999999"', answer.document))


def test_too_many_decimals_are_refused(running: RunningPlatforms) -> None:
    api = Api(Hostile)
    try:
        person, path = with_api(running, api)
        for what in ("deals", "orders", "symbols"):
            answer = person.get(f"{path}/{what}")
            refused(answer, 503, "source-unavailable")
            assert "protocol-error" in answer.json()["detail"]
    finally:
        api.stop()


def test_a_table_with_impossible_values_is_reported(running: RunningPlatforms, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "reading_hostile", deals=3)
    mariadb.run("UPDATE mt5_deals SET Digits = 4000000000", database=name)
    mariadb.run("ALTER TABLE mt5_positions DROP COLUMN PriceOpen", database=name)
    mariadb.run("ALTER TABLE mt5_orders MODIFY PriceOrder varchar(20)", database=name)
    mariadb.run("UPDATE mt5_orders SET PriceOrder = 'much'", database=name)
    person, path = with_database(running, mariadb, name)
    assert len(person.get(f"{path}/deals").json()["items"][0]["price"]) < 40
    for what, table in (("positions", "mt5_positions"), ("orders", "mt5_orders")):
        answer = person.get(f"{path}/{what}")
        refused(answer, 503, "source-unavailable")
        assert table in answer.json()["detail"]
        assert "much" not in answer.text


class Failing(TcpSimulator):
    """Does not find its own data from the seventh page on."""

    def reply(self, manager: Manager, name: str, params: Mapping[str, str]) -> Reply:
        return Reply(4) if params.get("OFFSET") == "600" else super().reply(manager, name, params)


def test_a_truncated_export_is_reported(running: RunningPlatforms) -> None:
    api = Api(Failing, users=1, trades=400)
    try:
        person, path = with_api(running, api)
        with person.http.stream("GET", f"{path}/deals", headers={"Accept": "text/csv"}) as answer:
            assert answer.status_code == 200
            with pytest.raises(httpx2.RemoteProtocolError, match="incomplete"):
                answer.read()
    finally:
        api.stop()
