"""The checks of a logout request (OpenID Connect RP-Initiated Logout 1.0), in the order of the table at the end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from identity.oauth.id_token_hints import Hint, Hints
from identity.oauth.known_clients import FirstPartyClient
from identity.oauth.parameters import Pairs, Parameters
from kit.errors import Refusal

PATH = "/oauth2/logout"
_LONGEST = 2048  # characters of the state


class LogoutRefused(Refusal):
    code = "logout-refused"
    title = "The program that sent you here made a request that is not accepted"


@dataclass(frozen=True)
class Logout:
    """A request to check. `client` is the one that the request names, or else the one of its id_token_hint."""

    parameters: Parameters
    hint: Hint | None
    client: FirstPartyClient | None

    @property
    def given(self) -> Mapping[str, str]:
        return self.parameters.given

    @property
    def leads_to(self) -> str | None:
        """Where the browser goes afterwards, with the state; None for a page of ours."""
        uri = self.given.get("post_logout_redirect_uri")
        if uri is None or "state" not in self.given:
            return uri
        return f"{uri}?{urlencode({'state': self.given['state']})}"


def parameters_are_given_once(request: Logout) -> None:
    if request.parameters.repeated:
        raise LogoutRefused("A parameter is given more than once.")


def parameters_are_printable(request: Logout) -> None:
    if request.parameters.unprintable:
        raise LogoutRefused("A parameter holds a control character.")


def id_token_hint_is_ours(request: Logout) -> None:
    if "id_token_hint" in request.given and request.hint is None:
        raise LogoutRefused("The id_token_hint is not an ID token of this system.")


def client_is_the_hinted_one(request: Logout) -> None:
    """The client that the ID token was issued to (2)."""
    hint = request.hint
    if hint is not None and request.given.get("client_id", hint.client_id) != hint.client_id:
        raise LogoutRefused("The id_token_hint was issued to another client.")


def client_is_known(request: Logout) -> None:
    if "client_id" in request.given and request.client is None:
        raise LogoutRefused("The client_id is not known.")


def address_is_registered(request: Logout) -> None:
    """The browser is sent only to an address that is registered for a known client (3)."""
    uri = request.given.get("post_logout_redirect_uri")
    if uri is not None and (request.client is None or not request.client.check_post_logout_redirect_uri(uri)):
        raise LogoutRefused("The post_logout_redirect_uri is not registered for this client.")


def state_is_short(request: Logout) -> None:
    if len(request.given.get("state", "")) > _LONGEST:
        raise LogoutRefused(f"The state is longer than {_LONGEST} characters.")


CHECKS: tuple[Callable[[Logout], None], ...] = (
    parameters_are_given_once,
    parameters_are_printable,
    id_token_hint_is_ours,
    client_is_the_hinted_one,
    client_is_known,
    address_is_registered,
    state_is_short,
)
"""The user sees every refusal."""


def checked(pairs: Pairs, hints: Hints, clients: Mapping[str, FirstPartyClient]) -> Logout:
    """The request, if it is valid. Raises LogoutRefused."""
    parameters = Parameters(pairs)
    hint = hints.read(parameters.given.get("id_token_hint", ""))
    named = parameters.given.get("client_id") or (hint.client_id if hint else "")
    request = Logout(parameters, hint, clients.get(named))
    for check in CHECKS:
        check(request)
    return request
