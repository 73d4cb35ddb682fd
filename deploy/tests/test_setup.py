"""Failures of `make setup`: a sentence with a remedy, and no half-finished installation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.settings import ROOT
from embedded.ports import free_port

PIP = "The packages could not be installed: see that this machine reaches its Python package index (pip config)"
NPM = "The packages of package-lock.json could not be installed: see that this machine reaches its npm registry"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `make setup` reads of a clone in which it never ran."""
    for name in ("Makefile", "requirements.lock", "package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(clone: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """On a machine whose package indexes refuse the connection."""
    nowhere = f"http://127.0.0.1:{free_port()}/"
    programs = Path(sys.executable).parent
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(clone),
        "NO_PROXY": "127.0.0.1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": nowhere,
        "PIP_RETRIES": "0",
        "NPM_CONFIG_REGISTRY": nowhere,
        "NPM_CONFIG_FETCH_RETRIES": "0",
        "NPM_CONFIG_CACHE": str(clone / "npm-cache"),
    }
    argv = ("make", "--directory", str(clone), f"PYTHON={sys.executable}", *arguments)
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120)


def test_an_unreachable_python_index_is_reported_with_a_remedy(clone: Path) -> None:
    for _ in range(2):  # nor is the second time taken for done
        done = make(clone, "setup")
        assert (done.returncode, PIP in done.stderr) == (2, True), done.stderr
        assert not (clone / ".venv" / ".installed").exists()


def test_an_unreachable_npm_registry_is_reported_with_a_remedy(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    for name in ("bin/python", "bin/tradehall", ".installed"):
        (clone / ".venv" / name).touch()
    for _ in range(2):
        done = make(clone, "setup")
        assert (done.returncode, NPM in done.stderr) == (2, True), done.stderr
        assert not (clone / "node_modules" / ".installed").exists()


@pytest.mark.parametrize(
    ("refused", "sentence"),
    [
        ("version_info", "Tradehall needs Python 3.11 or newer: install it, or name one with PYTHON="),
        ("ensurepip", "This Python cannot make environments: install its venv module"),
    ],
)
def test_an_old_python_is_reported_with_the_needed_version(clone: Path, refused: str, sentence: str) -> None:
    unfit = clone / "unfit"
    unfit.write_text(f'#!/bin/sh\ncase "$2" in *{refused}*) exit 1;; esac\nexec "{sys.executable}" "$@"\n')
    unfit.chmod(0o755)
    done = make(clone, "setup", f"PYTHON={unfit}")
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr
    assert not (clone / ".venv").exists()
