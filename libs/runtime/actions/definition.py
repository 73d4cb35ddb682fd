"""An operator action, defined once: the service's command line and `tradehall` are made from the same definition."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_args

from typer.models import ArgumentInfo, OptionInfo

from kit.operations.answers import Answer

T = TypeVar("T")
P = ParamSpec("P")
A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class Group:
    """Actions whose commands have a first word in common; `old_name` is a deprecated alias of it."""

    name: str
    help: str
    old_name: str = ""


@dataclass(frozen=True)
class Action(Generic[T, P, A]):
    """`run` is the action itself: its docstring is the help, its first parameter the part of the service that it works
    with, its other parameters those of the command (as typer reads them), and what it returns the answer.

    `old_name` is a deprecated alias. `bus`: it runs while the service's bus is connected.
    """

    name: str
    run: Callable[Concatenate[T, P], A]
    group: Group | None = None
    old_name: str = ""
    bus: bool = False

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """Those of the command."""
        _, *rest = inspect.signature(self.run).parameters.values()
        return [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in rest]

    def read(self, printed: Any) -> A:
        """The answer, from the JSON that the service's command printed."""
        answer: type[A] = inspect.signature(self.run).return_annotation
        return answer.model_validate(printed)

    def command_line(self, *args: P.args, **given: P.kwargs) -> tuple[list[str], dict[str, str]]:
        """The words and the environment variables of the service's command.

        A parameter that has a variable is given by it: unlike words, all users of the machine cannot see it.
        """
        words = [self.group.name, self.name] if self.group else [self.name]
        variables: dict[str, str] = {}
        bound = inspect.signature(self.run).bind(None, *args, **given).arguments
        for one in self.parameters:
            value = bound.get(one.name, one.default)
            if value == one.default:
                continue
            match next(
                (info for info in get_args(one.annotation) if isinstance(info, ArgumentInfo | OptionInfo)), None
            ):
                case OptionInfo(envvar=str(variable)):
                    variables[variable] = " ".join(value)
                case OptionInfo():
                    flag = f"--{one.name.replace('_', '-')}"
                    words += [flag] if value is True else [flag, str(value)]
                case _:
                    words.append(str(value))
        return words, variables
