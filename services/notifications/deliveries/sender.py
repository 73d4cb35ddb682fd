"""Sends mails: takes what is due, one mail at a time, and has the outcome recorded."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from opentelemetry.trace import SpanKind
from prometheus_client import Counter
from psycopg import OperationalError

from kit.telemetry import tracing
from notifications.deliveries.message import MessageBuilder
from notifications.deliveries.queue import LEASE, Delivery
from notifications.deliveries.service import Notifications
from notifications.deliveries.smtp import MailServer
from notifications.mails.service import Mails
from notifications.outcomes import OutcomeUnknown, RetryLater, SecretUnavailable, Undeliverable

_DATABASE_RETRY_SECONDS = 0.5
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
        self._log = logging.getLogger("notifications.sender")

    async def step(self) -> bool:
        """Attempt the next mail that is due; False where none is. `kit.db.worker.Worker` repeats it."""
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
