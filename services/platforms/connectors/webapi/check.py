"""The check of a MetaTrader 5 Web API, over TCP and over HTTPS."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from metatrader import Mt5Client
from metatrader import errors as mt
from platforms.checks.domain import Check, Failed, Finding, Stage
from platforms.connections.addresses import Policy
from platforms.connections.credentials import Credentials
from platforms.connections.dialer import Dialer
from platforms.connections.zones import Zone
from platforms.connectors.webapi.client import Client

_CLOCK = timedelta(seconds=30)
_QUARTER = timedelta(minutes=15)

_SIGN_IN: Sequence[tuple[type[mt.MetaTraderError], str, str]] = (
    (mt.AuthFailed, "bad-credentials", "Correct the login, or set the manager's API password (not the main one)."),
    (mt.AccountDisabled, "account-disabled", "Enable the manager's account on the server."),
    (mt.AddressBlocked, "address-blocked", "Add our address to the manager's list of allowed addresses."),
    (mt.NotAManager, "right-missing", "Give the account a manager configuration that allows it to connect as Manager."),
    (mt.PasswordChangeRequired, "password-change-needed", "Change the API password on the server, then set it here."),
    (mt.ExtendedAuthRequired, "second-factor-needed", "Turn off certificates and one-time passwords for this manager."),
    (mt.WrongServer, "wrong-server", "Enter the address of an access server with the Web API enabled."),
    (mt.ServerNotProven, "server-not-proven", "The server does not know this password: check the host."),
    (mt.SignInRefused, "sign-in-refused", "See the server's log."),
    (mt.TimedOut, "timeout", "The server accepts connections but does not respond. Check that the Web API is enabled."),
    (mt.TlsFailed, "tls-failed", "Check that the port uses TLS."),
    (mt.ServerBusy, "server-busy", "Probably temporary: we retry."),
    (mt.TooFrequent, "server-busy", "Probably temporary: we retry less often."),
    (mt.ShuttingDown, "server-busy", "Probably temporary: we retry."),
    (mt.Unavailable, "server-busy", "Probably temporary: we retry."),
    (mt.PermissionDenied, "right-missing", "Allow the manager to connect as Manager."),
    (mt.ConnectionFailed, "connection-lost", "Connection closed. Check that the Web API is enabled on this port."),
    (mt.ConnectionLost, "connection-lost", "The server closed the connection. Probably temporary: we retry."),
    (mt.ProtocolError, "protocol-error", "The server does not use the MT5 Web API: check host, port and API."),
    (mt.Refused, "server-error", "See the server's log."),
)  # fmt: skip


def failed(error: mt.MetaTraderError) -> Failed:
    """The outcome and the advice for an error of the Web API."""
    for kind, outcome, advice in _SIGN_IN:
        if isinstance(error, kind):
            code = f"The server answered {error.code} {error.name}. " if isinstance(error, mt.Refused) else ""
            return Failed(outcome, code + advice)
    return Failed("protocol-error", "The server does not respond as expected.")


class WebApiCheck(Check):
    """`make_client` decides about the carrier; `https` whether it is protected by TLS."""

    def __init__(self, make_client: Client, credentials: Credentials, policy: Policy, *, https: bool) -> None:
        self._make_client = make_client
        self._https = https
        self._credentials = credentials
        self._dialer = Dialer(credentials.host, credentials.port, policy)
        self._client: Mt5Client | None = None

    def stages(self) -> Sequence[Stage]:
        return (
            ("name", 5.0, self._dialer.name),
            ("port", 5.0, self._dialer.port),
            ("tls", 5.0, self._tls),
            ("sign-in", 15.0, self._sign_in),
            ("rights", 20.0, self._rights),
            ("groups", 10.0, self._groups),
            ("clock", 10.0, self._clock),
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.__aexit__(None, None, None)

    async def _tls(self) -> Finding:
        if not self._https:
            return Finding("This API has no TLS: it proves the password without sending it, and encrypts by itself.")
        return await self._dialer.tls(self._credentials.ca_pem)

    async def _sign_in(self) -> Finding:
        client = self._make_client(self._credentials, self._dialer.address, 1)
        try:
            await client.__aenter__()
        except mt.MetaTraderError as error:
            raise failed(error) from error
        self._client = client
        return Finding(f"Signed in as manager {self._credentials.login}")

    async def _rights(self) -> Finding:
        """Try what the read API needs; where there is no account yet, what needs one is not tried."""
        client = self._signed_in
        missing: list[str] = []

        async def may(right: str, ask: Callable[[], Awaitable[object]]) -> object:
            try:
                return await ask()
            except mt.NotFound:
                return None
            except mt.PermissionDenied:
                missing.append(right)
                return None
            except mt.MetaTraderError as error:
                raise failed(error) from error

        logins = await may("see accounts", client.user_logins)
        await may("see symbols", client.symbol_total)
        if isinstance(logins, list) and logins:
            login, now = logins[0], datetime.now(UTC)
            day = now - timedelta(days=1)
            await may("read account details", lambda: client.user(login))
            await may("read account balances", lambda: client.account(login))
            await may("see positions", lambda: client.position_total(login))
            await may("see orders", lambda: client.order_total(login))
            await may("see the history of orders", lambda: client.history_total(login, day, now))
            await may("see deals", lambda: client.deal_total(login, day, now))
        if missing:
            return Finding(f"The manager lacks permissions: {', '.join(missing)}. Grant them.", "right-missing")
        return Finding("The manager may read all that we offer")

    async def _groups(self) -> Finding:
        try:
            groups = await self._signed_in.group_total()
            logins = await self._signed_in.user_logins()
        except mt.PermissionDenied:
            return Finding("The manager cannot read groups. Grant this permission.", "right-missing")
        except mt.MetaTraderError as error:
            raise failed(error) from error
        if not groups or not logins:
            return Finding(
                f"The manager sees {groups} groups with {len(logins)} accounts. Assign the groups to it in its "
                "configuration.",
                "no-groups",
            )
        return Finding(f"{groups} groups with {len(logins)} accounts are visible")

    async def _clock(self) -> Finding:
        try:
            now = datetime.now(UTC)
            server = (await self._signed_in.time_server()).utc  # the wall clock, as if it were UTC
            settings = await self._signed_in.time_settings()
            offset, changes = settings.zone.utcoffset(None), settings.daylight or settings.daylight_state
        except mt.PermissionDenied:
            offset, changes = round((server - now) / _QUARTER) * _QUARTER, None
        except mt.MetaTraderError as error:
            raise failed(error) from error
        assert offset is not None
        zone = Zone(int(offset.total_seconds() // 60), changes)
        self.zone_minutes = zone.minutes
        difference = server - offset - now
        if abs(difference) > _CLOCK:
            return Finding(
                f"The server's clock is {abs(difference.total_seconds()):.0f} s "
                f"{'ahead of' if difference > timedelta(0) else 'behind'} ours. Synchronize it by NTP.",
                "clock-differs",
            )
        return Finding(f"The clocks agree; the server's time zone is {zone.detail}")

    @property
    def _signed_in(self) -> Mt5Client:
        assert self._client is not None
        return self._client
