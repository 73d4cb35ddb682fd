"""Lists page by page, with pages on their way while rows are read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from metatrader import Mt5TcpClient
from metatrader.errors import PermissionDenied
from metatrader.simulator import Broker, FaultKind, TcpSimulator
from metatrader.simulator.broker import Manager
from metatrader.simulator.replies import Reply

pytestmark = pytest.mark.anyio

USER = 100_001
SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


class Moody(TcpSimulator):
    """Gives as many rows as it likes, never as many as it is asked for."""

    def __init__(self, broker: Broker, sizes: list[int]) -> None:
        super().__init__(broker)
        self._sizes = sizes
        self.asked: list[int] = []

    def reply(self, manager: Manager, name: str, params: Mapping[str, str]) -> Reply:
        if name == "DEAL_GET_PAGE":
            self.asked.append(int(params["OFFSET"]))
            params = {**params, "TOTAL": str(self._sizes[len(self.asked) % len(self._sizes)])}
        return super().reply(manager, name, params)


@pytest.mark.parametrize("connections", [1, 2, 4])
@pytest.mark.parametrize("page", [1, 7, 50, 100])
async def test_pages_asked_for_ahead_come_in_order(carrier: Any, broker: Broker, connections: int, page: int) -> None:
    async with carrier.client(connections=connections) as client:
        found = [deal.ticket async for deal in client.deals(USER, SINCE, UNTIL, page=page)]
        assert found == [deal.ticket for deal in broker.deals[USER]]
        pages = -(-len(found) // page)
        assert carrier.simulator.journal.count("DEAL_GET_PAGE") == pages, "none was asked for twice or beyond the end"
        assert carrier.simulator.journal.count("AUTH_ANSWER") <= connections


@pytest.mark.parametrize("sizes", [[10], [10, 3], [1, 9, 4, 9], [30, 30, 1]])
@pytest.mark.parametrize("connections", [1, 3])
async def test_a_server_may_give_fewer_rows_than_asked_for(broker: Broker, sizes: list[int], connections: int) -> None:
    async with (
        Moody(broker, sizes) as simulator,
        Mt5TcpClient(
            "127.0.0.1", simulator.port, login=1000, password="Correct-horse-1", connections=connections
        ) as client,
    ):
        found = [deal.ticket async for deal in client.deals(USER, SINCE, UNTIL)]
    assert found == [deal.ticket for deal in broker.deals[USER]]
    if len(sizes) == 1:
        assert sorted(set(simulator.asked)) == sorted(simulator.asked), "equal pages are never asked for twice"


async def test_abandoned_lists_release_their_connections(carrier: Any) -> None:
    async with carrier.client(connections=3) as client:
        deals = client.deals(USER, SINCE, UNTIL, page=5)
        for _ in range(18):
            await anext(deals)
        await deals.aclose()
        assert await client.symbol_total() == 6
        assert carrier.simulator.journal.count("CONNECTED") <= 3


async def test_a_refused_prefetch_is_raised_in_order(carrier: Any, broker: Broker) -> None:
    async with carrier.client(connections=2) as client:
        found: list[int] = []

        async def take() -> None:
            async for deal in client.deals(USER, SINCE, UNTIL, page=10):
                found.append(deal.ticket)
                if len(found) == 25:
                    carrier.simulator.faults.add(FaultKind.RETCODE, "DEAL_GET_PAGE", retcode=8)

        with pytest.raises(PermissionDenied):
            await take()
        assert found == [deal.ticket for deal in broker.deals[USER]][: len(found)]
        assert len(found) >= 30
        assert await client.symbol_total() == 6
