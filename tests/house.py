"""Sizes for docs/house.md: `python -m tests.house` prints those of the working tree as rows of a Markdown table."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

_GENERATED = ("docs/openapi/", "docs/asyncapi/", "requirements.lock", "package-lock.json")


def tracked() -> list[str]:
    """Every file that git tracks."""
    return subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n")[:-1]


def is_test(path: str) -> bool:
    return "/tests/" in f"/{path}" or path.startswith("testing/") or path.endswith("conftest.py")


def public_names(path: str) -> Iterator[str]:
    """Classes, functions and constants that a module offers."""
    for node in ast.parse(Path(path).read_text(encoding="utf-8")).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names = [name]
            case ast.Assign(targets=targets):
                names = [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case _:
                names = []
        yield from (name for name in names if not name.startswith("_"))


def lines(paths: list[str]) -> int:
    return sum(len(Path(path).read_bytes().splitlines()) for path in paths)


def counts() -> Iterator[tuple[str, str]]:
    """What is counted, and how much there is."""
    files = tracked()
    python = [path for path in files if path.endswith(".py")]
    libs = [path for path in python if path.startswith("libs/") and not is_test(path)]
    yield "modules in libs", str(len([path for path in libs if not path.endswith("__init__.py")]))
    yield "public names in libs", str(sum(len(list(public_names(path))) for path in libs))
    yield "modules at the top of libs/kit", str(len([path for path in libs if re.fullmatch(r"libs/kit/\w+\.py", path)]))
    yield "lines of code (Python)", f"{lines([path for path in python if not is_test(path)]):,}"
    yield "lines of tests (Python)", f"{lines([path for path in python if is_test(path)]):,}"
    yield "lines of generated documents", f"{lines([path for path in files if path.startswith(_GENERATED)]):,}"
    ignores = sum(Path(path).read_text().count("type: ignore") for path in python if path != "tests/house.py")
    yield "`type: ignore`", str(ignores)


if __name__ == "__main__":
    for what, count in counts():
        print(f"| {what} | {count} |")
