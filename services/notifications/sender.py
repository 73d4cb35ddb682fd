"""The worker that sends: takes what is due, one mail at a time, and has it recorded what became of it."""

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
from notifications.application import Notifications
from notifications.composing import Composer, NoLonger, NotYet, Spent
from notifications.deliveries import LEASE, Delivery
from notifications.messages import Letterhead, UnusableAddress
from notifications.rendering import render
from notifications.smtp import BrokeOff, MailServer, Refused, Unreached
from notifications.wakes import Wakes

_TIMER = 2.0  # seconds; a wake-up is only a hint
_PAUSE = 0.5  # seconds before another try while the database is away
_FAREWELL = 2.5  # seconds for the mail at hand when the service ends
MAILS = Counter("tradehall_mails_total", "Attempts to send a mail.", ["template", "outcome"])


class Sender:
    """One mail at a time, so that a process that dies leaves at most one in doubt."""

    def __init__(self, app: Notifications, composer: Composer, letterhead: Letterhead, server: MailServer) -> None:
        self._app = app
        self._composer = composer
        self._letterhead = letterhead
        self._server = server
        self._wake = asyncio.Event()
        self._log = logging.getLogger("notifications.sender")

    async def run(self) -> None:
        """Send until cancelled; the mail at hand is finished, if that goes quickly."""
        loop = asyncio.get_running_loop()
        wakes = Wakes(self._app.database, partial(loop.call_soon_threadsafe, self._wake.set))
        wakes.start()
        try:
            while True:
                self._wake.clear()
                if not await _finished(self._step()):
                    await self._rest()
        finally:
            await asyncio.to_thread(wakes.stop)

    async def step(self) -> bool:
        """Attempt the next mail that is due; False when there is none."""
        delivery = await asyncio.to_thread(self._app.take)
        if delivery is None:
            return False
        about = {"tradehall.mail": delivery.template}
        async with self._extended(delivery):
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
            await asyncio.sleep(_PAUSE)
            return False

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            # Not wait_for: up to Python 3.11 it can hide the cancellation that ends this task (gh-86296).
            async with asyncio.timeout(_TIMER):
                await self._wake.wait()

    @asynccontextmanager
    async def _extended(self, delivery: Delivery) -> AsyncIterator[None]:
        """Hold the lease for as long as the attempt takes."""

        async def extend() -> None:
            while True:
                await asyncio.sleep(LEASE.total_seconds() / 3)
                with suppress(OperationalError):
                    await asyncio.to_thread(self._app.extend, delivery)

        task = asyncio.create_task(extend())
        try:
            yield
        finally:
            task.cancel()

    async def _attempt(self, delivery: Delivery) -> str:
        """One attempt, recorded; answers its outcome for the metric."""
        if self._app.clock() >= delivery.occasion.over_at:
            return await self._give_up(delivery, delivery.last_error or "too-late")
        try:
            await self._send(delivery)
            return "sent"
        except (NoLonger, Refused) as error:
            return await self._give_up(delivery, str(error))
        except Spent as error:
            await self._recorded(partial(self._app.spent, delivery, str(error)))
            return "spent"
        except UnusableAddress:
            return await self._give_up(delivery, "unusable-address")
        except (NotYet, Unreached) as error:
            return await self._put_off(delivery, str(error))
        except BrokeOff:
            self._log.warning("whether mail %s is out is unknown; it is sent again", delivery.notification_id)
            await self._recorded(lambda: self._app.broke_off(delivery, BrokeOff.reason))
            return "outcome-unknown"
        except OperationalError:
            raise  # the lease ends by itself
        except Exception:
            self._log.exception("mail %s cannot be made", delivery.notification_id)
            return await self._put_off(delivery, "internal-error")

    async def _send(self, delivery: Delivery) -> None:
        content = await self._composer.compose(delivery)
        mail = self._letterhead.mail(delivery.notification_id, content.address, render(content), self._app.clock())

        async def going_out() -> bool:
            return await asyncio.to_thread(self._app.sending, delivery)

        async def taken() -> None:
            await self._recorded(lambda: self._app.sent(delivery))

        server: tracing.Attributes = {"server.address": self._server.host, "server.port": self._server.port}
        with tracing.span("SMTP", SpanKind.CLIENT, server):
            await self._server.send(mail, going_out, taken)

    async def _give_up(self, delivery: Delivery, reason: str) -> str:
        self._log.warning("mail %s (%s) is given up: %s", delivery.notification_id, delivery.template, reason)
        await self._recorded(lambda: self._app.failed(delivery, reason))
        return "failed"

    async def _put_off(self, delivery: Delivery, reason: str) -> str:
        self._log.info("mail %s (%s) waits: %s", delivery.notification_id, delivery.template, reason)
        await self._recorded(lambda: self._app.later(delivery, reason))
        return "put-off"

    async def _recorded(self, work: Callable[[], None]) -> None:
        """What happened has happened: have it stored, however long the database is away."""
        while True:
            try:
                await asyncio.to_thread(work)
                return
            except OperationalError as error:
                self._log.warning("recording waits for the database: %s", type(error).__name__)
                await asyncio.sleep(_PAUSE)


async def _finished(step: Coroutine[Any, Any, bool]) -> bool:
    """The step's answer; when this is cancelled, the step gets a little time to end."""
    task = asyncio.create_task(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=_FAREWELL)
        task.cancel()
        raise
