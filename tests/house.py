"""Counts for docs/house.md: `python -m tests.house` prints those of the working tree as a Markdown table.

Files that a change touches are counted as the files, tests and generated documents left out, that name one existing
example of its kind: a change of the kind has to visit the same places.
"""

import ast
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

EXAMPLES: Mapping[str, str] = {
    "an event (`PlatformApiChosen`)": r"\bPlatformApiChosen\b|\bApiChosen\b",
    "a permission (`audit:read`)": r"audit:read|\bAUDIT_READ\b",
    "a page of the portal (`profile`)": r"profile(\.html|_page|\.py|/routes)|\bprofile\.|pages import .*\bprofile\b",
    "a connector (`mt5-rest`)": r"mt5-rest|mt5_rest",
    "a mail (`password-changed`)": r"password-changed|password_changed\b",
}
"""A kind of change, and what names an existing one of it."""
_GENERATED = ("docs/openapi/", "docs/asyncapi/", "requirements.lock", "package-lock.json")
_SOURCES = (".py", ".html", ".toml", ".sql", ".txt", ".yml", ".j2")


def tracked() -> list[str]:
    """Every file that git tracks."""
    return subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n")[:-1]


def is_test(path: str) -> bool:
    return "/tests/" in f"/{path}" or path.startswith("testing/") or path.endswith("conftest.py")


def touched(pattern: str) -> list[str]:
    """The source files that name an example, tests and generated documents left out."""
    found = re.compile(pattern)
    return [
        path
        for path in tracked()
        if path.startswith(("services/", "libs/", "deploy/"))
        and path.endswith(_SOURCES)
        and not is_test(path)
        and (found.search(path) or found.search(Path(path).read_text(encoding="utf-8")))
    ]


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
    for kind, pattern in EXAMPLES.items():
        yield f"files that name {kind}", str(len(touched(pattern)))
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
