"""Hostile requests to the read API: foreign cursors, impossible times and logins."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Invalid
from kit.http.pagination import Paging
from platforms.accounts.cursors import place_after
from platforms.accounts.tests.test_reading import Api, api, every, with_api, with_database
from platforms.connectors import installed
from platforms.platforms.tests.test_platforms_http import refused
from platforms.tests.mariadb import MariaDb
from platforms.tests.running_service import RunningPlatforms
from platforms.tests.tables import mt5_database

__all__ = ["api"]  # a fixture
LISTS = ("accounts", "positions", "orders", "deals", "symbols")
SCALARS = st.one_of(st.integers(), st.booleans(), st.text(max_size=30), st.just("2026-03-02 09:30:00"))


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def test_a_cursor_of_another_list_is_refused(running: RunningPlatforms, api: Api) -> None:
    person, path = with_api(running, api)
    cursor = person.get(f"{path}/deals?limit=1").json()["next_cursor"]
    refused(person.get(f"{path}/accounts?cursor={cursor}"), 422, "invalid")


HOSTILE = [
    (),
    ("api",),
    ("db",),
    ("api", 100_001, "no clock", 5),
    ("api", 100_001, "2026-02-31 00:00:00", 5),
    ("api", 100_001, "2026-02-03T00:00:00", 5),
    ("api", 100_001, "", 5),
    ("api", -1, "2026-02-03 00:00:00", 5),
    ("api", 10**40, "2026-02-03 00:00:00", 5),
    ("api", True, "2026-02-03 00:00:00", 5),
    ("api", 10**40),
    ("api", 10**40, 1),
    ("api", "\ud800"),
    ("db", 10**40, 0),
    ("db", -1),
    ("db", "\ud800"),
    ("db", "\0"),
    ("db", "' OR 1 = 1 -- "),
    ("db", "x" * 300),
]


@pytest.mark.parametrize("values", HOSTILE, ids=range(len(HOSTILE)))
def test_a_forged_cursor_breaks_nothing(
    running: RunningPlatforms, api: Api, mariadb: MariaDb, values: tuple[Any, ...]
) -> None:
    live, stored = _both(running, api, mariadb)
    for path, source in ((live, "api"), (stored, "db")):
        caller, base = path
        for what in LISTS:
            answer = caller.get(f"{base}/{what}?source={source}&cursor={cursor(*values)}")
            assert answer.status_code in (200, 422), answer.text
            if values[:1] != (source,):
                refused(answer, 422, "invalid")


@given(st.lists(SCALARS, max_size=5), st.sampled_from(LISTS), st.sampled_from(["api", "db"]))
def test_a_cursor_must_match_its_format(values: list[Any], what: Any, source: Any) -> None:
    reading = installed().get(source, "mt5", "mt5-webapi").reading
    assert reading is not None
    try:
        taken = place_after(Paging(after=[source, *values]), reading, what, source)
    except Invalid:
        return
    assert taken == tuple(values)
    assert all(0 <= value < 2**64 if isinstance(value, int) else value.encode() for value in values) or "" in values


def test_times_at_the_ends_of_the_calendar_are_answered(running: RunningPlatforms, api: Api, mariadb: MariaDb) -> None:
    for caller, path in _both(running, api, mariadb):
        all_of_them = every(caller, f"{path}/deals", limit=200)
        ends = "from=0001-01-01T00:00:00%2B14:00&to=9999-12-31T23:59:59-12:00"
        assert every(caller, f"{path}/deals?{ends}", limit=200) == all_of_them
        turned = "from=9999-12-31T23:59:59-12:00&to=0001-01-01T00:00:00%2B14:00"
        assert every(caller, f"{path}/deals?{turned}") == []


def test_an_impossible_account_is_not_found(running: RunningPlatforms, api: Api) -> None:
    person, path = with_api(running, api)
    for login in ("0", "-1", str(2**63), "x"):
        refused(person.get(f"{path}/accounts/{login}"), 404, "not-found")
        refused(person.get(f"{path}/deals?login={login}"), 422, "invalid")
    refused(person.get(f"{path}/accounts/{10**17}"), 404, "not-found")


_made: list[Any] = []


def _both(running: RunningPlatforms, api: Api, mariadb: MariaDb) -> list[Any]:
    """Who may read, and the path, of a platform read over the API and of one read from tables; made once."""
    if not _made:
        _made.append(with_api(running, api))
        _made.append(with_database(running, mariadb, mt5_database(mariadb, "reading_questions")))
    return _made
