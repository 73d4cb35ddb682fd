"""The operator check and its cache of one second."""

from uuid import UUID, uuid4

import pytest

from access.checks import PermissionsUnavailable
from access.operators import Operators
from access.tests.test_access import Owner
from contracts import rpc

ADA = uuid4()


class Clock:
    """Seconds that pass when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def told(owner: Owner, *, operator: bool) -> None:
    owner.answers[rpc.OPERATOR.subject] = rpc.Operator(operator=operator)


def test_an_answer_is_cached_for_one_second() -> None:
    owner, clock = Owner(), Clock()
    operators = Operators(owner, clock)  # type: ignore[arg-type]
    told(owner, operator=True)
    assert operators.has(ADA)
    told(owner, operator=False)
    clock.now += 0.9
    assert operators.has(ADA)
    clock.now += 0.2
    assert not operators.has(ADA)


def test_answers_are_cached_per_user() -> None:
    owner = Owner()
    operators = Operators(owner, Clock())  # type: ignore[arg-type]
    told(owner, operator=True)
    assert operators.has(ADA)
    del owner.answers[rpc.OPERATOR.subject]
    assert not operators.has(UUID(int=1))


def test_nobody_is_operator_while_identity_does_not_answer() -> None:
    owner = Owner()
    owner.away = True
    operators = Operators(owner, Clock())  # type: ignore[arg-type]
    with pytest.raises(PermissionsUnavailable):
        operators.has(ADA)
    owner.away = False
    told(owner, operator=True)
    assert operators.has(ADA)
