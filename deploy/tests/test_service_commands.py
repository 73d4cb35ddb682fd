"""Commands of services in forks: what they print, how they end, and their environment."""

from pathlib import Path

import pytest

from deploy.cli.service_commands import Finished, run


def finished(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> Finished:
    (folder / "pretended_service.py").write_text(program)
    monkeypatch.syspath_prepend(str(folder))
    return run("pretended_service", ["word"], {"ONLY": "this"}, shows_errors=False)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("import os, sys; print(sys.argv[1:], dict(os.environ))", Finished(0, "['word'] {'ONLY': 'this'}\n", "")),
        ("import sys; sys.exit('not today')", Finished(1, "", "not today\n")),
        ("import sys; print('half', file=sys.stderr); sys.exit(3)", Finished(3, "", "half\n")),
        ("import os; os._exit(9)", Finished(1, "", "the command of pretended_service was killed")),
    ],
)
def test_a_command_is_reported_as_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, expected: Finished
) -> None:
    assert finished(tmp_path, monkeypatch, program) == expected


def test_a_failing_command_reports_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = finished(tmp_path, monkeypatch, "raise KeyError('platform')")
    assert (failed.code, failed.output) == (1, "")
    assert failed.error.endswith("KeyError: 'platform'\n")
