"""Credentials as a form gives them, and their test, whose stages are shown as each ends."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Annotated

import httpx2
from fastapi import Form, Response
from fastapi.responses import StreamingResponse

from portal.api import ApiProblem, Json
from portal.rendering import Renderer
from portal.visits import Visit

Text = Annotated[str, Form()]
_STREAM = "text/event-stream"


@dataclass(frozen=True)
class CredentialsForm:
    """Of an API (`login`) or a database (`database`, `user`, `tls`). The password goes in and never out."""

    host: str = ""
    port: str = ""
    login: str = ""
    database: str = ""
    user: str = ""
    tls: str = "verify"
    ca_pem: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, platform: Json, target: str) -> "CredentialsForm":
        """What is known of the stored ones."""
        known = platform[f"{target}_credentials"] or {}
        names = ("host", "port", "login", "database", "user", "tls")
        return cls(**{name: str(known[name]) for name in names if known.get(name) is not None})

    def fields(self, target: str) -> tuple[str, ...]:
        common = ("host", "port", "password", "ca_pem")
        return (*common, "login") if target == "api" else (*common, "database", "user", "tls")

    def body(self, target: str) -> Json:
        """As the interface takes it; a number that is none is left for it to refuse."""
        body: Json = {"host": self.host.strip(), "port": _number(self.port), "password": self.password}
        if self.ca_pem.strip():
            body["ca_pem"] = self.ca_pem
        if target == "api":
            return {**body, "login": _number(self.login)}
        return {**body, "database": self.database, "user": self.user, "tls": self.tls}


def credentials_form(
    host: Text = "",
    port: Text = "",
    login: Text = "",
    database: Text = "",
    user: Text = "",
    tls: Text = "verify",
    ca_pem: Text = "",
    password: Text = "",
) -> CredentialsForm:
    return CredentialsForm(host, port, login, database, user, tls, ca_pem, password)


WithoutScripts = Callable[[list[Json], Json | None, ApiProblem | None], Response]
"""The page for a test that has ended: its stages and result, or why there was none."""


def tested(show: Renderer, visit: Visit, path: str, body: Json, without_scripts: WithoutScripts) -> Response:
    """Each stage as a piece of page when it ends, for scripts that ask for a stream; else all of them at once."""
    streamed = _STREAM in visit.request.headers.get("accept", "")
    try:
        answer = visit.api.open("POST", f"{path}/checks", _STREAM, json=body)
    except ApiProblem as problem:
        if not streamed:
            return without_scripts([], None, problem)
        pieces = iter([show.fragment("platform_problem.html", errors=show.errors_of(problem))])
        return StreamingResponse(map(_event, pieces), media_type=_STREAM)
    if streamed:
        return StreamingResponse(map(_event, _pieces(show, answer)), media_type=_STREAM)
    steps, result = _collected(answer)
    return without_scripts(steps, result, None)


def _pieces(show: Renderer, answer: httpx2.Response) -> Iterator[str]:
    template = {"step": "platform_step.html", "result": "platform_result.html"}
    try:
        for kind, data in _events(answer):
            if kind in template:
                yield show.fragment(template[kind], **{kind: data})
    except httpx2.HTTPError:
        yield show.fragment("platform_problem.html", errors={"form": show.texts("problems.service-unavailable")})


def _collected(answer: httpx2.Response) -> tuple[list[Json], Json | None]:
    found = list(_events(answer))
    result = next((data for kind, data in found if kind == "result"), None)
    return [data for kind, data in found if kind == "step"], result


def _events(answer: httpx2.Response) -> Iterator[tuple[str, Json]]:
    """Server-sent events, each with one line of data."""
    with closing(answer):
        kind = ""
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, dict(json.loads(value))


def _event(piece: str) -> str:
    return f"data: {json.dumps(piece)}\n\n"


def _number(text: str) -> int | str:
    stripped = text.strip()
    return int(stripped) if stripped.isascii() and stripped.isdecimal() else stripped
