"""Events of the other services: what to remember of them, and which of them somebody must hear of by mail."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.envelope import Envelope
from contracts.event import Event
from contracts.identity import (
    ClientCreated,
    ClientEvent,
    ClientSecretExpiring,
    ClientSecretIssued,
    UserErased,
    UserPasswordChanged,
    UserPasswordResetRequested,
    UserRegistered,
    UserRegistrationRepeated,
    UserRenamed,
    UserSignedIn,
)
from contracts.organizations import (
    InvitationResent,
    MemberInvited,
    MemberJoined,
    MemberRemoved,
    OrgCreated,
    OrgRenamed,
)
from notifications.application import Notifications
from notifications.occasions import Occasion

_FIRST_SECRET = 2
"""Version of a client's event that names the secret it was made with: the mail about the client tells of that one. The
request does not say which it is, since its id is the caller's to choose."""

Handler = Callable[[Envelope], None]


def handlers(app: Notifications) -> Mapping[type[Event], Handler]:
    """What to do for each event of identity and organizations that matters here."""
    return {**_people(app), **_organizations(app), **_accounts(app), **_members(app), **_clients(app)}


def _people(app: Notifications) -> dict[type[Event], Handler]:
    def registered(envelope: Envelope, data: UserRegistered) -> None:
        app.copies.keep_person(data.user_id, data.email, data.name)
        if data.generation is not None:  # who came by an invitation has chosen a password
            app.request("registration", envelope.id, _secret(envelope, data))

    def repeated(envelope: Envelope, data: UserRegistrationRepeated) -> None:
        template = "registration-known" if data.generation is None else "registration"
        app.request(template, envelope.id, _secret(envelope, data))

    return {
        UserRegistered: _with_data(registered),
        UserRegistrationRepeated: _with_data(repeated),
        UserRenamed: _with_data(lambda _, data: app.copies.rename_person(data.user_id, data.name)),
        UserErased: _with_data(lambda _, data: app.copies.erase_person(data.user_id)),
    }


def _organizations(app: Notifications) -> dict[type[Event], Handler]:
    keep = app.copies.keep_organization
    return {
        OrgCreated: _with_data(lambda _, data: keep(data.organization_id, data.name)),
        OrgRenamed: _with_data(lambda _, data: keep(data.organization_id, data.to)),
    }


def _accounts(app: Notifications) -> dict[type[Event], Handler]:
    def reset(envelope: Envelope, data: UserPasswordResetRequested) -> None:
        app.request("password-reset", envelope.id, _secret(envelope, data))

    def changed(envelope: Envelope, data: UserPasswordChanged) -> None:
        if data.how != "chosen":  # the first own password, in place of the mailed one
            app.request("password-changed", envelope.id, Occasion(at=envelope.time, user_id=data.user_id))

    def signed_in(envelope: Envelope, data: UserSignedIn) -> None:
        if data.new_device:
            about = Occasion(at=envelope.time, user_id=data.user_id, device=data.device, network_address=data.address)
            app.request("new-device", envelope.id, about)

    return {
        UserPasswordResetRequested: _with_data(reset),
        UserPasswordChanged: _with_data(changed),
        UserSignedIn: _with_data(signed_in),
    }


def _members(app: Notifications) -> dict[type[Event], Handler]:
    def invited(envelope: Envelope, data: MemberInvited | InvitationResent) -> None:
        app.request("invitation", envelope.id, _invitation(envelope, data))

    def joined(envelope: Envelope, data: MemberJoined) -> None:
        about: dict[str, Any] = {"at": envelope.time, "organization_id": data.organization_id}
        app.request("joined", envelope.id, Occasion(**about, user_id=data.user_id))
        if data.invited_by is not None:
            told = Occasion(**about, user_id=data.invited_by, other_id=data.user_id)
            app.request("member-joined", envelope.id, told)

    def removed(envelope: Envelope, data: MemberRemoved) -> None:
        if data.how != "left":  # who leaves knows it
            about = Occasion(at=envelope.time, user_id=data.user_id, organization_id=data.organization_id)
            app.request("removed", envelope.id, about)

    return {
        MemberInvited: _with_data(invited),
        InvitationResent: _with_data(invited),
        MemberJoined: _with_data(joined),
        MemberRemoved: _with_data(removed),
    }


def _clients(app: Notifications) -> dict[type[Event], Handler]:
    def created(envelope: Envelope, data: ClientCreated) -> None:
        about = _client(envelope, data, data.name)
        app.request("client-created", envelope.id, Occasion(**about, user_id=data.created_by))

    def issued(envelope: Envelope, data: ClientSecretIssued) -> None:
        if envelope.version == _FIRST_SECRET:
            return
        about = _client(envelope, data, data.client_name)
        about |= {"secret_name": data.name, "secret_expires_at": data.expires_at}
        app.request("secret-issued", envelope.id, Occasion(**about, user_id=data.issued_by))

    def expiring(envelope: Envelope, data: ClientSecretExpiring) -> None:
        about = _client(envelope, data, data.client_name)
        about |= {"secret_name": data.name, "secret_expires_at": data.expires_at}
        app.request("secret-expiring", envelope.id, Occasion(**about, user_id=data.user_id))

    return {
        ClientCreated: _with_data(created),
        ClientSecretIssued: _with_data(issued),
        ClientSecretExpiring: _with_data(expiring),
    }


def _secret(
    envelope: Envelope, data: UserRegistered | UserRegistrationRepeated | UserPasswordResetRequested
) -> Occasion:
    return Occasion(at=envelope.time, user_id=data.user_id, generation=data.generation, expires_at=data.expires_at)


def _invitation(envelope: Envelope, data: MemberInvited | InvitationResent) -> Occasion:
    return Occasion(
        at=envelope.time,
        other_id=data.invited_by,
        invitation_id=data.invitation_id,
        organization_id=data.organization_id,
        organization_name=data.organization_name,
        generation=data.generation,
        expires_at=data.expires_at,
    )


def _client(envelope: Envelope, data: ClientEvent, name: str) -> dict[str, Any]:
    return {
        "at": envelope.time,
        "organization_id": data.organization_id,
        "client": data.client,
        "client_id": data.client_id,
        "client_name": name,
    }


def _with_data(handle: Callable[[Envelope, Any], None]) -> Handler:
    return lambda envelope: handle(envelope, envelope.data)
