"""The service over HTTP with a fake identity that also answers for organizations."""

import io
import logging
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

from contracts import rpc
from contracts.permissions import Limits, Role
from platforms.service import PlatformsService
from platforms.settings import Settings
from testing import service
from testing.identity import FakeIdentity
from testing.service import NO_TOKEN, RunningService, settings_of

BASE = "/api/v1/organizations"


class Caller(service.Caller):
    """One user's or client's HTTP client, inside one organization."""

    def __init__(self, base: str, token: str, identifier: UUID, subject: str, organization: UUID) -> None:
        super().__init__(base, token, identifier, subject)
        self.organization = organization
        self.platforms = f"{BASE}/{organization}/platforms"

    def add(self, name: str = "Live", kind: str = "mt5", api: str = "mt5-webapi") -> str:
        """The path of a new platform."""
        answer = self.post(self.platforms, json={"name": name, "kind": kind, "api": api})
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]


class RunningPlatforms(RunningService[Settings]):
    """The service on a free port; `logs` is all that it and its libraries logged, down to the smallest."""

    def __init__(self, dsn: str, nats_url: str) -> None:
        fake = FakeIdentity(nats_url, rpc.CLIENT, rpc.MEMBERSHIP, streams=("identity", "organizations"))
        super().__init__(PlatformsService, settings_of(Settings, dsn, nats_url, private_networks="allowed"), fake)
        self._log = io.StringIO()

    def __enter__(self) -> Self:
        handler = logging.StreamHandler(self._log)
        logging.getLogger().addHandler(handler)
        logging.getLogger().setLevel(logging.DEBUG)
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        logging.getLogger().setLevel(logging.WARNING)

    @property
    def logs(self) -> str:
        return self._log.getvalue()

    def member(
        self,
        organization: UUID | None = None,
        role: str | None = Role.ADMINISTRATOR,
        *permissions: str,
        limits: Limits | None = None,
    ) -> Caller:
        """A member of an organization (a new one unless it is given), of whom only organizations knows yet."""
        organization, user = organization or uuid4(), uuid4()
        self.identity.memberships[organization, user] = rpc.Membership(
            organization_id=organization,
            user_id=user,
            role=role,
            permissions=permissions,
            limits=limits or Limits(),
        )
        return self.caller(Caller(self.base, self.identity.user_token(user), user, str(user), organization))

    def client(self, organization: UUID | str, *scopes: str, limits: Limits | None = None) -> Caller:
        """A client of an organization with these scopes."""
        organization = UUID(str(organization))
        client, token = self.identity.client_token(organization, *scopes, limits=limits)
        return self.caller(Caller(self.base, token, client.id, client.client_id, organization))

    def nobody(self) -> Caller:
        """A caller whose token is not one of ours."""
        return self.caller(Caller(self.base, NO_TOKEN, uuid4(), "nobody", uuid4()))


def only(*platforms: str) -> Limits:
    """Limits to platforms by their paths."""
    return Limits(platforms=tuple(UUID(each.rpartition("/")[2]) for each in platforms))
