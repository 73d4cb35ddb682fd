"""The commands over both transports against the simulators."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from metatrader import Mt5Client, PasswordHash, PasswordKind
from metatrader.errors import InvalidValue, NotFound, PermissionDenied, Refused
from metatrader.models import Deal
from metatrader.simulator import Broker

pytestmark = pytest.mark.anyio

USER = 100_001
SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


async def everything(client: Mt5Client) -> dict[str, Any]:
    """What a manager can read, but for the clock."""
    return {
        "time": await client.time_settings(),
        "common": await client.common(),
        "groups": [group async for group in client.groups()],
        "group": await client.group("demo\\forex"),
        "symbols": [symbol async for symbol in client.symbols()],
        "symbol": await client.symbol("EURUSD"),
        "in group": await client.symbol_in_group("EURUSD", "real\\pro"),
        "totals": [await client.group_total(), await client.symbol_total()],
        "users": [user async for user in client.users()],
        "real": await client.user_logins("real\\*,!real\\vip"),
        "accounts": [await client.account(login) for login in await client.user_logins()],
        "positions": [position async for position in client.positions(USER)],
        "orders": [order async for order in client.orders(USER)],
        "history": [order async for order in client.history(USER, SINCE, UNTIL)],
        "deals": [deal async for deal in client.deals(USER, SINCE, UNTIL)],
    }


async def test_both_transports_return_the_same_data(tcp: Any, https: Any) -> None:
    async with tcp.client() as one, https.client() as other:
        over_tcp, over_https = await everything(one), await everything(other)
    assert over_tcp == over_https
    assert all(over_tcp.values())


async def test_deals_are_paged_completely(carrier: Any, broker: Broker) -> None:
    async with carrier.client() as client:
        deals = [deal async for deal in client.deals(USER, SINCE, UNTIL, page=50)]
    records = broker.deals[USER]
    assert [deal.ticket for deal in deals] == [record.ticket for record in records]
    assert sum(deal.profit + deal.swap + deal.commission + deal.fee for deal in deals) == broker.balance(USER)
    trade = deals[1]
    assert trade.volume == Decimal(records[1].volume) / 10_000
    assert trade.time is not None
    assert trade.time.raw == records[1].time
    assert trade.time.utc.timestamp() == records[1].time - 7200
    assert carrier.simulator.journal.count("DEAL_GET_PAGE") == -(-len(records) // 50)


async def test_a_large_page_arrives_in_parts(tcp: Any, broker: Broker) -> None:
    async with tcp.client() as client:
        deals = [deal async for deal in client.deals(USER, SINCE, UNTIL)]
    assert len(deals) == len(broker.deals[USER]) > 100


async def test_a_period_includes_both_ends(carrier: Any, broker: Broker) -> None:
    record = broker.deals[USER][5]
    at = datetime.fromtimestamp(record.time - 7200, UTC)
    async with carrier.client() as client:
        assert [deal.ticket async for deal in client.deals(USER, at, at)] == [record.ticket]
        assert await client.deal_total(USER, at + timedelta(seconds=1), at) == 0
        assert await client.history_total(USER, SINCE, UNTIL) == len(broker.history[USER])
        assert await client.position_total(USER) == len(broker.positions[USER])
        assert await client.order_total(USER) == len(broker.orders[USER])


async def test_single_records_by_their_keys(carrier: Any, broker: Broker) -> None:
    async with carrier.client() as client:
        deal = await client.deal(broker.deals[USER][1].ticket)
        assert isinstance(deal, Deal)
        assert (await client.history_order(deal.order)).ticket == deal.order
        assert (await client.order(broker.orders[USER][0].ticket)).state == 1
        held = broker.positions[USER][0]
        assert (await client.position(USER, held.symbol.name)).login == USER
        with pytest.raises(NotFound):
            await client.deal(1)
        with pytest.raises(NotFound):
            await client.user(1)
        with pytest.raises(NotFound):
            await client.symbol("=|\\\n nothing &?#%+")


async def test_the_server_time_is_returned(carrier: Any) -> None:
    async with carrier.client() as client:
        now = await client.time_server()
        assert abs(now.utc - datetime.now(UTC)) < timedelta(seconds=30)
        assert (await client.time_settings()).zone.utcoffset(None) == timedelta(hours=2)


async def test_the_hash_signs_in_as_the_password_does(carrier: Any) -> None:
    stored = PasswordHash(PasswordHash.derive("Correct-horse-1").raw)
    async with carrier.client(password=stored) as client:
        assert await client.user_logins("demo\\*")


async def test_a_manager_sees_the_groups_of_the_masks_only(carrier: Any, broker: Broker) -> None:
    async with carrier.client(login=1004) as client:
        assert [group.group async for group in client.groups()] == ["demo\\forex"]
        logins = await client.user_logins()
        assert [broker.users[login].group for login in logins] == ["demo\\forex"] * len(logins)
        hidden = next(login for login in broker.users if login not in logins)
        with pytest.raises(NotFound):
            await client.account(hidden)
        with pytest.raises(NotFound):
            await client.deal(broker.deals[hidden][0].ticket)


async def test_a_missing_manager_right_is_refused(carrier: Any) -> None:
    async with carrier.client(login=1003) as client:
        assert (await client.user(USER)).email == ""
        with pytest.raises(PermissionDenied):
            [deal async for deal in client.deals(USER, SINCE, UNTIL)]
        assert await client.group_total() == 4


async def test_passwords_are_checked_and_changed(carrier: Any) -> None:
    async with carrier.client() as client:
        await client.user_password_check(USER, f"Main-{USER}")
        with pytest.raises(Refused, match="3006"):
            await client.user_password_check(USER, "another")
        with pytest.raises(Refused, match="3006"):
            await client.user_password_change(USER, "weak")
        await client.user_password_change(USER, "New=|\\pass-1", PasswordKind.INVESTOR)
        await client.user_password_check(USER, "New=|\\pass-1", PasswordKind.INVESTOR)


@pytest.mark.parametrize("page", [0, 101, -1])
async def test_a_page_has_one_to_a_hundred_rows(tcp: Any, page: int) -> None:
    async with tcp.client() as client:
        with pytest.raises(InvalidValue, match="page"):
            [deal async for deal in client.deals(USER, SINCE, UNTIL, page=page)]


async def test_unencrypted_sessions_work(tcp: Any) -> None:
    async with tcp.client(encrypt=False) as client:
        assert await client.symbol_total() == 6


async def test_a_list_may_be_abandoned(carrier: Any) -> None:
    async with carrier.client() as client:
        async for deal in client.deals(USER, SINCE, UNTIL, page=10):
            assert deal.login == USER
            break
        assert await client.symbol_total() == 6
        assert carrier.simulator.journal.count("CONNECTED") == 1
