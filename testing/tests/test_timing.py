"""Time differences are distinguished from noise."""

import random
from functools import partial

import pytest

from testing.timing import assert_same_time, median_interval


def test_the_median_is_within_the_interval_despite_noise() -> None:
    """Log-normal noise of 15 ms and more, as a busy machine makes it; 500 drawings from one seed."""
    drawn = random.Random(1)
    widths = {40: 0.0, 400: 0.0}
    for count in widths:
        for _ in range(500):
            noise = [drawn.lognormvariate(-4.2, 1) - drawn.lognormvariate(-4.2, 1) for _ in range(count)]
            low, high = median_interval([0.003 + each for each in noise])
            assert low < 0.003 < high
            widths[count] += (high - low) / 500
    assert widths[400] < widths[40] / 2


def busy(steps: int, _: int) -> None:
    sum(range(steps))


@pytest.mark.parametrize(("one", "other"), [(100, 100_000), (100_000, 100)])
def test_a_difference_is_found_in_either_order(one: int, other: int) -> None:
    with pytest.raises(AssertionError, match="all that takes"):
        assert_same_time(partial(busy, one), partial(busy, other), within=0.001, most=400, what="all that")


def test_equal_times_show_no_difference() -> None:
    assert_same_time(partial(busy, 50_000), partial(busy, 50_000), within=0.001, most=400)
