"""The normal form in which e-mail addresses are compared. Mail is sent to the address as typed."""

import re
import unicodedata
from functools import lru_cache

import idna

MAX_OCTETS = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets."""
_PLAIN = re.compile(r"[!-~]*")  # visible ASCII, in which nothing needs to be looked up
_UNUSABLE = frozenset({"Cc", "Cs", "Zs", "Zl", "Zp"})
# RFC 5322 atext, and whatever is not ASCII (RFC 6531); quoted local parts are not taken.
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+")


class InvalidEmail(ValueError):
    """The text is not a usable address. The message says what to change."""


def normal(address: str) -> str:
    """The normal form: trimmed, NFC, local part lower-case, domain as lower-case A-labels (IDNA 2008).

    Dots and plus signs are kept. The function is idempotent. Only spaces are trimmed: a line break is refused anywhere,
    because the address as typed becomes part of a mail's header.
    Raises InvalidEmail.
    """
    text = address.strip(" ")
    if len(text) > MAX_OCTETS:
        raise InvalidEmail(f"shorten the address to at most {MAX_OCTETS} octets")
    if not _PLAIN.fullmatch(text) and any(unicodedata.category(each) in _UNUSABLE for each in text):
        raise InvalidEmail("remove spaces, line breaks and control characters from the address")
    local, at, domain = unicodedata.normalize("NFC", text).rpartition("@")
    if not at or "@" in local:
        raise InvalidEmail("write the address with exactly one @, as in name@example.com")
    form = f"{_normal_local(local)}@{_normal_domain(domain)}"
    if len(form.encode()) > MAX_OCTETS:
        raise InvalidEmail(f"shorten the address to at most {MAX_OCTETS} octets")
    return form


def spellings(address: str) -> list[str]:
    """Spellings of an address that texts may contain: as given, normal, and normal with a decoded domain.

    Raises InvalidEmail.
    """
    form = normal(address)
    local, _, domain = form.rpartition("@")
    return list(dict.fromkeys([address.strip(" "), form, f"{local}@{idna.decode(domain)}"]))


def _normal_local(local: str) -> str:
    if not local:
        raise InvalidEmail("write a name before the @, as in name@example.com")
    lowered = unicodedata.normalize("NFC", local.lower())
    if not all(map(_ATOM.fullmatch, lowered.split("."))):
        raise InvalidEmail("before the @ use letters, digits, single dots and !#$%&'*+/=?^_`{|}~- without quotes")
    if not lowered.isascii() and any(unicodedata.category(each).startswith("C") for each in lowered):
        raise InvalidEmail("remove invisible characters from the part before the @")
    return lowered


@lru_cache(1024)  # few domains are behind many addresses
def _normal_domain(domain: str) -> str:
    if not domain:
        raise InvalidEmail("write a domain after the @, as in name@example.com")
    try:
        form = idna.encode(domain, uts46=True, std3_rules=True).decode().lower()
    except idna.IDNAError:
        raise InvalidEmail(
            "correct the domain after the @: it must be a name of the Internet, as in name@example.com"
        ) from None
    *parents, top = form.split(".")
    if not parents or not top or top.isdigit():
        raise InvalidEmail("write the whole domain after the @, as in name@example.com")
    return form
