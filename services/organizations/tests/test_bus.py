"""Subscriptions to events on the bus, and answers to requests on it."""

import json
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from contracts import identity, rpc
from contracts.permissions import Grant
from organizations.organizations.domain import first_organization_id
from organizations.tests.http_helpers import BASE, invite, join, link, make, refused
from organizations.tests.running_service import RunningOrganizations
from testing import plain_http
from testing.service import Caller
from testing.waiting import wait_until


def membership(running: RunningOrganizations, organization: UUID, user: UUID) -> rpc.Membership | None:
    question = rpc.MembershipRequest(organization_id=organization, user_id=user)
    found: rpc.Membership | None = running.identity.ask(rpc.MEMBERSHIP, question).ok
    return found


def identifier(path: str) -> UUID:
    return UUID(path.rpartition("/")[2])


def names(owner: Caller, path: str) -> list[tuple[str | None, str | None]]:
    return [(member["email"], member["name"]) for member in owner.get(f"{path}/members").json()["items"]]


def test_a_registered_user_gets_a_first_organization(running: RunningOrganizations) -> None:
    person = running.user()
    running.registered(person)
    organization = first_organization_id(person.id)
    wait_until(lambda: running.on_the_bus(str(organization), 1))
    held = membership(running, organization, person.id)
    assert held is not None
    assert (held.organization_id, held.user_id, held.role) == (organization, person.id, "administrator")


def test_a_membership_request_creates_the_first_organization_and_no_other(running: RunningOrganizations) -> None:
    person, other = uuid4(), uuid4()
    assert membership(running, first_organization_id(person), other) is None
    assert membership(running, uuid4(), person) is None
    held = membership(running, first_organization_id(person), person)
    assert held is not None
    assert held.role == "administrator"


