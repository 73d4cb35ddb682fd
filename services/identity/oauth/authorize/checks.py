"""The checks of an authorization request, one function each, in the order of the tables at the end.

A check raises ProtocolError, or PageNeeded where the user has to do something first.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import quote, urlencode
from uuid import UUID

from identity.oauth.errors import (
    InteractionRequired,
    InvalidRequest,
    InvalidScope,
    LoginRequired,
    PageNeeded,
    ProtocolError,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    UnsupportedResponseType,
)
from identity.oauth.id_token_hints import Hint
from identity.oauth.known_clients import FirstPartyClient
from identity.oauth.parameters import Parameters

PATH = "/oauth2/authorize"
RESPONSE_MODES = ("query", "form_post")
PROMPTS = ("none", "login", "consent", "select_account")
"""First-party programs need no consent: asking for it changes nothing."""
# Our own parameter, only in the way back from the sign-in page: the time from which on a sign-in counts as new.
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
class AuthorizationRequest:
    """A request to check, with the session of the browser, if any, and the time."""

    parameters: Parameters
    client: FirstPartyClient | None
    session: SignedIn | None
    now: datetime
    hint: Hint | None = None  # the content of the id_token_hint, if it is an ID token of this system

    @property
    def given(self) -> Mapping[str, str]:
        return self.parameters.given

    @property
    def known_client(self) -> FirstPartyClient:
        assert self.client is not None
        return self.client

    @property
    def prompts(self) -> set[str]:
        return set(self.given.get("prompt", "").split())

    @property
    def scope(self) -> str:
        return self.known_client.allowed_scope(self.given.get("scope")) or ""


def client_and_address_are_given_once(request: AuthorizationRequest) -> None:
    for name in sorted({"client_id", "redirect_uri"} & request.parameters.repeated):
        raise InvalidRequest(f"The parameter '{name}' is given more than once.")


def client_is_known(request: AuthorizationRequest) -> None:
    if request.client is None:
        raise InvalidRequest("The client_id is missing, or no users sign in through this client.")


def redirect_uri_is_registered(request: AuthorizationRequest) -> None:
    if not request.known_client.check_redirect_uri(request.given.get("redirect_uri", "")):
        raise InvalidRequest("The redirect_uri is missing, or not registered for this client.")


def parameters_are_given_once(request: AuthorizationRequest) -> None:
    if request.parameters.repeated:
        raise InvalidRequest("A parameter is given more than once.")


def parameters_are_printable(request: AuthorizationRequest) -> None:
    if request.parameters.unprintable:
        raise InvalidRequest("A parameter holds a control character.")


def parameters_are_not_in_an_object(request: AuthorizationRequest) -> None:
    """Request objects (OpenID Connect Core 6) and registration (7.2.1) are not supported."""
    refusals: dict[str, type[ProtocolError]] = {
        "request": RequestNotSupported,
        "request_uri": RequestUriNotSupported,
        "registration": RegistrationNotSupported,
    }
    for name, refusal in refusals.items():
        if name in request.given:
            raise refusal("The parameters must be in the request itself.")


def response_type_is_code(request: AuthorizationRequest) -> None:
    response_type = request.given.get("response_type")
    if response_type is None:
        raise InvalidRequest("The parameter 'response_type' is missing.")
    if response_type != "code":
        raise UnsupportedResponseType("The only response_type is code.")


def response_mode_is_known(request: AuthorizationRequest) -> None:
    if request.given.get("response_mode", "query") not in RESPONSE_MODES:
        raise InvalidRequest(f"The response_mode is one of {', '.join(RESPONSE_MODES)}.")


def scope_is_known(request: AuthorizationRequest) -> None:
    if request.known_client.allowed_scope(request.given.get("scope")) is None:
        raise InvalidScope("A scope is unknown, or not allowed for this client.")


def code_challenge_is_s256(request: AuthorizationRequest) -> None:
    """RFC 7636 with S256 only, for every client (RFC 9700 2.1.1)."""
    if "code_challenge" not in request.given:
        raise InvalidRequest("The parameter 'code_challenge' is missing: PKCE is required.")
    if request.given.get("code_challenge_method") != "S256":
        raise InvalidRequest("The code_challenge_method must be S256.")
    if not _CHALLENGE.fullmatch(request.given["code_challenge"]):
        raise InvalidRequest("The code_challenge is not one of S256.")


def nonce_is_short(request: AuthorizationRequest) -> None:
    if len(request.given.get("nonce", "")) > _LONGEST:
        raise InvalidRequest(f"The nonce is longer than {_LONGEST} characters.")


def prompt_is_known(request: AuthorizationRequest) -> None:
    prompts = request.prompts
    if not prompts <= set(PROMPTS) or ("none" in prompts and len(prompts) > 1):
        raise InvalidRequest("The prompt is unknown, or none is combined with another one.")


def max_age_is_a_number(request: AuthorizationRequest) -> None:
    for name in ("max_age", _SIGNED_IN_AFTER):
        value = request.given.get(name, "0")
        if not (value.isascii() and value.isdigit() and len(value) <= 10):
            raise InvalidRequest(f"The {name} is not a number of seconds.")


def id_token_hint_was_issued_to_the_client(request: AuthorizationRequest) -> None:
    if "id_token_hint" not in request.given:
        return
    if request.hint is None or request.hint.client_id != request.known_client.client_id:
        raise InvalidRequest("The id_token_hint is not an ID token that was issued to this client.")


def user_is_signed_in(request: AuthorizationRequest) -> None:
    if request.session is not None:
        return
    if "none" in request.prompts:
        raise LoginRequired("No user is signed in.")
    raise PageNeeded(_sign_in_page(request))


def sign_in_is_new_enough(request: AuthorizationRequest) -> None:
    """`prompt=login` and `max_age` (OpenID Connect Core 3.1.2.1)."""
    assert request.session is not None
    age = request.now - request.session.signed_in_at
    if _SIGNED_IN_AFTER in request.given:
        # Back from the sign-in page. max_age may be shorter than the way back takes.
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


def user_is_the_hinted_one(request: AuthorizationRequest) -> None:
    """OpenID Connect Core 3.1.2.1: no answer for another user, who may sign in as the hinted one first."""
    assert request.session is not None
    if request.hint is None or request.hint.user_id == request.session.user_id:
        return
    if "none" in request.prompts or _SIGNED_IN_AFTER in request.given:
        raise LoginRequired("The user of the id_token_hint is not signed in.")
    raise PageNeeded(_sign_in_page(request, anew=True))


def password_is_chosen(request: AuthorizationRequest) -> None:
    """A user with a one-time password must choose a password before they sign in to a client."""
    assert request.session is not None
    if not request.session.must_choose_password:
        return
    if "none" in request.prompts:
        raise InteractionRequired("The user must choose a password first.")
    raise PageNeeded(_page("/password/new", request.parameters.pairs))


Check = Callable[[AuthorizationRequest], None]

BEFORE_REDIRECTING: tuple[Check, ...] = (
    client_and_address_are_given_once,
    client_is_known,
    redirect_uri_is_registered,
)
"""The user sees an error of these: there is no safe address to redirect to (RFC 6749 4.1.2.1)."""

CHECKS: tuple[Check, ...] = (
    parameters_are_given_once,
    parameters_are_printable,
    parameters_are_not_in_an_object,
    response_type_is_code,
    response_mode_is_known,
    scope_is_known,
    code_challenge_is_s256,
    nonce_is_short,
    prompt_is_known,
    max_age_is_a_number,
    id_token_hint_was_issued_to_the_client,
    user_is_signed_in,
    sign_in_is_new_enough,
    user_is_the_hinted_one,
    password_is_chosen,
)
"""The client receives an error of these by redirect."""


def _sign_in_page(request: AuthorizationRequest, *, anew: bool = False) -> str:
    """Its way back asks for a sign-in from now on, where the request asked for a new one, so that one is enough."""
    pairs = [(name, value) for name, value in request.parameters.pairs if name not in ("prompt", _SIGNED_IN_AFTER)]
    if anew or request.prompts & _NEW_SIGN_IN or request.given.keys() & {"max_age", _SIGNED_IN_AFTER}:
        pairs.append((_SIGNED_IN_AFTER, str(int(request.now.timestamp()))))
    return _page("/login", pairs)


def _page(path: str, pairs: list[tuple[str, str]]) -> str:
    return f"{path}?next={quote(f'{PATH}?{urlencode(pairs)}', safe='')}"
