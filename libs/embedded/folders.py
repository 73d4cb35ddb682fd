"""Folders that another account can pass through, and temporary ones that go away."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def make_folder(path: Path, mode: int = 0o711) -> Path:
    """Makes the folder and its missing parents with that mode; existing ones stay as they are."""
    if not path.is_dir():
        make_folder(path.parent, mode)
        path.mkdir()
        path.chmod(mode)
    return path


def make_temporary_folder() -> Path:
    """A new folder that other accounts can pass through but not list; the caller removes it."""
    path = Path(tempfile.mkdtemp(prefix="tradehall-"))
    path.chmod(0o711)
    return path


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder as of `make_temporary_folder`, removed at the end.

    pytest's `tmp_path` is closed to other accounts, so that PostgreSQL, started by root, could not reach it.
    """
    path = make_temporary_folder()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
