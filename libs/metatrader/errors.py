"""Errors of the clients. Each says whether the same request can succeed later."""

from typing import ClassVar


class MetaTraderError(Exception):
    """`permanent`: the same request fails again until somebody changes a setting."""

    permanent: ClassVar[bool] = False


class InvalidValue(MetaTraderError, ValueError):
    """A value from the caller cannot be sent. Nothing was sent."""

    permanent = True


class ConnectionFailed(MetaTraderError):
    """No connection was established: unknown name, closed port, or the server disconnected before the sign-in."""


class TlsFailed(ConnectionFailed):
    """The TLS handshake failed, or the certificate is not the required one."""


class ConnectionLost(MetaTraderError):
    """An established connection ended before the answer."""


class TimedOut(MetaTraderError):
    """The deadline passed. The server may have executed the request."""


class Unavailable(MetaTraderError):
    """The access server answered HTTP 5xx."""


class ProtocolError(MetaTraderError):
    """The server's answer violates the protocol."""


class AnswerTooLarge(ProtocolError):
    """The answer exceeds the client's size limit."""


class Refused(MetaTraderError):
    """The server answered with a return code other than OK; `name` is the code's name (see `codes`)."""

    def __init__(self, code: int, name: str, command: str, text: str = "") -> None:
        super().__init__(f"{command}: {code} {name}" + (f" ({text})" if text else ""))
        self.code = code
        self.name = name
        self.command = command
        self.text = text


class RefusedForGood(Refused):
    """The same request would be refused again."""

    permanent = True


class InvalidParameters(RefusedForGood):
    pass


class PermissionDenied(RefusedForGood):
    """The manager lacks the permission for this command."""


class NotFound(RefusedForGood):
    """The object does not exist, or the manager may not see it."""


class TooFrequent(Refused):
    """The server limits the request rate. Wait, then repeat the request."""


class ShuttingDown(Refused):
    pass


class SignInRefused(RefusedForGood):
    """Signing in again with the same credentials cannot succeed, and may get the manager locked out."""


class AuthFailed(SignInRefused):
    """Wrong login or password."""


class AccountDisabled(SignInRefused):
    pass


class AddressBlocked(SignInRefused):
    """The client's address is not in the manager's list of addresses."""


class NotAManager(SignInRefused):
    """The account has no manager configuration, or may not connect as a manager."""


class PasswordChangeRequired(SignInRefused):
    pass


class ExtendedAuthRequired(SignInRefused):
    """The account requires a certificate or a one-time password, which the Web API does not support."""


class WrongServer(SignInRefused):
    """This server does not offer the Web API: it is not an access server, or not the main one."""


class ServerNotProven(SignInRefused):
    """The server did not prove that it knows the password, so it is not the account's server."""


class ServerBusy(Refused):
    pass
