"""Rebuilt read models equal the live ones; the audit trail names actor, time, change, before and after."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts.permissions import Grant, Limits
from kit.context import acting
from kit.eventstore.rebuild import Rebuilt, rebuild
from organizations.audit.summaries import summary_of
from organizations.audit.views import AuditFilter, Entry
from organizations.tests.world import ADMINISTRATOR, World


def everything(world: World) -> tuple[UUID, UUID]:
    """An organization in which each kind of thing has happened."""
    organization, owner = world.organization(world.person("owner@example.com", "Olga Owner"), "Brokers")
    world.organizations.rename(organization, "Better brokers")
    member = world.member(organization, owner)
    world.members.change(organization, member, {"role": None, "limits": Limits(platforms=(uuid4(),))}, owner)
    world.members.remove(organization, member, owner)
    resent, _ = world.invite(organization, owner, "resent@example.com", Grant(role=None))
    world.invitations.resend(organization, resent, owner)
    revoked, _ = world.invite(organization, owner, "revoked@example.com")
    world.invitations.revoke(organization, revoked)
    _, declined = world.invite(organization, owner, "declined@example.com", ADMINISTRATOR)
    world.invitations.decline(declined, "declined@example.com")
    world.clock.forward(timedelta(days=8))
    world.housekeeping.run()
    world.organizations.delete(organization)
    world.organizations.restore(organization, owner)
    erased = world.member(organization, owner)
    world.erasure.erase(erased)
    purged, _ = world.organization(owner)
    world.invite(purged, owner, "gone@example.com")
    world.organizations.delete(purged)
    world.clock.forward(timedelta(days=31))
    world.housekeeping.run()
    return organization, owner


def test_rebuilt_read_models_equal_the_live_ones(world: World) -> None:
    everything(world)
    foreign = Entry(uuid4(), uuid4(), world.clock(), None, "a", "ClientCreated", uuid4(), None, {"name": "b"}, None)
    world.views.audit.add_foreign(foreign)
    world.views.audit.add_foreign(foreign)
    live = world.rows()
    assert rebuild(world.store) == Rebuilt(len(world.kinds()), {})
    assert world.rows() == live


def test_the_trail_describes_every_change_in_a_sentence(world: World) -> None:
    organization, _ = everything(world)
    rows = world.views.audit.read(organization, AuditFilter(), None, 100)
    described = [(row.entry.type, summary_of(row)) for row in reversed(rows)]
    assert described[:2] == [
        ("OrgCreated", 'Created the organization "Brokers"'),
        ("OrgRenamed", 'Renamed the organization from "Brokers" to "Better brokers"'),
    ]
    sentences = dict(described)
    assert sentences["InvitationResent"] == "Resent the invitation for resent@example.com"
    assert sentences["InvitationRevoked"] == "Revoked the invitation for revoked@example.com"
    assert sentences["InvitationDeclined"] == "declined@example.com declined the invitation"
    assert sentences["MemberPermissionsChanged"].endswith("to a member without any permission")
    assert "OrgPurged" not in sentences
    assert "InvitationAccepted" not in sentences
    assert all(summary != kind for kind, summary in described)


def test_an_entry_has_actor_request_before_and_after(world: World) -> None:
    organization, owner = world.organization()
    with acting(actor=str(owner), correlation="request-7"):
        world.organizations.rename(organization, "New")
    newest = world.views.audit.read(organization, AuditFilter(), None, 1)[0].entry
    assert (newest.actor, newest.request_id, newest.target) == (str(owner), "request-7", organization)
    assert (newest.before, newest.after) == ({"name": "Brokers"}, {"name": "New"})


def test_the_trail_shows_an_invited_address_until_it_is_erased(world: World) -> None:
    organization, owner = world.organization()
    world.invite(organization, owner, "ann@example.com")

    def newest() -> Any:
        return world.views.audit.read(organization, AuditFilter(type="MemberInvited"), None, 1)[0]

    assert newest().entry.after["email"] == "ann@example.com"
    assert summary_of(newest()) == "Invited ann@example.com as viewer"
    world.erasure.erase(world.person("ann@example.com"))
    assert newest().entry.after["email"] is None
    assert summary_of(newest()) == "Invited a user whose email address is unknown as viewer"


def test_the_trail_is_filtered_by_time_actor_and_kind(world: World) -> None:
    organization, owner = world.organization()
    with acting(actor="somebody"):
        world.organizations.rename(organization, "New")
    all_of = world.views.audit.read(organization, AuditFilter(), None, 50)
    times = [row.entry.time for row in all_of]

    def kinds(wanted: AuditFilter) -> list[str]:
        return [row.entry.type for row in world.views.audit.read(organization, wanted, None, 50)]

    assert kinds(AuditFilter(after=times[1])) == ["OrgRenamed"]
    assert kinds(AuditFilter(before=times[0])) == ["OrgCreated"]
    assert kinds(AuditFilter(actor="somebody")) == ["OrgRenamed"]
    assert kinds(AuditFilter(type="OrgCreated")) == ["OrgCreated"]
    assert kinds(AuditFilter(actor=str(owner), type="OrgRenamed")) == []


def test_the_trail_shows_its_own_organization_only(world: World) -> None:
    everything(world)
    organization, _ = world.organization()
    rows = world.views.audit.read(organization, AuditFilter(), None, 50)
    assert [row.entry.type for row in rows] == ["OrgCreated"]
