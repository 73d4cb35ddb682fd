"""Runs tests on a mutant in a forked process, in which the mutant's text takes the place of the file."""

import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import itertools
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

import testing.servers
from embedded.postgres import Postgres

# Without the plugins that are only installed: they are slow to load.
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
_ARGUMENTS = ("--quiet", "--no-header", "--tb=no", "--noconftest", "-p", "pytest_timeout", "-p", "testing.fixtures",
              "-p", "no:cacheprovider")  # fmt: skip
_UNUSED = 99


class Instead(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from a text. Nothing on disk changes."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        self._module, self._path, self._source = module, path, source
        self.used = False

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._module:
            return None
        self.used = True
        spec = importlib.machinery.ModuleSpec(name, self, origin=str(self._path))
        spec.has_location = True  # so that it has __file__
        return spec

    def get_source(self, fullname: str) -> str:
        return self._source


@contextlib.contextmanager
def one_server() -> Iterator[Postgres]:
    """One PostgreSQL server for all mutants, in the place of one for each run of pytest."""
    with Postgres(fsync=False) as server:
        testing.servers.postgres = lambda: contextlib.nullcontext(server)  # type: ignore[assignment,return-value]
        yield server


def drop_databases(server: Postgres) -> None:
    """Those that the tests of a mutant made."""
    server.run_sql("SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database "
                   "WHERE datname LIKE 'test\\_%' \\gexec")  # fmt: skip


def import_before(module: str, path: Path, tests: Sequence[str]) -> None:
    """Import here what the module and its tests import, so that the processes of the mutants need not.

    What imports the module itself is left to them.
    """
    for file in (path, *map(Path, tests)):
        for name in _imported(ast.parse(file.read_text())):
            if not _imports(name, module):
                importlib.import_module(name)
    assert module not in sys.modules, f"{module} is imported too early"


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _imports(name: str, module: str) -> bool:
    """Whether to import `name` is to import `module`."""
    child = os.fork()
    if child == 0:
        _silence()
        importlib.import_module(name)
        os._exit(module in sys.modules)
    return os.waitpid(child, 0)[1] != 0


def passes(module: str, path: Path, source: str, tests: Sequence[str], timeout: float) -> bool:
    """Whether these tests pass with this text; False as well when they do not end in time."""
    child = os.fork()
    if child == 0:
        os.setsid()
        _silence()
        testing.servers._numbers = itertools.count(os.getpid() * 1000)
        instead = Instead(module, path, source)
        sys.meta_path.insert(0, instead)
        code = int(pytest.main(["--exitfirst", *_ARGUMENTS, *tests]))
        os._exit(code if instead.used else _UNUSED)
    code = _waited_for(child, timeout)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    assert code not in (_UNUSED, pytest.ExitCode.NO_TESTS_COLLECTED), f"{tests} run nothing of {module}"
    return code == 0


def _waited_for(child: int, timeout: float) -> int:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGKILL


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
