"""Which events are published, and as what."""

from uuid import UUID, uuid4

from contracts.envelope import Envelope
from contracts.identity import ClientCreated, UserPasswordChanged
from contracts.notifications import NotificationFailed, NotificationSent
from notifications.deliveries.events import PRIVATE, PUBLICATIONS
from notifications.tests.smtp_server import FakeSmtpServer
from notifications.tests.world import EVENTS, World


def _published(world: World) -> list[Envelope]:
    outgoing = [PUBLICATIONS.message(one, "e1") for one in world.app.read(0, 100)]
    return [Envelope.parse(each.body) for each in outgoing if each]


def test_every_event_is_published_or_private() -> None:
    assert set(PUBLICATIONS) | PRIVATE == EVENTS
    assert not set(PUBLICATIONS) & PRIVATE


def test_a_sent_mail_is_published(world: World) -> None:
    user_id = world.meets()
    world.hears(UserPasswordChanged(user_id=user_id, how="changed"), correlation="request-7")
    assert _published(world) == []
    world.sends()
    [envelope] = _published(world)
    row = world.row()
    assert envelope.data == NotificationSent(
        notification_id=row.id,
        template="password-changed",
        cause="identity-e1-2",
        user_id=user_id,
        attempts=1,
    )
    assert envelope.bus_subject == f"evt.notifications.-.{row.id}.NotificationSent"
    assert (envelope.correlationid, envelope.causationid) == ("request-7", "identity-e1-2")


def test_a_failed_mail_is_published_for_its_organization(world: World, smtp_server: FakeSmtpServer) -> None:
    smtp_server.to_recipient = "550 no"
    user_id, organization_id = world.meets(), uuid4()
    world.recipients.set_organization_name(organization_id, "Acme")
    world.hears(
        ClientCreated(
            client=UUID(int=1),
            client_id="thc_1",
            organization_id=organization_id,
            name="bot",
            scopes=(),
            created_by=user_id,
        )
    )
    world.sends()
    [envelope] = _published(world)
    assert isinstance(envelope.data, NotificationFailed)
    assert (envelope.data.reason, envelope.data.attempts) == ("smtp-550", 1)
    assert envelope.organization == organization_id
