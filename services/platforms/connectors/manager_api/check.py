"""The check of the Manager APIs, which ends at the port."""

from collections.abc import Sequence

from platforms.checks.domain import Check, Failed, Finding, Stage
from platforms.connections.addresses import Policy
from platforms.connections.credentials import Credentials
from platforms.connections.dialer import Dialer


class ManagerCheck(Check):
    """The Manager API needs MetaQuotes' Windows library, so a check cannot sign in."""

    def __init__(self, credentials: Credentials, policy: Policy) -> None:
        self._dialer = Dialer(credentials.host, credentials.port, policy)

    def stages(self) -> Sequence[Stage]:
        return (
            ("name", 5.0, self._dialer.name),
            ("port", 5.0, self._dialer.port),
            ("sign-in", 1.0, self._sign_in),
        )

    async def _sign_in(self) -> Finding:
        raise Failed(
            "not-checkable",
            "The port answers. The Manager API needs MetaQuotes' Windows library, so the credentials are stored but "
            "cannot be checked.",
        )
