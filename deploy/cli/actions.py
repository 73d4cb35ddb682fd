"""Operator actions of services as commands of `tradehall`: made from the same definitions as the services' own."""

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from pydantic import RootModel, SerializeAsAny

from deploy.cli.output import Services, ask, at_once, chosen
from deploy.cli.running import Running
from kit.operations.answers import Answer
from runtime.actions.commands import Command, command
from runtime.actions.definition import Action

AnyAction = Action[Any, ..., Any]
OneService = Annotated[str, typer.Argument(metavar="SERVICE", help="Such as identity; see `tradehall status`.")]


class ByService(Answer, RootModel[dict[str, SerializeAsAny[Answer]]]):
    """The answers of several services, by name."""

    @property
    def failed(self) -> bool:
        return any(one.failed for one in self.root.values())

    def lines(self) -> Iterator[str]:
        for name, one in self.root.items():
            yield from (f"{name}: {line}" for line in one.lines())


class Listed(ByService):
    """As one list, in which each service's JSON is one item."""

    def as_json(self) -> list[Any]:
        return list(super().as_json().values())


class Rows(ByService):
    """As one list of all rows, each with the name of its service."""

    def as_json(self) -> list[Any]:
        return [{"service": name, **row} for name, rows in super().as_json().items() for row in rows]


def of_identity(action: AnyAction) -> Command:
    """The command asks identity."""
    return command(action, lambda **given: ask(Running.found(), "identity", action, **given))


def of_one(action: AnyAction) -> Command:
    """The command asks the service that it names."""

    def answer(service: str, **given: Any) -> Answer:
        running = Running.found()
        chosen(running, [service])
        found: Answer = ask(running, service, action, **given)
        return found

    return command(action, answer, _leading("service", OneService))


def of_chosen(
    action: AnyAction,
    answers: type[ByService],
    work: Callable[..., dict[str, Any]] = at_once,
) -> Command:
    """The command asks the services that it names, by default all on the bus; `work` is how."""

    def answer(services: list[str] | None, **given: Any) -> Answer:
        running = Running.found()
        return answers(work(chosen(running, services), "Asking", lambda name: ask(running, name, action, **given)))

    return command(action, answer, _leading("services", Services, None))


def _leading(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
