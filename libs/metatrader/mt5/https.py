"""The Web API over HTTPS. A session is one kept-alive TLS connection: the server identifies it by nothing else."""

import hashlib
import hmac
import ssl
from typing import Any
from urllib.parse import quote, urlencode

import httpx2

from metatrader.codes import ACCOUNT_INVALID, PERMISSIONS, refusal
from metatrader.credentials import PasswordHash
from metatrader.errors import (
    AnswerTooLarge,
    ConnectionFailed,
    ConnectionLost,
    InvalidValue,
    ProtocolError,
    TimedOut,
    TlsFailed,
    Unavailable,
)
from metatrader.mt5.answers import Answer, parse
from metatrader.mt5.session import (
    Command,
    Session,
    Target,
    answer_params,
    challenge,
    os_reason,
    start_params,
    verify_server,
)
from metatrader.mt5.text import escape

_PATHS = {
    "AUTH_START": "/api/auth/start",
    "AUTH_ANSWER": "/api/auth/answer",
    "USER_PASS_CHECK": "/api/user/check_password",
    "USER_PASS_CHANGE": "/api/user/change_password",
    "USER_ACCOUNT_GET": "/api/user/account/get",
}
_KEEP_ALIVE = Command("TEST_ACCESS")


def path(command: str) -> str:
    """`DEAL_GET_PAGE` is `/api/deal/get_page`; a few commands have other names."""
    return _PATHS.get(command) or "/api/" + command.lower().replace("_", "/", 1)


def tls_context(ca_pem: str | None, pinned: bytes | None) -> ssl.SSLContext:
    """Trusts the system's authorities, or only those of `ca_pem` (an authority or the server's own certificate), or,
    with a pin, no authority: the certificate's SHA-256 is compared after the handshake, before anything is sent."""
    if pinned is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        context = ssl.create_default_context(cadata=ca_pem)
    except (ssl.SSLError, ValueError) as error:
        raise InvalidValue("ca_pem: give one or more certificates in PEM form") from error
    if ca_pem is not None:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # Python 3.13 began to refuse certificates that lack what RFC 5280 asks for, as a broker's own often do.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


class HttpsSession(Session):
    def __init__(
        self,
        target: Target,
        *,
        context: ssl.SSLContext,
        pinned: bytes | None,
        timeout: float,
        connect_timeout: float,
        max_answer: int,
    ) -> None:
        super().__init__(timeout=timeout, connect_timeout=connect_timeout)
        self._target = target
        self._pinned = pinned
        self._max_answer = max_answer
        self._connected = False
        self._stream: Any = None
        host = f"[{target.host}]" if ":" in target.host else target.host
        address = f"[{target.dialled}]" if ":" in target.dialled else target.dialled
        self._origin = f"https://{address}:{target.port}"
        self._http = httpx2.AsyncClient(
            transport=httpx2.AsyncHTTPTransport(
                verify=context,
                limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None),
            ),
            headers={"Host": f"{host}:{target.port}", "Accept-Encoding": "identity", "User-Agent": "Tradehall"},
            timeout=httpx2.Timeout(None, connect=connect_timeout),
        )

    async def _connect(self) -> None:
        """The first request opens the connection."""

    async def _sign_in(self, login: int, password: PasswordHash) -> None:
        start = await self._exchange(Command("AUTH_START", start_params(login, None)))
        params, cli_rand = answer_params(password, challenge(start))
        verify_server(password, cli_rand, await self._exchange(Command("AUTH_ANSWER", params)))

    async def _exchange(self, command: Command) -> Answer:
        status, content = await self._request(command)
        if status in (401, 403) and b'"retcode"' not in content:
            await self._explain(status, command)
        if status not in (200, 400, 401, 403):
            self._refuse_status(status, command)
        return Answer.of_envelope(command.name, parse(command.name, content))

    async def _explain(self, status: int, command: Command) -> None:
        """401 and 403 without a code: the permission is missing, or the server's session has expired."""
        if command is not _KEEP_ALIVE and not command.name.startswith("AUTH_"):
            forgotten = (await self._request(_KEEP_ALIVE))[0] != 200
            if forgotten:
                self.broken = True
                raise ConnectionLost("the server ended the session")
            status = 403
        raise refusal(ACCOUNT_INVALID if status == 401 else PERMISSIONS, command.name, f"HTTP {status}")

    def _refuse_status(self, status: int, command: Command) -> None:
        if status >= 500:
            raise Unavailable(f"{command.name}: HTTP {status}")
        self.broken = True
        raise ProtocolError(f"{command.name}: HTTP {status}" + (", redirects are not followed" * (status < 400)))

    async def _request(self, command: Command) -> tuple[int, bytes]:
        params = {key.lower(): escape(value) for key, value in command.params.items()}
        url = self._origin + path(command.name)
        body = None
        if command.secret:
            body = {key.title(): value for key, value in command.params.items()}
        elif params:
            url += "?" + urlencode(params, quote_via=quote)
        try:
            async with self._http.stream(
                "GET" if body is None else "POST",
                url,
                json=body,
                extensions={"sni_hostname": self._target.host, "trace": self._watch},
            ) as response:
                return response.status_code, await self._content(response)
        except httpx2.ConnectTimeout as error:
            raise TimedOut(f"connect: no answer within {self._connect_timeout:g} s") from error
        except httpx2.HTTPError as error:
            self.broken = True
            raise self._failure(error) from error

    async def _content(self, response: httpx2.Response) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ProtocolError("the answer is compressed, which we did not ask for")
        content = bytearray()
        async for piece in response.aiter_raw():
            content += piece
            if len(content) > self._max_answer:
                raise AnswerTooLarge(f"the answer is longer than {self._max_answer} bytes")
        return bytes(content)

    async def _watch(self, event: str, info: dict[str, Any]) -> None:
        """Refuses a second connection, which would not be signed in, and a certificate other than the pinned."""
        if event == "connection.connect_tcp.started" and self._connected:
            self.broken = True
            raise ConnectionLost("the server closed the connection")
        if event == "connection.connect_tcp.complete":
            self._stream = info["return_value"]
        if event == "connection.start_tls.complete":
            self._connected = True
            certificate = info["return_value"].get_extra_info("ssl_object").getpeercert(binary_form=True)
            found = hashlib.sha256(certificate).digest()
            if self._pinned is not None and not hmac.compare_digest(found, self._pinned):
                self.broken = True
                raise TlsFailed(
                    f"{self._target.host}: the certificate is not the pinned one, but SHA-256 {found.hex()}"
                )

    def _failure(self, error: httpx2.HTTPError) -> ConnectionFailed | ConnectionLost:
        where = f"{self._target.host}:{self._target.port}"
        if self._connected:
            return ConnectionLost("the server closed the connection")
        reason = str(error) or type(error).__name__
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError):
                return TlsFailed(f"{where}: {getattr(cause, 'verify_message', '') or cause.reason or cause}")
            if isinstance(cause, OSError):
                reason = os_reason(cause)
            cause = cause.__cause__ or cause.__context__
        return ConnectionFailed(f"{where}: {reason}")

    async def _keep_alive(self) -> None:
        await self._exchange(_KEEP_ALIVE)

    async def close(self) -> None:
        self.broken = True
        await self._http.aclose()
        if self._stream is not None:  # httpx2 forgets a connection whose TLS failed or was refused by us
            await self._stream.aclose()
