"""The client of the public HTTP API, and its problems (RFC 9457) as exceptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx2

from kit.context import cause
from portal.layout.sessions import NotSignedIn

Json = dict[str, Any]
_PREFIX = "/api/v1"
_LONGEST_LIST = "200"


class ApiProblem(Exception):
    """A refusal or failure of the API (RFC 9457). `errors` maps a field to its message."""

    def __init__(self, status: int, code: str, detail: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = dict(errors or {})

    @classmethod
    def of(cls, answer: httpx2.Response) -> "ApiProblem":
        try:
            body = answer.json()
            errors = {each["field"]: each["message"] for each in body.get("errors") or ()}
            return cls(answer.status_code, body["code"], body["detail"], errors)
        except (ValueError, KeyError, TypeError):
            return cls(answer.status_code, "service-unavailable", "")

    @property
    def is_outage(self) -> bool:
        """Whether the same call may succeed later."""
        return self.status >= 500


@dataclass(frozen=True)
class Listed:
    """A page of a list."""

    items: list[Json]
    next_cursor: str | None


@dataclass(frozen=True)
class Api:
    """Calls with one user's token. Each raises ApiProblem, or NotSignedIn when the token is no longer valid."""

    http: httpx2.Client = field(repr=False)
    token: str = field(repr=False)

    def get(self, path: str, **params: str | None) -> Json:
        given = {name: value for name, value in params.items() if value}
        return self._json("GET", path, params=given)

    def get_added(self, path: str) -> Json:
        """As `get`, for a path that the release before does not have: its 404, which lasts until a rolling upgrade
        has replaced that release, is raised as an outage."""
        try:
            return self.get(path)
        except ApiProblem as problem:
            if problem.status == 404:
                raise ApiProblem(503, "service-unavailable", "") from problem
            raise

    def page(self, path: str, **params: str | None) -> Listed:
        """A page of 50 items, or of `limit`."""
        body = self.get(path, **params)
        return Listed(body["items"], body["next_cursor"])

    def choices(self, path: str, **params: str | None) -> list[Json]:
        """The first 200 items, for a list without pages."""
        return self.page(path, limit=_LONGEST_LIST, **params).items

    def post(self, path: str, body: Json | None = None, *, key: str = "") -> Json:
        """Requests with the same `key` (any text) have one effect: it is sent, hashed, as Idempotency-Key."""
        headers = {"Idempotency-Key": sha256(key.encode()).hexdigest()} if key else {}
        return self._json("POST", path, json=body, headers=headers)

    def patch(self, path: str, body: Json) -> Json:
        return self._json("PATCH", path, json=body)

    def put(self, path: str, body: Json) -> Json:
        return self._json("PUT", path, json=body)

    def delete(self, path: str) -> None:
        self._json("DELETE", path)

    def open(self, method: str, path: str, accept: str, **rest: Any) -> httpx2.Response:
        """An answer that the caller reads as a stream, and closes."""
        request = self.http.build_request(method, _PREFIX + path, headers=self._headers({"Accept": accept}), **rest)
        try:
            answer = self.http.send(request, stream=True)
            if answer.is_error:
                answer.read()
        except httpx2.TransportError as error:
            raise ApiProblem(503, "service-unavailable", "") from error
        if answer.is_error:
            raise self._problem(answer)
        return answer

    def _json(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **rest: Any) -> Json:
        try:
            answer = self.http.request(method, _PREFIX + path, headers=self._headers(headers or {}), **rest)
        except httpx2.TransportError as error:
            raise ApiProblem(503, "service-unavailable", "") from error
        if answer.is_error:
            raise self._problem(answer)
        return {} if answer.status_code == 204 else dict(answer.json())

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        known = {"X-Request-Id": cause().correlation, "traceparent": cause().traceparent}
        return {
            "Authorization": f"Bearer {self.token}",
            **{name: value for name, value in known.items() if value},
            **more,
        }

    def _problem(self, answer: httpx2.Response) -> ApiProblem | NotSignedIn:
        return NotSignedIn() if answer.status_code == 401 else ApiProblem.of(answer)
