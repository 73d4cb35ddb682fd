"""The parameters of a request at an OAuth endpoint, from its query or its body."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from identity.oauth.errors import InvalidRequest

_MOST = 50  # parameters
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FORM = "application/x-www-form-urlencoded"

Pairs = list[tuple[str, str]]


class Parameters:
    """The parameters that have a value: an empty one counts as left out (RFC 6749 3.1). `scope` has single spaces.

    `given` maps each name to its first value; `pairs` keeps order and repetitions.
    """

    def __init__(self, pairs: Pairs) -> None:
        single_spaced = ((name, _single_spaced(value) if name == "scope" else value) for name, value in pairs)
        self.pairs: Pairs = [(name, value) for name, value in single_spaced if value]
        # dict keeps the last value of a name, so it is filled from the end.
        self.given: Mapping[str, str] = dict(reversed(self.pairs))

    @property
    def repeated(self) -> set[str]:
        """Names that are given more than once, which is an error (RFC 6749 3.1 and 3.2)."""
        if len(self.given) == len(self.pairs):
            return set()
        names = [name for name, _ in self.pairs]
        return {name for name in names if names.count(name) > 1}

    @property
    def unprintable(self) -> bool:
        """Whether any name or value holds a control character."""
        return _CONTROL.search("".join(text for pair in self.pairs for text in pair)) is not None


def query_parameters(request: Request) -> Pairs:
    """Raises InvalidRequest for what is not UTF-8."""
    return _parsed(request.scope["query_string"])


async def form_parameters(request: Request) -> Pairs:
    """Of the body, never of the query. Raises InvalidRequest for another content type or encoding."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != _FORM:
        raise InvalidRequest(f"The body must be {_FORM}.")
    return _parsed(await _body(request))


async def form_of_program(request: Request, *, required: str) -> Mapping[str, str]:
    """The form of a program's request, by name. Raises InvalidRequest, also without the parameter `required`."""
    parameters = Parameters(await form_parameters(request))
    if parameters.repeated:
        raise InvalidRequest("A parameter is given more than once.")
    if parameters.unprintable:
        raise InvalidRequest("A parameter holds a control character.")
    if required not in parameters.given:
        raise InvalidRequest(f"The parameter '{required}' is missing.")
    return parameters.given


async def _body(request: Request) -> bytes:
    """Without Starlette's generator and exception for each request."""
    parts, more = [], True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _single_spaced(value: str) -> str:
    return " ".join(part for part in value.split(" ") if part)


def _parsed(encoded: bytes) -> Pairs:
    try:
        return parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError as error:
        raise InvalidRequest("The parameters are too many, or not URL-encoded UTF-8.") from error
