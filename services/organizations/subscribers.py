"""What other services tell and ask: events of identity and platforms, and the requests that this service answers."""

from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from access.replicas import ClientReplica, RevocationReplica
from contracts import identity, platforms, rpc
from contracts.email import InvalidEmail
from contracts.envelope import Envelope
from contracts.event import Message
from contracts.permissions import Grant
from kit.context import acting
from kit.errors import Refusal
from kit.messaging.bus import Bus
from organizations.application import Organizations
from organizations.invitations import Invitations
from organizations.people import People
from organizations.upkeep import Upkeep
from organizations.views.audit import AuditTrail, Entry
from organizations.views.organizations import Member

Handlers = dict[type, Callable[[Envelope], None]]


def handlers(store: Organizations, people: People, upkeep: Upkeep) -> Handlers:
    """What the events of identity and platforms lead to here."""

    def registered(envelope: Envelope) -> None:
        event: Any = envelope.data
        people.learn(event.user_id, event.email, event.name)
        store.make_first(event.user_id)

    def renamed(envelope: Envelope) -> None:
        event: Any = envelope.data
        people.rename(event.user_id, event.name)

    def verified(envelope: Envelope) -> None:
        event: Any = envelope.data
        people.verify(event.user_id)

    def erased(envelope: Envelope) -> None:
        event: Any = envelope.data
        upkeep.erase(event.user_id)

    of_people: Handlers = {
        identity.UserRegistered: registered,
        identity.UserRenamed: renamed,
        identity.UserEmailVerified: verified,
        identity.UserErased: erased,
    }
    copies = dict(ClientReplica(store.database).subscriptions()) | dict(
        RevocationReplica(store.database).subscriptions()
    )
    return _each(of_people, copies, _heard(store.views.audit))


def _each(*tables: Handlers) -> Handlers:
    """One handler for each event, which calls those of all tables."""

    def all_of(calls: list[Callable[[Envelope], None]]) -> Callable[[Envelope], None]:
        def call(envelope: Envelope) -> None:
            for one in calls:
                one(envelope)

        return call

    events = {event for table in tables for event in table}
    return {event: all_of([table[event] for table in tables if event in table]) for event in events}


Change = tuple[dict[str, Any] | None, dict[str, Any] | None]
"""Before and after."""


def _created(event: Any) -> Change:
    return None, {"name": event.name, "scopes": event.scopes, "limits": event.limits.model_dump(mode="json")}


def _secret(event: Any) -> Change:
    expires_at = event.expires_at and event.expires_at.isoformat()
    return None, {"secret_id": str(event.secret_id), "name": event.name, "expires_at": expires_at}


_OF_CLIENTS: dict[type[identity.ClientEvent], Callable[[Any], Change]] = {
    identity.ClientCreated: _created,
    identity.ClientRenamed: lambda e: ({"name": e.from_}, {"name": e.to}),
    identity.ClientScopesChanged: lambda e: (e.from_.model_dump(mode="json"), e.to.model_dump(mode="json")),
    identity.ClientSecretIssued: _secret,
    identity.ClientSecretEnded: lambda e: ({"secret_id": str(e.secret_id)}, None),
    identity.ClientRemoved: lambda e: ({"client_id": e.client_id}, None),
}


def _platform_credentials(event: Any) -> Change:
    return None, event.model_dump(mode="json", include=_CREDENTIALS)


_CREDENTIALS = {"target", "host", "port", "login", "version", "fingerprint"}

# Not PlatformStatusChanged: what a check found is nobody's change, and platforms keeps the history of checks.
_OF_PLATFORMS: dict[type[platforms.PlatformEvent], Callable[[Any], Change]] = {
    platforms.PlatformAdded: lambda e: (None, {"name": e.name, "kind": e.kind, "api": e.api}),
    platforms.PlatformRenamed: lambda e: ({"name": e.from_}, {"name": e.to}),
    platforms.PlatformApiChosen: lambda e: ({"api": e.from_}, {"api": e.to}),
    platforms.PlatformCredentialsSet: _platform_credentials,
    platforms.PlatformCredentialsRemoved: lambda e: ({"target": e.target}, None),
    platforms.PlatformRemoved: lambda _: (None, None),
}

_CHANGES: dict[type, Callable[[Any], Change]] = {**_OF_CLIENTS, **_OF_PLATFORMS}


