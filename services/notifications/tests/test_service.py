"""The whole service as a process: from events on the bus to mails, through kills, and back to the bus."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import nats.js.errors
import pytest
from nats.js.api import StreamConfig

from contracts.envelope import Envelope
from contracts.event import Event
from contracts.identity import UserPasswordChanged, UserRegistered
from contracts.notifications import NotificationSent
from contracts.streams import STREAMS
from embedded.nats import Nats
from embedded.ports import free_port
from notifications.tests.fake_answers import PASSWORD, Answers, connect
from notifications.tests.smtp_server import FakeSmtpServer
from notifications.tests.world import BUS_PASSWORD, MASTER, PUBLIC_URL, Source
from testing import plain_http
from testing.waiting import wait_until


class Process:
    """`python -m notifications`, configured by its environment."""

    def __init__(self, dsn: str, nats_url: str, smtp_server: FakeSmtpServer, log: Path) -> None:
        self.port = free_port()
        self._log = log
        self._environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "TRADEHALL_SERVICE_PORT": str(self.port),
            "TRADEHALL_POSTGRES_DSN": dsn,
            "TRADEHALL_NATS_URL": nats_url,
            "TRADEHALL_NATS_PASSWORD": BUS_PASSWORD,
            "TRADEHALL_MASTER_KEY": MASTER,
            "TRADEHALL_PUBLIC_URL": PUBLIC_URL,
            "TRADEHALL_SMTP_HOST": "127.0.0.1",
            "TRADEHALL_SMTP_PORT": str(smtp_server.port),
            "TRADEHALL_SMTP_TLS": "off",
            "TRADEHALL_MAIL_FROM": "no-reply@hall.example",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "notifications"], env=self._environment, stdout=log, stderr=log
            )
        wait_until(self._ready, 40, "the service")

    def tell(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def ended(self) -> int:
        """Wait for the end; answers the exit code, which is the signal's, negated, if one was the reason."""
        assert self._process is not None
        return self._process.wait(5)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    @property
    def log(self) -> str:
        """All that was written."""
        return self._log.read_text()

    def answers(self) -> bool:
        """Whether anybody listens."""
        with suppress(httpx2.HTTPError):
            return bool(plain_http.get(f"http://127.0.0.1:{self.port}/livez"))
        return False

    def _ready(self) -> bool:
        with suppress(httpx2.HTTPError):
            return plain_http.get(f"http://127.0.0.1:{self.port}/readyz").status_code == 200
        return False


