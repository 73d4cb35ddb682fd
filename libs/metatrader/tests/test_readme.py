"""The README's examples run as they stand."""

import ast
import inspect
import re
from pathlib import Path
from types import CodeType

import pytest

pytestmark = pytest.mark.anyio

README = Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)


def compiled(source: str) -> CodeType:
    code: CodeType = compile(source, str(README), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return code


@pytest.mark.parametrize("source", EXAMPLES, ids=range(len(EXAMPLES)))
async def test_an_example_runs(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = eval(compiled(source), {})
    if inspect.isawaitable(result):
        await result
    printed = capsys.readouterr().out
    for expected in re.findall(r"print\(.*\)  # (.*)$", source, re.MULTILINE):
        assert expected in printed
    assert printed or "print(" not in source


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 7
