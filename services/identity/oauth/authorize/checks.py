"""The checks of an authorization request, one function each, in the order of the tables at the end."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import quote, urlencode
from uuid import UUID

from authlib.oauth2.rfc6749 import (
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
    UnsupportedResponseTypeError,
)

from identity.oauth.errors import (
    InteractionRequired,
    LoginRequired,
    PageNeeded,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
)
from identity.oauth.id_token_hints import Hint
from identity.oauth.known_clients import FirstPartyClient
from identity.oauth.parameters import Parameters

PATH = "/oauth2/authorize"
RESPONSE_MODES = ("query", "form_post")
PROMPTS = ("none", "login", "consent", "select_account")
"""Programs of ours need no consent: who asks for it has it."""
# Ours, in the way back from the sign-in page only: from when on a sign-in is as new as was asked for.
_SIGNED_IN_AFTER = "signed_in_after"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of a SHA-256
_NEW_SIGN_IN = {"login", "select_account"}
_WAY_BACK = timedelta(minutes=10)
_ANY_AGE = 10**10  # seconds
_LONGEST = 2048  # characters of a value that is kept with the code


class SignedIn(Protocol):
    """A session of the hosted pages."""

    @property
    def id(self) -> UUID: ...
    @property
    def user_id(self) -> UUID: ...
    @property
    def signed_in_at(self) -> datetime: ...
    @property
    def must_choose_password(self) -> bool: ...


@dataclass(frozen=True)
class Authorization:
    """A request to be judged: who is signed in, if anybody, and the time."""

    parameters: Parameters
    client: FirstPartyClient | None
    session: SignedIn | None
    now: datetime
    hint: Hint | None = None  # what the id_token_hint says, if it is one of ours

    @property
    def given(self) -> Mapping[str, str]:
        return self.parameters.data

    @property
    def known_client(self) -> FirstPartyClient:
        assert self.client is not None
        return self.client

    @property
    def prompts(self) -> set[str]:
        return set(self.given.get("prompt", "").split())

    @property
    def scope(self) -> str:
        return self.known_client.get_allowed_scope(self.given.get("scope")) or ""


def client_and_address_are_given_once(request: Authorization) -> None:
    for name in sorted({"client_id", "redirect_uri"} & request.parameters.repeated):
        raise InvalidRequestError(f"Multiple '{name}' in request.")


def client_is_known(request: Authorization) -> None:
    if request.client is None:
        raise InvalidRequestError("The client_id is missing, or no people sign in through this client.")


def redirect_uri_is_registered(request: Authorization) -> None:
    """Compared to the letter but for a loopback port (RFC 9700 2.1, RFC 8252 7.3)."""
    if not request.known_client.check_redirect_uri(request.given.get("redirect_uri", "")):
        raise InvalidRequestError("The redirect_uri is missing, or not registered for this client.")


def parameters_are_given_once(request: Authorization) -> None:
    if request.parameters.repeated:
        raise InvalidRequestError("A parameter is given more than once.")


def parameters_are_printable(request: Authorization) -> None:
    if request.parameters.unprintable:
        raise InvalidRequestError("A parameter holds a control character.")


def request_stands_in_the_query(request: Authorization) -> None:
    """Request objects (OpenID Connect Core 6) and registration (7.2.1) are not offered."""
    refusals: dict[str, type[Exception]] = {
        "request": RequestNotSupported,
        "request_uri": RequestUriNotSupported,
        "registration": RegistrationNotSupported,
    }
    for name, refusal in refusals.items():
        if name in request.given:
            raise refusal("The parameters must stand in the request itself.")


def response_type_is_code(request: Authorization) -> None:
    response_type = request.given.get("response_type")
    if response_type is None:
        raise InvalidRequestError("Missing 'response_type' in request.")
    if response_type != "code":
        raise UnsupportedResponseTypeError(response_type, "The only response_type is code.")


def response_mode_is_known(request: Authorization) -> None:
    if request.given.get("response_mode", "query") not in RESPONSE_MODES:
        raise InvalidRequestError(f"The response_mode is one of {', '.join(RESPONSE_MODES)}.")


def client_may_have_codes(request: Authorization) -> None:
    if not request.known_client.check_response_type("code"):
        raise UnauthorizedClientError("No people sign in through this client.")


def scope_is_known(request: Authorization) -> None:
    if request.known_client.get_allowed_scope(request.given.get("scope")) is None:
        raise InvalidScopeError("A scope is not known, or not for this client.")


def code_challenge_is_s256(request: Authorization) -> None:
    """RFC 7636 with S256 only, for every client (RFC 9700 2.1.1)."""
    if "code_challenge" not in request.given:
        raise InvalidRequestError("Missing 'code_challenge': PKCE is required.")
    if request.given.get("code_challenge_method") != "S256":
        raise InvalidRequestError("The code_challenge_method must be S256.")
    if not _CHALLENGE.fullmatch(request.given["code_challenge"]):
        raise InvalidRequestError("The code_challenge is not one of S256.")


def nonce_is_short(request: Authorization) -> None:
    if len(request.given.get("nonce", "")) > _LONGEST:
        raise InvalidRequestError(f"The nonce is longer than {_LONGEST} characters.")


def prompt_is_understood(request: Authorization) -> None:
    prompts = request.prompts
    if not prompts <= set(PROMPTS) or ("none" in prompts and len(prompts) > 1):
        raise InvalidRequestError("The prompt is not understood, or none does not stand alone.")


def max_age_is_a_number(request: Authorization) -> None:
    for name in ("max_age", _SIGNED_IN_AFTER):
        value = request.given.get(name, "0")
        if not (value.isascii() and value.isdigit() and len(value) <= 10):
            raise InvalidRequestError(f"The {name} is not a number of seconds.")


def id_token_hint_is_this_clients(request: Authorization) -> None:
    if "id_token_hint" not in request.given:
        return
    if request.hint is None or request.hint.client_id != request.known_client.client_id:
        raise InvalidRequestError("The id_token_hint is not an ID token that this client was given here.")


def somebody_is_signed_in(request: Authorization) -> None:
    if request.session is not None:
        return
    if "none" in request.prompts:
        raise LoginRequired("Nobody is signed in.")
    raise PageNeeded(_sign_in_page(request))


def sign_in_is_new_enough(request: Authorization) -> None:
    """`prompt=login` and `max_age` (OpenID Connect Core 3.1.2.1)."""
    assert request.session is not None
    age = request.now - request.session.signed_in_at
    if _SIGNED_IN_AFTER in request.given:
        # Back from the sign-in page. However small max_age is, the way back takes its time.
        asked_at = int(request.given[_SIGNED_IN_AFTER])
        good = request.session.signed_in_at.timestamp() >= asked_at and age < _WAY_BACK
    elif request.prompts & _NEW_SIGN_IN:
        good = False
    else:
        good = age <= timedelta(seconds=int(request.given.get("max_age", _ANY_AGE)))
    if good:
        return
    if "none" in request.prompts:
        raise LoginRequired("The sign-in is older than max_age.")
    raise PageNeeded(_sign_in_page(request))


def person_is_the_hinted_one(request: Authorization) -> None:
    """OpenID Connect Core 3.1.2.1: nobody else is answered for. They may sign in once."""
    assert request.session is not None
    if request.hint is None or request.hint.user_id == request.session.user_id:
        return
    if "none" in request.prompts or _SIGNED_IN_AFTER in request.given:
        raise LoginRequired("The person of the id_token_hint is not signed in.")
    raise PageNeeded(_sign_in_page(request, anew=True))


def password_is_their_own(request: Authorization) -> None:
    """After a one-time password the person is not signed in anywhere else until they have chosen their own."""
    assert request.session is not None
    if not request.session.must_choose_password:
        return
    if "none" in request.prompts:
        raise InteractionRequired("A password must be chosen first.")
    raise PageNeeded(_page("/password/new", request.parameters.pairs))


Check = Callable[[Authorization], None]

BEFORE_REDIRECTING: tuple[Check, ...] = (
    client_and_address_are_given_once,
    client_is_known,
    redirect_uri_is_registered,
)
"""A refusal here is shown to the person: there is nowhere to redirect to (RFC 6749 4.1.2.1)."""

CHECKS: tuple[Check, ...] = (
    parameters_are_given_once,
    parameters_are_printable,
    request_stands_in_the_query,
    response_type_is_code,
    response_mode_is_known,
    client_may_have_codes,
    scope_is_known,
    code_challenge_is_s256,
    nonce_is_short,
    prompt_is_understood,
    max_age_is_a_number,
    id_token_hint_is_this_clients,
    somebody_is_signed_in,
    sign_in_is_new_enough,
    person_is_the_hinted_one,
    password_is_their_own,
)
"""A refusal here is told to the client by redirect."""


def _sign_in_page(request: Authorization, *, anew: bool = False) -> str:
    """Back from there the request asks for a sign-in from now on, where it asked for a new one: once is enough."""
    pairs = [(name, value) for name, value in request.parameters.pairs if name not in ("prompt", _SIGNED_IN_AFTER)]
    if anew or request.prompts & _NEW_SIGN_IN or request.given.keys() & {"max_age", _SIGNED_IN_AFTER}:
        pairs.append((_SIGNED_IN_AFTER, str(int(request.now.timestamp()))))
    return _page("/login", pairs)


def _page(path: str, pairs: list[tuple[str, str]]) -> str:
    return f"{path}?next={quote(f'{PATH}?{urlencode(pairs)}', safe='')}"
