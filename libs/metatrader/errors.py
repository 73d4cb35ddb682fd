"""What can go wrong: each error says whether asking again, unchanged, can succeed."""

from typing import ClassVar


class MetaTraderError(Exception):
    """`permanent`: the same request would fail again until a person changes something."""

    permanent: ClassVar[bool] = False


class InvalidValue(MetaTraderError, ValueError):
    """A value of the caller that cannot be sent; nothing was sent."""

    permanent = True


class ConnectionFailed(MetaTraderError):
    """No connection came about: name unknown, port closed, or the server hung up before we had signed in."""


class TlsFailed(ConnectionFailed):
    """TLS could not be agreed, or the certificate is not the one asked for."""


class ConnectionLost(MetaTraderError):
    """An established connection ended, so that an answer is missing."""


class TimedOut(MetaTraderError):
    """The deadline passed. Whether the server acted on the request is unknown."""


class Unavailable(MetaTraderError):
    """The access server answered HTTP 5xx."""


class ProtocolError(MetaTraderError):
    """What the server sent is not the protocol."""


class AnswerTooLarge(ProtocolError):
    """The answer is larger than the client was told to accept."""


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
    """The manager lacks the right for this command."""


class NotFound(RefusedForGood):
    """There is no such thing, or the manager may not see it."""


class TooFrequent(Refused):
    """The server limits how often it may be asked: wait, then ask again."""


class ShuttingDown(Refused):
    pass


class SignInRefused(RefusedForGood):
    """Signing in again with the same credentials cannot succeed, and may get the manager locked out."""


class AuthFailed(SignInRefused):
    """Wrong login or password."""


class AccountDisabled(SignInRefused):
    pass


class AddressBlocked(SignInRefused):
    """Our address is not in the manager's list of addresses."""


class NotAManager(SignInRefused):
    """The account has no manager configuration, or may not connect as a manager."""


class PasswordChangeRequired(SignInRefused):
    pass


class ExtendedAuthRequired(SignInRefused):
    """The account wants a certificate or a one-time password, which the Web API cannot give."""


class WrongServer(SignInRefused):
    """This server does not serve the Web API: not an access server, or not the main one."""


class ServerNotProven(SignInRefused):
    """The server did not prove that it knows the password: it is another one than the account's."""


class ServerBusy(Refused):
    pass
