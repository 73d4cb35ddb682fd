"""Deals that the MetaTrader library reads from its simulator, beside its codec alone (metatrader.benchmarks.deals)."""

import asyncio
import statistics
from collections.abc import Iterator

from metatrader.benchmarks.deals import DEALS_OF_A_USER, GOAL, Turns, measure, record
from metatrader.benchmarks.serving import served
from tests.benchmarks.figures import Bound, Figure, show

USERS, ROUNDS = 20, 3


def figures() -> Iterator[Figure]:
    """From the simulator, and from its memory."""
    return iter(asyncio.run(_measured()))


async def _measured() -> list[Figure]:
    async with served(USERS, DEALS_OF_A_USER) as place:
        streams = await record(place)
        deals = f"{USERS * DEALS_OF_A_USER:,} deals over TCP"
        live, prepared = [await measure(port, streams, ROUNDS) for port in (place.live, place.prepared)]
    return [_figure(deals, live), _figure(f"{deals}, precomputed", prepared)]


def _figure(scenario: str, turns: Turns) -> Figure:
    low, middle, high = statistics.quantiles(turns.ratios, n=4)
    return Figure(
        scenario,
        (Bound("of the codec", middle, GOAL),),
        f"{turns.deals / sum(turns.client):,.0f}/s against {turns.deals / sum(turns.codec):,.0f}/s",
        "the client's process",
        (low, high),
    )


if __name__ == "__main__":
    show(figures())
