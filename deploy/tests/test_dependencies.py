"""Each package of ours declares the libraries of ours that it imports, and no others."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent for folder in ("libs", "services") for path in ROOT.glob(f"{folder}/*/pyproject.toml"))
LIBRARIES = {path.name for path in PACKAGES if path.parent.name == "libs"}
_PREFIX = "tradehall-"


def installed_modules(package: Path) -> Iterator[Path]:
    """What is in the wheel: tests are not."""
    for path in package.rglob("*.py"):
        inside = path.relative_to(package)
        if "tests" not in inside.parts and inside.name != "conftest.py":
            yield path


def imported(module: Path) -> Iterator[str]:
    """The first part of the name of every module that this one imports, also inside functions."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (name.name.partition(".")[0] for name in names)
            case ast.ImportFrom(module=str(name), level=0):
                yield name.partition(".")[0]


def declared(package: Path) -> set[str]:
    """The libraries of ours among the dependencies."""
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {name.removeprefix(_PREFIX) for name in project["dependencies"] if name.startswith(_PREFIX)}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_declares_the_libraries_that_it_imports(package: Path) -> None:
    used = {name for module in installed_modules(package) for name in imported(module)}
    assert declared(package) == (used & LIBRARIES) - {package.name}


def test_every_package_is_checked() -> None:
    assert {"access", "contracts", "embedded", "kit", "metatrader", "privacy", "runtime"} <= LIBRARIES
    assert {"identity", "notifications", "organizations", "platforms", "portal"} <= {path.name for path in PACKAGES}
