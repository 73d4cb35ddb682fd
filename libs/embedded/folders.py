"""Folders that another account can traverse, and temporary folders that are removed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def make_folder(path: Path, mode: int = 0o711) -> Path:
    """Create the folder and its missing parents with that mode; existing ones do not change."""
    if not path.is_dir():
        make_folder(path.parent, mode)
        path.mkdir()
        path.chmod(mode)
    return path


def make_temporary_folder() -> Path:
    """Create a folder that other accounts can traverse but not list. The caller removes it."""
    path = Path(tempfile.mkdtemp(prefix="tradehall-"))
    path.chmod(0o711)
    return path


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder as from `make_temporary_folder`, removed at the end.

    pytest's `tmp_path` is closed to other accounts, so that PostgreSQL, started by root, could not reach it.
    """
    path = make_temporary_folder()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
