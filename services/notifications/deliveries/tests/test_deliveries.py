"""The table of notifications, and the queue."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

from contracts.identity import UserPasswordChanged
from kit.eventstore.rebuild import Rebuilt, rebuild
from kit.eventstore.store import Recorded
from notifications.tests.smtp_server import FakeSmtpServer
from notifications.tests.world import World


def _three_mails(world: World, smtp_server: FakeSmtpServer) -> None:
    """One sent, one failed, one that waits."""
    for answer in (None, "550 no", "450 later"):
        smtp_server.to_recipient = answer
        world.hears(UserPasswordChanged(user_id=world.meets(), how="changed"))
        world.sends()


def test_the_table_shows_the_state_of_each_mail(world: World, smtp_server: FakeSmtpServer) -> None:
    _three_mails(world, smtp_server)
    waiting, failed, sent = world.rows()
    assert (sent.state, sent.reason, sent.attempts, sent.due_at) == ("sent", None, 1, None)
    assert (failed.state, failed.reason) == ("failed", "smtp-550")
    assert failed.ended_at is not None
    assert (waiting.state, waiting.reason, waiting.ended_at) == ("requested", "smtp-450", None)
    assert waiting.due_at is not None
    assert waiting.due_at > world.clock()
    assert [row.id for row in world.views.latest(state="failed")] == [failed.id]
    assert world.views.find(sent.id) == sent
    assert world.views.find(uuid4()) is None


def test_the_table_is_the_same_after_a_rebuild(world: World, smtp_server: FakeSmtpServer) -> None:
    _three_mails(world, smtp_server)
    before = world.rows()
    assert rebuild(world.app) == Rebuilt(5, {})
    assert world.rows() == before


def test_a_mail_is_taken_by_one_worker(world: World) -> None:
    for _ in range(20):
        world.hears(UserPasswordChanged(user_id=uuid4(), how="changed"))
    with ThreadPoolExecutor(8) as pool:
        taken = [delivery for delivery in pool.map(lambda _: world.app.take(), range(40)) if delivery]
    assert len(taken) == len({delivery.notification_id for delivery in taken}) == 20


def test_a_finished_mail_leaves_the_queue(world: World) -> None:
    world.hears(UserPasswordChanged(user_id=world.meets(), how="changed"))
    world.sends()
    assert world.database.all("SELECT * FROM deliveries") == []


def test_a_worker_that_lost_its_lease_records_nothing(world: World) -> None:
    world.hears(UserPasswordChanged(user_id=world.meets(), how="changed"))
    frozen = world.app.take()
    assert frozen is not None
    world.clock.forward(timedelta(seconds=7))
    taken = world.app.take()
    assert taken is not None
    world.app.failed(frozen, "smtp-550")
    world.app.outcome_unknown(frozen, "smtp-broke-off")
    world.app.retry_later(frozen, "smtp-450")
    world.app.extend(frozen)
    assert (world.row().state, world.row().reason, world.row().outcome_unknown) == ("requested", None, False)
    world.app.sent(taken)
    assert (world.row().state, world.row().attempts) == ("sent", 2)


def test_an_attempt_that_takes_long_keeps_its_lease(world: World) -> None:
    world.hears(UserPasswordChanged(user_id=world.meets(), how="changed"))
    delivery = world.app.take()
    assert delivery is not None
    for _ in range(3):
        world.clock.forward(timedelta(seconds=4))
        world.app.extend(delivery)
        assert world.app.take() is None


def test_the_log_is_read_in_order(world: World) -> None:
    world.hears(UserPasswordChanged(user_id=world.meets(), how="changed"))
    world.sends()
    log: list[Recorded] = world.app.read(0, 10)
    assert [one.version for one in log] == [1, 2]
