"""The parameters of a request at an OAuth endpoint, from its query or its body."""

import re
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Payload
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest

_MOST = 50  # parameters
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FORM = "application/x-www-form-urlencoded"

Pairs = list[tuple[str, str]]


class Parameters(OAuth2Payload):  # type: ignore[misc]
    """Those without a value count as left out (RFC 6749 3.1), `scope` has single spaces."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = [(name, _single_spaced(value) if name == "scope" else value) for name, value in pairs]
        self.pairs = [(name, value) for name, value in self.pairs if value]
        self._lists: dict[str, list[str]] = {}
        for name, value in self.pairs:
            self._lists.setdefault(name, []).append(value)
        self._data = {name: values[0] for name, values in self._lists.items()}

    @property
    def data(self) -> dict[str, str]:
        return self._data

    @property
    def datalist(self) -> dict[str, list[str]]:
        return self._lists

    @property
    def repeated(self) -> set[str]:
        """Names that are given more than once, which none may be (RFC 6749 3.1 and 3.2)."""
        return {name for name, values in self._lists.items() if len(values) > 1}

    @property
    def unprintable(self) -> bool:
        """Whether any name or value holds a control character."""
        return _CONTROL.search("".join(text for pair in self.pairs for text in pair)) is not None


def query_parameters(request: HttpRequest) -> Pairs:
    """Raises InvalidRequestError for what is not UTF-8."""
    return _parsed(request.scope["query_string"])


async def form_parameters(request: HttpRequest) -> Pairs:
    """Of the body, never of the query. Raises InvalidRequestError for another content type or encoding."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != _FORM:
        raise InvalidRequestError(f"The body must be {_FORM}.")
    return _parsed(await _body(request))


async def _body(request: HttpRequest) -> bytes:
    """As Starlette's, which takes a generator and an exception for each request."""
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
        raise InvalidRequestError("The parameters are too many, or not URL-encoded UTF-8.") from error