class Streams:
    """The streams of identity and organizations, and what is published to ours."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._identity = Source(lambda: datetime.now(UTC))
        asyncio.run(self._declare())

    def say(self, *events: Event) -> None:
        """Publish events of identity."""
        asyncio.run(self._publish([self._identity.says(event) for event in events]))

    def published(self) -> list[Envelope]:
        """What the service has published."""
        return asyncio.run(self._read())

    async def _declare(self) -> None:
        for context in ("identity", "organizations"):
            stream = STREAMS[context]
            async with await connect(self._url, context) as connection:
                config = StreamConfig(name=stream.name, subjects=list(stream.subjects))
                await connection.jetstream().add_stream(config)

    async def _publish(self, messages: list[bytes]) -> None:
        async with await connect(self._url, "identity") as connection:
            for message in messages:
                await connection.jetstream().publish(Envelope.parse(message).bus_subject, message)

    async def _read(self) -> list[Envelope]:
        async with await connect(self._url, "notifications") as connection:
            stream = connection.jetstream()
            try:
                info = await stream.stream_info("NOTIFICATIONS")
            except nats.js.errors.NotFoundError:
                return []
            found: list[Any] = [
                await stream.get_msg("NOTIFICATIONS", number) for number in range(1, info.state.last_seq + 1)
            ]
            return [Envelope.parse(message.data) for message in found]


@pytest.fixture
def streams(bus_server: Nats) -> Streams:
    return Streams(bus_server.url)


@pytest.fixture
def process(
    postgres_dsn: str, bus_server: Nats, streams: Streams, smtp_server: FakeSmtpServer, tmp_path: Path
) -> Iterator[Process]:
    made = Process(postgres_dsn, bus_server.url, smtp_server, tmp_path / "notifications.log")
    yield made
    made.close()


def _invited(user_id: UUID) -> UserRegistered:
    return UserRegistered(user_id=user_id, email="ada@mail.example", name=None, via="invitation")


def test_an_event_on_the_bus_becomes_a_mail_and_an_event(
    process: Process, streams: Streams, answers: Answers, smtp_server: FakeSmtpServer
) -> None:
    process.start()
    registered = UserRegistered(
        user_id=uuid4(),
        email="ada@mail.example",
        name=None,
        via="registration",
        generation=1,
        expires_at=datetime(2100, 1, 1, tzinfo=UTC),
    )
    streams.say(registered)
    assert smtp_server.arrived.wait(10)
    [envelope] = wait_until(streams.published)
    assert isinstance(envelope.data, NotificationSent)
    assert not envelope.data.outcome_unknown
    assert PASSWORD in smtp_server.only().text
    process.tell(signal.SIGTERM)
    assert process.ended() == -signal.SIGTERM
    assert PASSWORD not in process.log
    assert "ada@mail.example" not in process.log


def test_a_process_killed_while_sending_sends_again_with_the_same_id(
    process: Process, streams: Streams, smtp_server: FakeSmtpServer
) -> None:
    smtp_server.holds = True
    process.start()
    user_id = uuid4()
    streams.say(
        _invited(user_id),
        UserPasswordChanged(user_id=user_id, how="changed"),
        UserPasswordChanged(user_id=user_id, how="reset"),
    )
    assert smtp_server.arrived.wait(10)
    process.tell(signal.SIGKILL)
    process.ended()
    smtp_server.released.set()
    process.start()
    published = wait_until(lambda: streams.published() if len(streams.published()) == 2 else [], 20)
    events = [envelope.data for envelope in published if isinstance(envelope.data, NotificationSent)]
    assert sorted(event.outcome_unknown for event in events) == [False, True]
    repeated = next(event for event in events if event.outcome_unknown)
    ids = [letter.message["Message-ID"] for letter in smtp_server.letters]
    assert len(ids) == 3
    assert ids.count(f"<{repeated.notification_id}@hall.example>") == 2


def test_a_terminated_process_finishes_the_mail_that_it_sends(
    process: Process, streams: Streams, smtp_server: FakeSmtpServer
) -> None:
    smtp_server.holds = True
    process.start()
    user_id = uuid4()
    streams.say(_invited(user_id), UserPasswordChanged(user_id=user_id, how="changed"))
    assert smtp_server.arrived.wait(10)
    process.tell(signal.SIGTERM)
    wait_until(lambda: not process.answers())
    smtp_server.released.set()
    process.ended()
    process.start()
    [envelope] = wait_until(streams.published)
    assert isinstance(envelope.data, NotificationSent)
    assert not envelope.data.outcome_unknown
    assert len(smtp_server.letters) == 1


def test_two_replicas_send_each_mail_once(
    process: Process, streams: Streams, smtp_server: FakeSmtpServer, postgres_dsn: str, bus_server: Nats, tmp_path: Path
) -> None:
    other = Process(postgres_dsn, bus_server.url, smtp_server, tmp_path / "other.log")
    try:
        process.start()
        other.start()
        user_id = uuid4()
        changed = UserPasswordChanged(user_id=user_id, how="changed")
        streams.say(_invited(user_id), *[changed] * 30)
        wait_until(lambda: len(smtp_server.letters) == 30, 60)
        wait_until(lambda: len(streams.published()) == 30, 20)
        ids = [letter.message["Message-ID"] for letter in smtp_server.letters]
        assert len(ids) == len(set(ids)) == 30
    finally:
        other.close()


def test_a_missing_setting_stops_the_service_with_a_sentence() -> None:
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-m", "notifications"], env=environment, capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert b"TRADEHALL_SMTP_HOST" in done.stderr
    assert b"Traceback" not in done.stderr
