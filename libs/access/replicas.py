"""Replicas of data of other services, kept from their events: memberships, clients, revoked sessions and tokens."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from access.principal import Principal
from contracts import identity, organizations, rpc
from contracts.envelope import Envelope
from contracts.permissions import Grant, Limits, Role
from contracts.subscriptions import Subscriptions
from kit.db.database import Database
from kit.db.migrations import read

SCHEMA = read(Path(__file__).with_name("schema.sql"))
"""The migrations of every service, those of kit before them."""

ENDED = "SELECT FROM ended_copies WHERE id IN (%(session)s, %(token)s)"
"""A subquery that finds a revoked session or token; its parameters are `ended_by(principal)`."""

_LONGEST_TOKEN = timedelta(hours=2)  # longer than any access token lives


def ended_by(principal: Principal) -> dict[str, str]:
    """The parameters of ENDED."""
    return {"session": str(principal.session_id), "token": principal.token.id}


class MembershipReplica:
    """Memberships, from the events of organizations."""

    authoritative = False

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, organization_id: UUID, user_id: UUID) -> Grant | None:
        row = self._database.one(
            "SELECT granted FROM member_copies WHERE organization_id = %s AND user_id = %s "
            "AND NOT EXISTS (SELECT FROM deleted_organization_copies d WHERE d.organization_id = %s)",
            (organization_id, user_id, organization_id),
        )
        return None if row is None else Grant.model_validate(row["granted"])

    def subscriptions(self) -> Subscriptions:
        table = Subscriptions()
        table.on(organizations.OrgCreated, self._created)
        table.on(organizations.OrgDeleted, self._deleted)
        table.on(organizations.OrgRestored, self._restored)
        table.on(organizations.MemberJoined, self._joined)
        table.on(organizations.MemberPermissionsChanged, self._changed)
        table.on(organizations.MemberRemoved, self._removed)
        return table

    def _created(self, envelope: Envelope[organizations.OrgCreated]) -> None:
        event = envelope.data
        self._put(event.organization_id, event.owner, Grant(role=Role.ADMINISTRATOR))

    def _deleted(self, envelope: Envelope[organizations.OrgDeleted]) -> None:
        event = envelope.data
        self._database.later(
            "INSERT INTO deleted_organization_copies VALUES (%s) ON CONFLICT DO NOTHING",
            (event.organization_id,),
        )

    def _restored(self, envelope: Envelope[organizations.OrgRestored]) -> None:
        event = envelope.data
        self._database.later(
            "DELETE FROM deleted_organization_copies WHERE organization_id = %s", (event.organization_id,)
        )

    def _joined(self, envelope: Envelope[organizations.MemberJoined]) -> None:
        event = envelope.data
        grant = Grant(role=event.role, permissions=event.permissions, limits=event.limits)
        self._put(event.organization_id, event.user_id, grant)

    def _changed(self, envelope: Envelope[organizations.MemberPermissionsChanged]) -> None:
        event = envelope.data
        self._put(event.organization_id, event.user_id, event.to)

    def _removed(self, envelope: Envelope[organizations.MemberRemoved]) -> None:
        event = envelope.data
        self._database.later(
            "DELETE FROM member_copies WHERE organization_id = %s AND user_id = %s",
            (event.organization_id, event.user_id),
        )

    def _put(self, organization_id: UUID, user_id: UUID, grant: Grant) -> None:
        self._database.later(
            "INSERT INTO member_copies VALUES (%s, %s, %s) "
            "ON CONFLICT (organization_id, user_id) DO UPDATE SET granted = EXCLUDED.granted",
            (organization_id, user_id, grant.model_dump_json()),
        )


class ClientReplica:
    """Clients and their scopes, from the events of identity, without those of deleted organizations."""

    authoritative = False

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, client_id: str) -> rpc.Client | None:
        row = self._database.one(
            "SELECT client FROM client_copies WHERE client_id = %s AND NOT removed AND NOT EXISTS "
            "(SELECT FROM deleted_organization_copies WHERE organization_id = (client->>'organization_id')::uuid)",
            (client_id,),
        )
        return None if row is None else rpc.Client.model_validate(row["client"])

    def subscriptions(self) -> Subscriptions:
        table = Subscriptions()
        table.on(identity.ClientCreated, self._created)
        table.on(identity.ClientScopesChanged, self._changed)
        table.on(identity.ClientRemoved, self._removed)
        return table

    def _created(self, envelope: Envelope[identity.ClientCreated]) -> None:
        event = envelope.data
        self._put(event, event.scopes, event.limits)

    def _changed(self, envelope: Envelope[identity.ClientScopesChanged]) -> None:
        event = envelope.data
        self._put(event, event.to.scopes, event.to.limits)

    def _removed(self, envelope: Envelope[identity.ClientRemoved]) -> None:
        event = envelope.data
        self._database.later("UPDATE client_copies SET removed = true WHERE client_id = %s", (event.client_id,))

    def _put(self, event: identity.ClientEvent, scopes: tuple[str, ...], limits: Limits) -> None:
        client = rpc.Client(
            id=event.client,
            client_id=event.client_id,
            organization_id=event.organization_id,
            scopes=scopes,
            limits=limits,
        )
        self._database.later(
            "INSERT INTO client_copies (client_id, client) VALUES (%s, %s) "
            "ON CONFLICT (client_id) DO UPDATE SET client = EXCLUDED.client",
            (event.client_id, client.model_dump_json()),
        )


class RevocationReplica:
    """Revoked sessions and tokens, from the events of identity, as long as a token of theirs could be valid."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def has(self, session_id: UUID | None, token_id: str) -> bool:
        return (
            self._database.one(
                "SELECT 1 AS one FROM ended_copies WHERE id = ANY(%s) LIMIT 1", ([str(session_id), token_id],)
            )
            is not None
        )

    def subscriptions(self) -> Subscriptions:
        table = Subscriptions()
        table.on(identity.UserSessionEnded, self._session_ended)
        table.on(identity.TokenRevoked, self._token_revoked)
        return table

    def _session_ended(self, envelope: Envelope[identity.UserSessionEnded]) -> None:
        event = envelope.data
        self._put(str(event.session_id), envelope.time + _LONGEST_TOKEN)

    def _token_revoked(self, envelope: Envelope[identity.TokenRevoked]) -> None:
        event = envelope.data
        self._put(event.jti, event.expires_at)

    def _put(self, ended: str, until: datetime) -> None:
        self._database.later(
            "INSERT INTO ended_copies VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET until = EXCLUDED.until",
            (ended, until),
        )
        self._database.later("DELETE FROM ended_copies WHERE until < %s", (until - 2 * _LONGEST_TOKEN,))