def _heard(audit: AuditTrail) -> Handlers:
    """Changes of an organization's clients and platforms belong into its audit trail."""

    def hear(envelope: Envelope) -> None:
        event: Any = envelope.data
        before, after = _CHANGES[type(event)](event)
        audit.hear(
            Entry(
                id=uuid5(NAMESPACE_URL, f"{envelope.source}#{envelope.id}"),
                organization_id=event.organization_id,
                time=envelope.time,
                sequence=None,
                actor=envelope.actor,
                type=type(event).__name__,
                target=event.platform_id if isinstance(event, platforms.PlatformEvent) else event.client,
                before=before,
                after=after,
                request_id=envelope.correlationid,
            )
        )

    return dict.fromkeys(_CHANGES, hear)


def answer_requests(bus: Bus, store: Organizations, invitations: Invitations) -> None:
    """Declare what this service answers; a refusal is answered by its code, or by nothing where nothing is."""

    def membership(asked: rpc.MembershipRequest) -> rpc.Reply[rpc.Membership]:
        grant = store.grant_of(asked.organization_id, asked.user_id)
        if grant is None:
            return rpc.Reply[rpc.Membership]()
        return rpc.Reply[rpc.Membership](ok=_membership(asked.organization_id, asked.user_id, grant))

    def sole_administrator(asked: rpc.SoleAdministratorRequest) -> rpc.Reply[rpc.SoleAdministrator]:
        named = [rpc.NamedOrganization(organization_id=one.id, name=one.name) for one in store.needing(asked.user_id)]
        return rpc.Reply[rpc.SoleAdministrator](ok=rpc.SoleAdministrator(organizations=tuple(named)))

    def invitation(asked: rpc.InvitationRequest) -> rpc.Invitation:
        offer = invitations.offer(asked.token.get_secret_value())
        return rpc.Invitation(
            invitation_id=offer.invitation.id,
            organization_id=offer.invitation.organization_id,
            organization_name=offer.organization_name,
            email=offer.invitation.email,
            status=offer.invitation.status,
            invited_by=offer.invited_by,
            expires_at=offer.invitation.expires_at,
        )

    def accept(asked: rpc.AcceptInvitationRequest) -> rpc.AcceptedInvitation:
        # Identity vouches for the address; its events about a new person may still be on their way.
        with acting(actor=str(asked.user_id)):
            accepted = invitations.accept(asked.token.get_secret_value(), asked.user_id, asked.email)
        store.people.learn(asked.user_id, asked.email, None, verified=True)
        return rpc.AcceptedInvitation(outcome=accepted.outcome, membership=_of_member(accepted.member))

    def link(asked: rpc.InvitationLinkRequest) -> rpc.InvitationLink:
        token, email = invitations.link(asked.invitation_id, asked.generation)
        return rpc.InvitationLink.model_validate({"token": token, "email": email})

    bus.answers(rpc.MEMBERSHIP.subject, rpc.MEMBERSHIP.request, membership)
    bus.answers(rpc.SOLE_ADMINISTRATOR.subject, rpc.SOLE_ADMINISTRATOR.request, sole_administrator)
    bus.answers(rpc.INVITATION.subject, rpc.INVITATION.request, _or_refused(rpc.INVITATION, invitation))
    bus.answers(
        rpc.ACCEPT_INVITATION.subject,
        rpc.ACCEPT_INVITATION.request,
        _or_refused(rpc.ACCEPT_INVITATION, accept),
    )
    bus.answers(rpc.INVITATION_LINK.subject, rpc.INVITATION_LINK.request, _or_refused(rpc.INVITATION_LINK, link))


def _or_refused(question: rpc.Rpc[Any, Any], work: Callable[[Any], Message]) -> Callable[[Any], Message]:
    def answer(asked: Any) -> Message:
        try:
            return question.reply(ok=work(asked))
        except InvalidEmail:
            return question.reply(refused="invalid")
        except Refusal as refusal:
            if refusal.status >= 500:
                raise
            return question.reply() if refusal.status == 404 else question.reply(refused=refusal.code)

    return answer


def _of_member(member: Member) -> rpc.Membership:
    return _membership(member.organization_id, member.user_id, member.grant)


def _membership(organization_id: UUID, user_id: UUID, grant: Grant) -> rpc.Membership:
    return rpc.Membership(organization_id=organization_id, user_id=user_id, **dict(grant))
