"""Checks of credentials: the API streams each stage when it ends, and the page shows it at once."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

import httpx2
from fastapi import Response
from fastapi.responses import StreamingResponse

from portal.layout.api import ApiProblem, Json
from portal.layout.page_requests import PageRequest
from portal.layout.rendering import Renderer

_STREAM = "text/event-stream"
WithoutScripts = Callable[[list[Json], Json | None, ApiProblem | None], Response]
"""The page for a check that has ended: its stages and result, or the problem."""


def checked(
    show: Renderer,
    request: PageRequest,
    path: str,
    body: Json,
    without_scripts: WithoutScripts,
    labels: Mapping[str, str] | None = None,
) -> Response:
    """Run a check of the platform at this path of the API.

    A script that accepts a stream gets each stage as an HTML fragment when it ends; a form gets them all at the end.
    `labels` name the fields of the form in errors.
    """
    streamed = _STREAM in request.http.headers.get("accept", "")
    try:
        answer = request.api.open("POST", f"{path}/checks", _STREAM, json=body)
    except ApiProblem as problem:
        if not streamed:
            return without_scripts([], None, problem)
        messages = _messages(show, problem, labels or {})
        fragments = iter([show.fragment("platforms/check_problem.html", messages=messages)])
        return StreamingResponse(map(_event, fragments), media_type=_STREAM)
    if streamed:
        return StreamingResponse(map(_event, _fragments(show, answer)), media_type=_STREAM)
    steps, result = _collected(answer)
    return without_scripts(steps, result, None)


def _messages(show: Renderer, problem: ApiProblem, labels: Mapping[str, str]) -> list[str]:
    """One message for each field, with its label, because all are shown in one place."""
    errors = show.errors_of(problem, labels=labels)
    return [
        f"{labels[field]}: {message[:1].lower()}{message[1:]}" if field in labels else message
        for field, message in errors.items()
    ]


def _fragments(show: Renderer, answer: httpx2.Response) -> Iterator[str]:
    templates = {"step": "platforms/check_step.html", "result": "platforms/check_result.html"}
    try:
        for kind, data in _events(answer):
            if kind in templates:
                yield show.fragment(templates[kind], **{kind: data})
    except httpx2.HTTPError:
        messages = [show.texts("problems.service-unavailable")]
        yield show.fragment("platforms/check_problem.html", messages=messages)


def _collected(answer: httpx2.Response) -> tuple[list[Json], Json | None]:
    found = list(_events(answer))
    result = next((data for kind, data in found if kind == "result"), None)
    return [data for kind, data in found if kind == "step"], result


def _events(answer: httpx2.Response) -> Iterator[tuple[str, Json]]:
    """The server-sent events of an answer, each with one line of data."""
    with closing(answer):
        kind = ""
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, dict(json.loads(value))


def _event(fragment: str) -> str:
    return f"data: {json.dumps(fragment)}\n\n"