def test_a_membership_is_answered_with_its_limits_until_it_is_removed(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    platform = uuid4()
    member = join(running, owner, path, permissions=["audit:read"], limits={"platforms": [str(platform)]})
    held = membership(running, identifier(path), member.id)
    assert held is not None
    assert (held.permissions, held.limits.platforms) == (("audit:read",), (platform,))
    owner.delete(path)
    assert membership(running, identifier(path), member.id) is None
    owner.post(f"{path}/restore")
    member.delete(f"{path}/members/me")
    assert membership(running, identifier(path), member.id) is None


def test_names_and_addresses_follow_identity(running: RunningOrganizations) -> None:
    owner = running.user(name="Ann Lee")
    path = make(owner)
    assert names(owner, path) == [(None, None)]
    running.registered(owner)
    wait_until(lambda: names(owner, path) == [(owner.email, "Ann Lee")])
    running.identity.publish(identity.UserRenamed(user_id=owner.id, name="Ann Kim"), owner.id)
    wait_until(lambda: names(owner, path) == [(owner.email, "Ann Kim")])


def test_revoked_sessions_and_tokens_are_refused(running: RunningOrganizations) -> None:
    person = running.user()
    assert person.session is not None
    assert person.get(BASE).status_code == 200
    ended = identity.UserSessionEnded(user_id=person.id, session_id=person.session)
    running.identity.publish(ended, person.session)
    wait_until(lambda: person.get(BASE).status_code == 401)
    refused(person.get(BASE), 401, "invalid-token")


def test_a_removed_client_is_refused(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    client = running.client(identifier(path), "audit:read")
    assert client.get(f"{path}/audit").status_code == 200
    running.identity.clients.clear()
    refused(client.get(f"{path}/audit"), 401, "invalid-token")


def test_an_erased_user_is_erased_from_lists_trail_and_stream(running: RunningOrganizations) -> None:
    owner, ann = running.user(), running.user(name="Ann Lee")
    path = make(owner)
    running.registered(ann)
    invitation = invite(owner, path, ann.email).json()["id"]
    ann.post(f"{link(running, invitation)}/accept")
    assert ann.email in owner.get(f"{path}/audit").text
    running.identity.publish(identity.UserErased(user_id=ann.id), ann.id)
    wait_until(lambda: len(owner.get(f"{path}/members").json()["items"]) == 1)
    for route in ("members", "invitations", "audit"):
        assert ann.email not in owner.get(f"{path}/{route}").text
    removed = owner.get(f"{path}/audit?type=MemberRemoved").json()["items"]
    assert [entry["target"] for entry in removed] == [str(ann.id)]
    refused(ann.get(f"{BASE}/{first_organization_id(ann.id)}"), 404, "not-found")
    subject = f"evt.organizations.*.{invitation}.>"
    wait_until(lambda: not running.identity.stored("ORGANIZATIONS", subject))
    owner.patch(path, json={"name": "Still published"})
    assert [type(one.data).__name__ for one in running.on_the_bus(path.rpartition("/")[2], 4)] == [
        "OrgCreated",
        "MemberJoined",
        "MemberRemoved",
        "OrgRenamed",
    ]


def test_a_new_user_joins_with_the_address_that_identity_verified(running: RunningOrganizations) -> None:
    owner, ann = running.user(), running.user()
    path = make(owner)
    invitation = invite(owner, path, ann.email).json()["id"]
    token = SecretStr(link(running, invitation).rpartition("/")[2])
    seen = running.identity.ask(rpc.INVITATION, rpc.InvitationRequest(token=token)).ok
    assert (str(seen.invitation_id), seen.organization_name, seen.email, seen.status) == (
        invitation,
        "Brokers",
        ann.email,
        "pending",
    )

    def accept(email: str, user: UUID) -> rpc.Reply[rpc.AcceptedInvitation]:
        question = rpc.AcceptInvitationRequest(token=token, user_id=user, email=email)
        reply: rpc.Reply[rpc.AcceptedInvitation] = running.identity.ask(rpc.ACCEPT_INVITATION, question)
        return reply

    assert accept("bob@example.com", uuid4()).refused == "invitation-for-another-address"
    assert accept("no address", uuid4()).refused == "invalid"
    replies = [accept(ann.email, ann.id).ok for _ in range(2)]
    assert [reply and reply.outcome for reply in replies] == ["joined", "already-member"]
    assert replies[0] is not None
    assert Grant(role=replies[0].membership.role) == Grant(role="viewer")
    # Their address is known at once, though identity's event about them is still to come.
    assert names(owner, path)[1] == (ann.email, None)
    assert accept(ann.email, uuid4()).refused == "invitation-used"
    nothing = rpc.InvitationRequest(token=SecretStr("nonsense"))
    assert running.identity.ask(rpc.INVITATION, nothing) == rpc.Reply[rpc.Invitation]()


@pytest.mark.parametrize("generation", [1, 2, 3])
def test_only_the_newest_link_is_answered(running: RunningOrganizations, generation: int) -> None:
    owner = running.user()
    path = make(owner)
    invitation = invite(owner, path, "ann@example.com").json()["id"]
    owner.post(f"{path}/invitations/{invitation}/resend")
    question = rpc.InvitationLinkRequest(invitation_id=UUID(invitation), generation=generation)
    reply = running.identity.ask(rpc.INVITATION_LINK, question)
    assert (reply.ok is not None, reply.refused) == {
        1: (False, "invitation-replaced"),
        2: (True, None),
        3: (False, None),
    }[generation]


def test_no_event_and_no_answer_about_an_invitation_contains_its_link(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    answer = invite(owner, path, "ann@example.com")
    token = link(running, answer.json()["id"]).rpartition("/")[2]
    mac = token.partition(".")[2]
    published = [envelope.to_json().decode() for envelope in running.on_the_bus(path.rpartition("/")[2], 2)]
    texts = [answer.text, owner.get(f"{path}/invitations").text, owner.get(f"{path}/audit").text, *published]
    assert not [text for text in texts if mac in text]
    assert json.loads(published[1])["data"]["email"] == "ann@example.com"
    assert mac not in plain_http.get(f"{running.base}/metrics").text


def test_a_sole_administrator_is_reported_until_there_is_another(running: RunningOrganizations) -> None:
    owner = running.user()
    path, alone = make(owner, "Needing"), make(owner, "Alone")
    question = rpc.SoleAdministratorRequest(user_id=owner.id)

    def needing() -> list[rpc.NamedOrganization]:
        return list(running.identity.ask(rpc.SOLE_ADMINISTRATOR, question).ok.organizations)

    assert needing() == []
    member = join(running, owner, path)
    assert needing() == [rpc.NamedOrganization(organization_id=identifier(path), name="Needing")]
    assert running.identity.ask(rpc.SOLE_ADMINISTRATOR, rpc.SoleAdministratorRequest(user_id=member.id)).ok == (
        rpc.SoleAdministrator(organizations=())
    )
    owner.patch(f"{path}/members/{member.id}", json={"role": "administrator"})
    assert needing() == []
    assert alone != path
    owner.patch(f"{path}/members/{member.id}", json={"role": "viewer"})
    assert needing()
    owner.delete(path)
    assert needing() == []


def test_the_address_of_an_erased_user_is_erased_on_the_stream_which_continues(running: RunningOrganizations) -> None:
    owner, guest = running.user(), running.user()
    path = make(owner)
    running.registered(guest)
    invitation = invite(owner, path, guest.email).json()["id"]
    organization = identifier(path)
    about, invited = f"evt.organizations.{organization}.{invitation}.*", f"evt.organizations.{organization}.*"
    wait_until(lambda: running.identity.stored("ORGANIZATIONS", about) == 1)
    running.identity.publish(identity.UserErased(user_id=guest.id), guest.id)
    wait_until(lambda: running.identity.stored("ORGANIZATIONS", about) == 0)
    assert owner.patch(path, json={"name": "Later"}).status_code == 200
    wait_until(lambda: running.identity.stored("ORGANIZATIONS", f"{invited}.OrgRenamed") == 1)
