"""The worker that sends mails: takes what is due, one mail at a time, and has the outcome recorded."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from opentelemetry.trace import SpanKind
from prometheus_client import Counter
from psycopg import OperationalError

from kit.telemetry import tracing
from notifications.deliveries.listener import Listener
from notifications.deliveries.message import MessageBuilder
from notifications.deliveries.queue import LEASE, Delivery
from notifications.deliveries.service import Notifications
from notifications.deliveries.smtp import MailServer
from notifications.mails.service import Mails
from notifications.outcomes import OutcomeUnknown, RetryLater, SecretUnavailable, Undeliverable

_POLL_SECONDS = 2.0  # a wake-up is only a hint
_DATABASE_RETRY_SECONDS = 0.5
_SHUTDOWN_SECONDS = 2.5  # for the mail that is being sent when the service stops
MAILS = Counter("tradehall_mails_total", "Attempts to send a mail.", ["template", "outcome"])


class Sender:
    """Sends one mail at a time, so that a process that dies leaves at most one with an unknown outcome."""

    def __init__(
        self, notifications: Notifications, mails: Mails, messages: MessageBuilder, server: MailServer
    ) -> None:
        self._notifications = notifications
        self._mails = mails
        self._messages = messages
        self._server = server
        self._wake = asyncio.Event()
        self._log = logging.getLogger("notifications.sender")

    async def run(self) -> None:
        """Send until cancelled; a mail that is being sent then is finished, if that is quick."""
        loop = asyncio.get_running_loop()
        listener = Listener(self._notifications.database, partial(loop.call_soon_threadsafe, self._wake.set))
        listener.start()
        try:
            while True:
                self._wake.clear()
                if not await _finished(self._step()):
                    await self._wait()
        finally:
            await asyncio.to_thread(listener.stop)

    async def step(self) -> bool:
        """Attempt the next mail that is due; False where none is."""
        delivery = await asyncio.to_thread(self._notifications.take)
        if delivery is None:
            return False
        about = {"tradehall.mail": delivery.template}
        async with self._lease_renewed(delivery):
            with tracing.following(delivery.traceparent, "mail", SpanKind.CONSUMER, about) as span:
                outcome = await self._attempt(delivery)
                span.set_attribute("tradehall.outcome", outcome)
        MAILS.labels(delivery.template, outcome).inc()
        return True

    async def _step(self) -> bool:
        try:
            return await self.step()
        except OperationalError as error:
            self._log.warning("sending waits for the database: %s", type(error).__name__)
            await asyncio.sleep(_DATABASE_RETRY_SECONDS)
            return False

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            # Not wait_for: up to Python 3.11 it can hide the cancellation that ends this task (gh-86296).
            async with asyncio.timeout(_POLL_SECONDS):
                await self._wake.wait()

    @asynccontextmanager
    async def _lease_renewed(self, delivery: Delivery) -> AsyncIterator[None]:
        """Renew the lease for as long as the attempt lasts."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(LEASE.total_seconds() / 3)
                with suppress(OperationalError):
                    await asyncio.to_thread(self._notifications.extend, delivery)

        task = asyncio.create_task(renew())
        try:
            yield
        finally:
            task.cancel()

    async def _attempt(self, delivery: Delivery) -> str:
        """Make one attempt and record it. Returns its outcome for the metric."""
        try:
            return await self._send(delivery)
        except Undeliverable as error:
            return await self._give_up(delivery, error.reason)
        except SecretUnavailable as error:
            await self._record(partial(self._notifications.secret_unavailable, delivery, error.reason))
            return "spent"
        except RetryLater as error:
            return await self._retry_later(delivery, error.reason)
        except OutcomeUnknown as error:
            self._log.warning("the outcome of mail %s is unknown; it is sent again", delivery.notification_id)
            await self._record(partial(self._notifications.outcome_unknown, delivery, error.reason))
            return "outcome-unknown"
        except OperationalError:
            raise  # the lease expires by itself
        except Exception:
            self._log.exception("mail %s cannot be composed", delivery.notification_id)
            return await self._retry_later(delivery, "internal-error")

    async def _send(self, delivery: Delivery) -> str:
        context = self._mails.context(delivery.template, delivery.context)
        if self._notifications.clock() >= context.send_before:
            return await self._give_up(delivery, delivery.last_error or "too-late")
        mail = await self._mails.compose(delivery.template, context)
        message = self._messages.build(delivery.notification_id, mail, self._notifications.clock())

        async def may_send() -> bool:
            return await asyncio.to_thread(self._notifications.sending, delivery)

        async def on_accepted() -> None:
            await self._record(partial(self._notifications.sent, delivery))

        server: tracing.Attributes = {"server.address": self._server.host, "server.port": self._server.port}
        with tracing.span("SMTP", SpanKind.CLIENT, server):
            await self._server.send(message, may_send, on_accepted)
        return "sent"

    async def _give_up(self, delivery: Delivery, reason: str) -> str:
        self._log.warning("mail %s (%s) is given up: %s", delivery.notification_id, delivery.template, reason)
        await self._record(partial(self._notifications.failed, delivery, reason))
        return "failed"

    async def _retry_later(self, delivery: Delivery, reason: str) -> str:
        self._log.info("mail %s (%s) waits: %s", delivery.notification_id, delivery.template, reason)
        await self._record(partial(self._notifications.retry_later, delivery, reason))
        return "put-off"

    async def _record(self, work: Callable[[], None]) -> None:
        """Record what happened, however long the database is unavailable."""
        while True:
            try:
                await asyncio.to_thread(work)
                return
            except OperationalError as error:
                self._log.warning("recording waits for the database: %s", type(error).__name__)
                await asyncio.sleep(_DATABASE_RETRY_SECONDS)


async def _finished(step: Coroutine[Any, Any, bool]) -> bool:
    """The step's result. On cancellation, the step gets a short time to finish."""
    task = asyncio.create_task(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=_SHUTDOWN_SECONDS)
        task.cancel()
        raise
