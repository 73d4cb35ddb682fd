"""Rules for passwords."""

import unicodedata
from collections.abc import Container

from kit.errors import Invalid

SHORTEST = 8  # characters
LONGEST = 128
TOO_SHORT = f"Use at least {SHORTEST} characters."
TOO_LONG = f"Use at most {LONGEST} characters."
HAS_NAME = "Leave out the name part of your e-mail address."
SHORTEST_NAME = 3  # a name part of one or two letters is in too many good passwords to say anything


class PasswordRefused(Invalid):
    """`field` names the field of the request, the message says what to do."""

    code = "password-refused"
    title = "Password not accepted"


class WrongPassword(Invalid):
    code = "wrong-password"
    title = "The current password is wrong"


def normal_password(text: str) -> str:
    """NFC, so that a password typed on two keyboards is the same."""
    return unicodedata.normalize("NFC", text)


def check_new_password(text: str, email: str, common: Container[str], *, field: str) -> str:
    """The password in normal form. Raises PasswordRefused.

    `common` holds well-known passwords in lower case; NIST SP 800-63B 5.1.1.2 asks for the list.
    """
    password = normal_password(text)
    if len(password) < SHORTEST:
        raise PasswordRefused(field, TOO_SHORT)
    if len(password) > LONGEST:
        raise PasswordRefused(field, TOO_LONG)
    if password.lower() in common:
        raise PasswordRefused(field, "This is a common password. Choose another one.")
    if any(name in password.casefold() for name in _names(email)):
        raise PasswordRefused(field, HAS_NAME)
    return password


def _names(email: str) -> set[str]:
    local = unicodedata.normalize("NFC", email.strip()).rpartition("@")[0].casefold()
    return {name for name in (local, local.partition("+")[0]) if len(name) >= SHORTEST_NAME}
