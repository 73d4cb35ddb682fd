"""For tests: whether two things take the same time, on a machine that does other things meanwhile."""

import math
import time
from collections.abc import Callable, Sequence

_AT_LEAST, _EACH_LOOK = 40, 10  # pairs


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the median of that from which at least 40 values were drawn lies, but for one case in 10,000.

    The interval of the sign test, four standard deviations wide to each side: it asks nothing of the distribution.
    """
    ordered, count = sorted(values), len(values)
    beside = math.floor(count / 2 - 2 * math.sqrt(count))
    return ordered[beside - 1], ordered[count - beside]


def assert_same_time(
    one: Callable[[int], object], other: Callable[[int], object], *, within: float, most: int, what: str = ""
) -> None:
    """Fails where the median difference is surely not nothing, and not surely less than `within` seconds.

    Both are called with the pair's number; each is first in every second pair. Pairs are made until the answer is
    clear, and at most so many; where a busy machine hides any difference until then, none was shown.
    """
    differences: list[float] = []
    while len(differences) < most:
        differences.append(_difference(one, other, len(differences)))
        if len(differences) >= _AT_LEAST and len(differences) % _EACH_LOOK == 0:
            low, high = median_interval(differences)
            if -within < low and high < within:
                return
            if low > within or high < -within:
                break
    low, high = median_interval(differences)
    if low > 0 or high < 0:
        raise AssertionError(f"{what} takes {low * 1000:.2f} to {high * 1000:.2f} ms longer ({len(differences)} pairs)")


def _difference(one: Callable[[int], object], other: Callable[[int], object], pair: int) -> float:
    if pair % 2:
        return -_difference_in_order(other, one, pair)
    return _difference_in_order(one, other, pair)


def _difference_in_order(first: Callable[[int], object], second: Callable[[int], object], pair: int) -> float:
    began = time.perf_counter()
    first(pair)
    between = time.perf_counter()
    second(pair)
    return (between - began) - (time.perf_counter() - between)
