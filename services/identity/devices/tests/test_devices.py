"""Known browsers, their names, and notifications of new devices."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from identity.devices.service import REMEMBERED, device_name
from identity.passwords.tests.test_passwords import NEW, reset_token
from identity.sessions.domain import UserSession
from identity.tests.container import PASSWORD, ContainerFixture
from testing.clock import Clock

ANN = "ann@example.com"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
            "Safari/537.36 Edg/126.0.2592.87",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
            "Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "CriOS/126.0.6478.35 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 "
            "Chrome/121.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("curl/8.5.0", "curl"),
        ("python-httpx2/0.28.1", "A Python program"),
        ("SomethingElse/1.0 (Windows NT 10.0)", "A browser on Windows"),
        ("test", None),
        ("", None),
        (None, None),
    ],
)
def test_a_device_is_named_after_browser_and_system(agent: str | None, name: str | None) -> None:
    assert device_name(agent) == name


def test_a_forged_device_cookie_is_ignored(parts: ContainerFixture) -> None:
    device = uuid4()
    cookie = parts.devices.cookie(device)
    assert parts.devices.read(cookie) == device
    other = parts.devices.cookie(uuid4())
    for forged in ("", "thd_", "é", "x" * 5000, cookie[:-1], cookie + "A", cookie[:20] + other[20:], str(device)):
        assert parts.devices.read(forged) is None


def sign_ins(parts: ContainerFixture) -> list[tuple[bool, str | None]]:
    """(new_device, device) of each sign-in, as stored."""
    events: list[Any] = [each.event for each in parts.store.read(0, 1000)]
    return [(each.new_device, each.device) for each in events if isinstance(each, UserSession.SignedIn)]


def is_known(parts: ContainerFixture, device: UUID, user_id: UUID) -> bool:
    row = parts.database.one("SELECT email_hash FROM people WHERE id = %s", (user_id,))
    assert row is not None
    return parts.devices.is_known_by(device, row["email_hash"])


def sign_in(parts: ContainerFixture, device: UUID | None, password: str = PASSWORD) -> None:
    parts.sign_in.with_password(ANN, password, "10.0.0.1", FIREFOX, device)


def test_only_a_new_device_is_reported_to_the_owner(parts: ContainerFixture) -> None:
    first, second = uuid4(), uuid4()
    parts.registered(ANN)
    session, _ = parts.sign_in.with_password(ANN, parts.one_time_password(ANN), None, FIREFOX, first)
    parts.passwords.choose(session, PASSWORD)
    for device in (first, second, second, first):
        sign_in(parts, device)
    told = "Firefox on Linux"
    assert sign_ins(parts) == [(False, told), (False, told), (True, told), (False, told), (False, told)]


def test_the_first_sign_in_after_an_invitation_is_not_reported(parts: ContainerFixture) -> None:
    user_id = parts.passwords.choose_invited(ANN, PASSWORD)
    parts.sessions.start(user_id, "invitation", None, None, uuid4())
    assert sign_ins(parts) == [(False, None)]


def test_reports_of_new_devices_are_limited(parts: ContainerFixture) -> None:
    parts.with_password(ANN)
    for _ in range(15):
        sign_in(parts, uuid4())
    assert sum(is_new for is_new, _ in sign_ins(parts)) == 10


def test_a_device_is_known_to_its_user_only(parts: ContainerFixture) -> None:
    device = uuid4()
    ann, _ = parts.with_password(ANN)
    bob, _ = parts.with_password("bob@example.com")
    sign_in(parts, device)
    assert is_known(parts, device, ann.user_id)
    assert not is_known(parts, device, bob.user_id)


def test_a_new_password_forgets_all_other_devices(parts: ContainerFixture) -> None:
    here, elsewhere = uuid4(), uuid4()
    session, _ = parts.with_password(ANN)
    sign_in(parts, here)
    sign_in(parts, elsewhere)
    parts.passwords.reset(reset_token(parts, ANN), NEW, here)
    assert is_known(parts, here, session.user_id)
    assert not is_known(parts, elsewhere, session.user_id)
    sign_in(parts, elsewhere, NEW)
    current, _ = parts.sign_in.with_password(ANN, NEW, None, None, elsewhere)
    parts.passwords.change(session.user_id, NEW, PASSWORD, current.id)
    assert not is_known(parts, here, session.user_id)
    assert is_known(parts, elsewhere, session.user_id)


def test_devices_expire_and_at_most_fifty_are_kept(parts: ContainerFixture, clock: Clock) -> None:
    session, _ = parts.with_password(ANN)
    for _ in range(55):
        clock.forward(timedelta(seconds=1))
        parts.devices.note(uuid4(), session.user_id)
    row = parts.database.one("SELECT count(*) AS known FROM devices")
    assert row == {"known": 50}
    clock.forward(REMEMBERED + timedelta(minutes=1))
    parts.devices.delete_expired()
    assert parts.database.one("SELECT FROM devices") is None
