"""The login throttle: delays, exceptions, and no disclosure of accounts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from argon2 import extract_parameters

from identity.container import Container
from identity.login_throttle.service import FREE, FREE_EVERYWHERE, OF_A_NETWORK, OF_ALL, TooManyAttempts
from identity.passwords.domain import WrongPassword
from identity.passwords.hashing import Hashing
from identity.passwords.tests.test_passwords import NEW, reset_token
from identity.sign_in.service import WrongCredentials
from identity.tests.container import PASSWORD, ContainerFixture, settings
from identity.users.domain import OneTimePasswordSpent
from kit.db.database import Database
from kit.security.keys import MasterKey
from testing.clock import Clock
from testing.timing import assert_same_time

ANN, BOB = "ann@example.com", "bob@example.com"
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


def guess(parts: Container, email: str = ANN, address: str = HERE, device: UUID | None = None) -> None:
    """Try a wrong password that is not throttled."""
    with pytest.raises(WrongCredentials):
        parts.sign_in.with_password(email, "a wrong password", address, None, device)


def refused(parts: Container, email: str = ANN, address: str = HERE, password: str = PASSWORD) -> int:
    """For how many seconds, the right password too."""
    with pytest.raises(TooManyAttempts) as refusal:
        parts.sign_in.with_password(email, password, address, None)
    return int(refusal.value.headers["Retry-After"])


@pytest.mark.parametrize("email", [ANN, "nobody@example.com", "no address"])
def test_after_five_failures_there_is_a_delay_that_rises_to_a_quarter_of_an_hour(
    parts: ContainerFixture, clock: Clock, email: str
) -> None:
    parts.with_password(ANN)
    for _ in range(FREE):
        guess(parts, email)
    delays = []
    for _ in range(8):
        delays.append(refused(parts, email))
        clock.forward(timedelta(seconds=delays[-1] - 1))
        assert refused(parts, email) == 1
        clock.forward(timedelta(seconds=1))
        guess(parts, email)
    assert delays == [15, 30, 60, 120, 240, 480, 900, 900]
    clock.forward(timedelta(days=1, minutes=1))
    parts.login_throttle.delete_expired()
    for _ in range(FREE):
        guess(parts, email)
    assert refused(parts, email) == 15


def test_a_throttled_attempt_hashes_nothing_and_has_retry_after(parts: ContainerFixture) -> None:
    for _ in range(FREE):
        guess(parts)
    with patch.object(Hashing, "_fits") as slow, pytest.raises(TooManyAttempts) as refusal:
        parts.sign_in.with_password(ANN, "another", HERE, None)
    assert slow.call_count == 0
    assert refusal.value.detail == "Try again in 15 seconds."


def test_the_right_password_resets_the_count(parts: ContainerFixture) -> None:
    parts.with_password(ANN)
    for _ in range(2):
        for _ in range(FREE - 1):
            guess(parts)
        parts.sign_in.with_password(ANN, PASSWORD, HERE, None)
    assert parts.database.one("SELECT FROM guesses WHERE place <> 'everywhere'") is None


def test_others_and_other_networks_are_not_delayed(parts: ContainerFixture) -> None:
    parts.with_password(ANN)
    parts.with_password(BOB)
    for _ in range(FREE):
        guess(parts)
    refused(parts)
    parts.sign_in.with_password(ANN, PASSWORD, ELSEWHERE, None)
    parts.sign_in.with_password(BOB, PASSWORD, HERE, None)
    refused(parts)


def test_concurrent_attempts_are_throttled_too(parts: ContainerFixture) -> None:
    """Concurrent attempts, as from many replicas: all counters are in the database."""

    def is_let_in(_: int) -> bool:
        try:
            parts.sign_in.with_password(ANN, "a wrong password", HERE, None)
        except TooManyAttempts:
            return False
        except WrongCredentials:
            return True
        raise AssertionError

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(is_let_in, range(40))) == FREE


def test_replicas_count_together(database: Database, postgres_dsn: str, clock: Clock) -> None:
    same, other = settings("postgresql://unused"), Database(postgres_dsn)
    other.open()
    try:
        replicas = [Container(same, each, MasterKey(same.master_key), clock) for each in (database, other)]
        for number in range(FREE):
            guess(replicas[number % 2])
        assert [refused(each) for each in replicas] == [15, 15]
    finally:
        other.close()


def test_the_owner_on_a_known_browser_is_not_locked_out_by_failures_of_others(
    parts: ContainerFixture, clock: Clock
) -> None:
    device = uuid4()
    parts.with_password(ANN)
    parts.sign_in.with_password(ANN, PASSWORD, HERE, None, device)
    for number in range(FREE_EVERYWHERE):
        guess(parts, address=f"192.0.2.{number}")
    assert refused(parts, address=ELSEWHERE) == 15
    for _ in range(OF_A_NETWORK.most):
        parts.limiter.try_hit(OF_A_NETWORK, HERE)
    assert refused(parts, email=BOB) == 12
    parts.sign_in.with_password(ANN, PASSWORD, HERE, None, device)
    refused(parts)
    # The browser of somebody else is no better than any other.
    with pytest.raises(TooManyAttempts):
        parts.sign_in.with_password(BOB, PASSWORD, HERE, None, device)


def test_attempts_on_a_known_browser_are_limited_too(parts: ContainerFixture) -> None:
    device = uuid4()
    parts.with_password(ANN)
    parts.sign_in.with_password(ANN, PASSWORD, HERE, None, device)
    for _ in range(FREE):
        guess(parts, device=device)
    with pytest.raises(TooManyAttempts):
        parts.sign_in.with_password(ANN, PASSWORD, HERE, None, device)
    parts.sign_in.with_password(ANN, PASSWORD, HERE, None)


def test_a_network_that_fails_everywhere_is_refused_everywhere(parts: ContainerFixture, clock: Clock) -> None:
    with patch.object(Hashing, "_fits", return_value=False):
        for number in range(OF_A_NETWORK.most):
            guess(parts, f"{number}@example.com")
    assert refused(parts, "new@example.com") == 12
    guess(parts, "new@example.com", ELSEWHERE)
    clock.forward(timedelta(seconds=12))
    guess(parts, "new@example.com")


def test_failures_from_everywhere_for_everybody_are_refused_but_on_known_browsers(
    parts: ContainerFixture, clock: Clock
) -> None:
    device = uuid4()
    parts.with_password(ANN)
    parts.sign_in.with_password(ANN, PASSWORD, HERE, None, device)
    parts.limiter.try_hit(replace(OF_ALL, most=1, each=OF_ALL.all), "all")
    for email in (ANN, "nobody@example.com"):
        assert refused(parts, email, ELSEWHERE) == 1
    parts.sign_in.with_password(ANN, PASSWORD, ELSEWHERE, None, device)
    clock.forward(OF_ALL.each)
    guess(parts, BOB)
    assert refused(parts, BOB, ELSEWHERE) == 1


def test_a_password_reset_ends_the_delay(parts: ContainerFixture) -> None:
    parts.with_password(ANN)
    for _ in range(FREE):
        guess(parts)
    token = reset_token(parts, ANN)
    refused(parts)
    parts.passwords.reset(token, NEW)
    parts.sign_in.with_password(ANN, NEW, HERE, None)


def test_an_operator_ends_the_delay_of_a_lock(parts: ContainerFixture, clock: Clock) -> None:
    session, _ = parts.with_password(ANN)
    for address in (HERE, ELSEWHERE):
        for _ in range(FREE):
            guess(parts, address=address)
        for _ in range(FREE):
            guess(parts, "nobody@example.com", address)
    clock.forward(timedelta(seconds=2))
    while parts.work_one():
        pass
    assert parts.events().count("Locked") == 1
    parts.login_throttle.unlock(session.user_id)
    parts.login_throttle.unlock(session.user_id)
    assert parts.events().count("Unlocked") == 1
    parts.sign_in.with_password(ANN, PASSWORD, HERE, None)
    assert not parts.work_one()


def test_running_and_successful_attempts_make_no_lock(parts: ContainerFixture, clock: Clock) -> None:
    parts.with_password(ANN)
    for _ in range(FREE - 1):
        guess(parts)
    attempt = parts.login_throttle.sign_in(ANN, HERE, None)
    assert not parts.work_one()
    parts.login_throttle.succeeded(attempt)
    clock.forward(timedelta(seconds=2))
    assert not parts.work_one()


def test_a_used_one_time_password_is_no_failure(parts: ContainerFixture) -> None:
    parts.registered(ANN)
    mailed = parts.one_time_password(ANN)
    parts.sign_in.with_password(ANN, mailed, HERE, None)
    for _ in range(2 * FREE):
        with pytest.raises(OneTimePasswordSpent):
            parts.sign_in.with_password(ANN, mailed, HERE, None)


def test_guessing_the_current_password_is_throttled(parts: ContainerFixture, clock: Clock) -> None:
    session, _ = parts.with_password(ANN)
    for _ in range(FREE):
        with pytest.raises(WrongPassword):
            parts.passwords.change(session.user_id, "a wrong password", NEW, session.id)
    with pytest.raises(TooManyAttempts):
        parts.passwords.change(session.user_id, PASSWORD, NEW, session.id)
    parts.sign_in.with_password(ANN, PASSWORD, HERE, None)
    clock.forward(timedelta(seconds=15))
    parts.passwords.change(session.user_id, PASSWORD, NEW, session.id)


def test_the_counts_hold_no_readable_address(parts: ContainerFixture) -> None:
    guess(parts)
    rows = str(parts.database.all("SELECT * FROM guesses")) + str(parts.database.all("SELECT * FROM limits"))
    assert ANN not in rows
    assert HERE not in rows


KINDS = ("with-password", "registered-only", "unknown")


def person(parts: ContainerFixture, kind: str, number: int = 0) -> str:
    """The address of somebody of that kind."""
    email = f"{kind}-{number}@example.com"
    if kind == "with-password":
        parts.with_password(email)
    elif kind == "registered-only":
        parts.registered(email)
    return email


def test_known_and_unknown_addresses_cost_the_same_hash(database: Database, clock: Clock) -> None:
    """One, with the same parameters, of which its time depends alone."""
    parts = ContainerFixture(database, clock, hashing=Hashing())
    hashes_of_today = extract_parameters(parts.hashing.hash(PASSWORD))
    costs = {}
    for email in [person(parts, kind) for kind in KINDS]:
        with patch.object(Hashing, "_fits", autospec=True, side_effect=Hashing._fits) as slow:
            guess(parts, email)
        costs[email] = [extract_parameters(call.args[1]) for call in slow.call_args_list]
    assert all(each == [hashes_of_today] for each in costs.values()), costs


@pytest.mark.parametrize("kind", KINDS[:2])
def test_known_and_unknown_addresses_cost_the_same_time(parts: ContainerFixture, kind: str) -> None:
    """Hashes, which cost the same, are quick ones here, so that the rest is seen beside them. Each attempt comes from
    an address of its own, and nobody fails a hundred times, so that none is refused."""
    known = [person(parts, kind, number) for number in range(8)]
    unknown = [person(parts, "unknown", number) for number in range(8)]
    assert_same_time(
        lambda pair: guess(parts, known[pair % 8], str(uuid4())),
        lambda pair: guess(parts, unknown[pair % 8], str(uuid4())),
        within=0.001,
        most=600,
        what=f"an address {kind}",
    )
