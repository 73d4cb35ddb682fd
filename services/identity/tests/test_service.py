"""The service on a real bus: events, answers, subscriptions, and the pages of invitations."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from contracts import organizations, rpc
from contracts.email import normal
from embedded.nats import Nats
from identity.tests.container import PASSWORD, settings
from identity.tests.running_service import RunningIdentity
from identity.tests.test_pages import heading
from testing.bus import PeerBus
from testing.waiting import wait_until

TOKEN = "the.token-of-an_invitation"
ORGANIZATION = uuid4()


class Others(PeerBus):
    """Replaces organizations and notifications on the real bus."""

    def __init__(self, nats_url: str) -> None:
        super().__init__(nats_url, "organizations")
        self.invitation: rpc.Reply[rpc.Invitation] = rpc.Reply[rpc.Invitation]()
        self.members: list[UUID] = []
        self.needing: tuple[rpc.NamedOrganization, ...] = ()
        self.answer(rpc.INVITATION, self._invitation)
        self.answer(rpc.SOLE_ADMINISTRATOR, self._sole_administrator)
        self.answer(rpc.ACCEPT_INVITATION, self._accept)

    def invite(self, email: str, status: str = "pending") -> str:
        """The path of the link of an invitation."""
        invitation = rpc.Invitation(
            invitation_id=uuid4(),
            organization_id=ORGANIZATION,
            organization_name='Acme <b>"Brokers"</b>',
            email=email,
            status=status,
            invited_by="Ann",
            expires_at=None,
        )
        self.invitation = rpc.Reply[rpc.Invitation](ok=invitation)
        return f"/invitations/{TOKEN}"

    def _invitation(self, asked: rpc.InvitationRequest) -> rpc.Reply[rpc.Invitation]:
        assert asked.token.get_secret_value() == TOKEN
        return self.invitation

    def _sole_administrator(self, _: rpc.SoleAdministratorRequest) -> rpc.Reply[rpc.SoleAdministrator]:
        return rpc.Reply[rpc.SoleAdministrator](ok=rpc.SoleAdministrator(organizations=self.needing))

    def _accept(self, asked: rpc.AcceptInvitationRequest) -> rpc.Reply[rpc.AcceptedInvitation]:
        invitation = self.invitation.ok
        if invitation is None or normal(invitation.email or "") != normal(asked.email):
            return rpc.Reply[rpc.AcceptedInvitation](refused="invitation-for-another-address")
        self.members.append(asked.user_id)
        membership = rpc.Membership(organization_id=ORGANIZATION, user_id=asked.user_id, role="viewer")
        return rpc.Reply[rpc.AcceptedInvitation](ok=rpc.AcceptedInvitation(outcome="joined", membership=membership))


@pytest.fixture
def others(nats_server: Nats) -> Iterator[Others]:
    with Others(nats_server.url) as others:
        yield others


@pytest.fixture
def service(postgres_dsn: str, nats_server: Nats, others: Others) -> Iterator[RunningIdentity]:
    with RunningIdentity(settings(postgres_dsn, nats_server.url)) as service:
        wait_until(lambda: service.browser().get("/readyz").status_code == 200)
        yield service


@pytest.fixture
def ann(service: RunningIdentity) -> TestClient:
    return service.signed_in("ann@example.com")


def test_events_are_published_in_order(service: RunningIdentity, others: Others, ann: TestClient) -> None:
    told = [type(each.data).__name__ for each in others.read("IDENTITY", "evt.identity.>", 4)]
    assert told == ["UserRegistered", "UserEmailVerified", "UserSignedIn", "UserPasswordChanged"]


def test_a_mails_secret_is_given_only_while_the_mail_is_due(service: RunningIdentity, others: Others) -> None:
    service.browser().post("/register", data={"email": "Bob@example.com"})
    user = service.user("bob@example.com")

    def asked(purpose: Any, generation: int, user_id: UUID = user.id) -> rpc.Reply[rpc.MailSecret]:
        question = rpc.MailSecretRequest(purpose=purpose, user_id=user_id, generation=generation)
        reply: rpc.Reply[rpc.MailSecret] = others.ask(rpc.MAIL_SECRET, question)
        return reply

    given = asked("one-time-password", 1).ok
    assert given is not None
    assert (given.value.get_secret_value(), given.email) == (
        service.one_time_password("bob@example.com"),
        "Bob@example.com",
    )
    assert asked("one-time-password", 2).refused == "not-due"
    assert asked("password-reset", 1).refused == "not-due"
    assert asked("one-time-password", 1, uuid4()).refused == "unknown-user"
    form = {"email": "bob@example.com", "password": given.value.get_secret_value()}
    assert service.browser().post("/login", data=form).status_code == 303
    assert asked("one-time-password", 1).refused == "used"
    service.browser().post("/password/forgot", data={"email": "bob@example.com"})
    path = service.reset_path("bob@example.com")
    link = asked("password-reset", 1).ok
    assert link is not None
    assert path.endswith(link.value.get_secret_value())


def test_requests_for_users_and_sessions_are_answered(
    service: RunningIdentity, others: Others, ann: TestClient
) -> None:
    session = service.parts.sessions.find(ann.cookies["tradehall"])
    assert session is not None
    person = others.ask(rpc.USER, rpc.UserRequest(user_id=session.user_id))
    assert person.ok == rpc.User(email="ann@example.com", name=None, verified=True)
    assert others.ask(rpc.USER, rpc.UserRequest(user_id=uuid4())) == rpc.USER.reply()


def test_requests_for_keys_and_clients_are_answered(service: RunningIdentity, others: Others) -> None:
    kinds = {key["alg"] for key in others.ask(rpc.JWKS, rpc.JwksRequest()).ok.keys}
    assert kinds == {"ES256", "RS256"}
    assert others.ask(rpc.CLIENT, rpc.ClientRequest(client_id="thc_none")) == rpc.CLIENT.reply()


def test_an_administrator_by_event_may_create_clients(
    service: RunningIdentity, others: Others, ann: TestClient
) -> None:
    user = service.user("ann@example.com")
    created = organizations.OrgCreated(organization_id=ORGANIZATION, name="Acme", owner=user.id)
    others.add_stream("organizations")
    others.publish(created, created.organization_id, created.organization_id)
    path = f"/api/v1/organizations/{ORGANIZATION}/clients"
    bearer = {"Authorization": f"Bearer {service.token(ann)}"}
    wait_until(lambda: ann.get(path, headers=bearer).status_code == 200)
    answer = ann.post(path, headers=bearer, json={"name": "Risk", "scopes": ["platforms:read"]})
    assert answer.status_code == 201
    stranger = service.signed_in("eve@example.com")
    bearer = {"Authorization": f"Bearer {service.token(stranger)}"}
    assert stranger.get(path, headers=bearer).status_code in (404, 503)


def test_a_new_user_joins_by_choosing_a_password(service: RunningIdentity, others: Others) -> None:
    path, browser = others.invite("Bob@example.com"), service.browser()
    page = browser.get(path)
    assert heading(page) == 'Join Acme <b>"Brokers"</b>'
    assert "<b>" not in page.text
    assert browser.post(path, data={"password": "short"}).status_code == 422
    assert heading(browser.post(path, data={"password": PASSWORD})).startswith("You have joined Acme")
    user = service.user("bob@example.com")
    assert (others.members, user.verified, user.email) == ([user.id], True, "Bob@example.com")
    assert heading(browser.get("/")) == "You are signed in"


def test_an_invited_user_signs_in_and_returns_to_the_invitation(
    service: RunningIdentity, others: Others, ann: TestClient
) -> None:
    path, browser = others.invite("ANN@example.com"), service.browser()
    page = browser.get(path)
    assert "/login?next=/invitations/" in page.text
    assert browser.post(path, data={"password": "an attempt to take over"}).status_code == 200
    assert others.members == []
    form = {"email": "ann@example.com", "password": PASSWORD, "next": path}
    assert browser.post("/login", data=form).headers["location"] == path
    assert browser.get(path).status_code == 200
    assert others.members == []
    assert heading(browser.post(path)).startswith("You have joined Acme")
    assert others.members == [service.user("ann@example.com").id]


def test_an_invitation_for_another_address_joins_nobody(
    service: RunningIdentity, others: Others, ann: TestClient
) -> None:
    path = others.invite("bob@example.com")
    assert heading(ann.get(path)) == "This invitation is for another address"
    assert ann.post(path).status_code == 403
    assert others.members == []
    assert ann.post("/logout", data={"next": path}).headers["location"] == path


@pytest.mark.parametrize("status", ["expired", "revoked", "declined"])
def test_an_invitation_that_is_over_is_explained(service: RunningIdentity, others: Others, status: str) -> None:
    answer = service.browser().get(others.invite("bob@example.com", status))
    assert (answer.status_code, heading(answer)) == (410, "This invitation is no longer open")


def test_a_link_that_was_replaced_or_never_made_is_explained(service: RunningIdentity, others: Others) -> None:
    others.invitation = rpc.Reply[rpc.Invitation](refused="invitation-replaced")
    answer = service.browser().get(f"/invitations/{TOKEN}")
    assert answer.status_code == 410
    assert "latest mail" in answer.text
    others.invitation = rpc.Reply[rpc.Invitation]()
    assert service.browser().get(f"/invitations/{TOKEN}").status_code == 404
