"""docs/conformance.md names every module's test, and no other."""

import ast
import re
from pathlib import Path

_HERE = Path(__file__).parent
_ROW = re.compile(r"^\| `(oidcc-[a-z0-9-]+)` \| \[`(test_\w+)`\]\(\.\./([\w/.]+)\) \| (.+) \|$", re.MULTILINE)
_RESULT = re.compile(r"passes\b|not applicable\b.*: ")


def named_after_modules() -> set[tuple[str, str]]:
    """Names of tests, each with its file."""
    return {
        (node.name, f"tests/conformance/{file.name}")
        for file in _HERE.glob("test_*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_oidcc_")
    }


def test_the_table_names_every_module_and_its_test() -> None:
    rows = _ROW.findall((_HERE.parents[1] / "docs" / "conformance.md").read_text())
    assert len(rows) == len({module for module, *_ in rows})
    assert {(test, file) for _, test, file, _ in rows} == named_after_modules()
    for module, test, _, result in rows:
        assert test == f"test_{module.replace('-', '_')}"
        assert _RESULT.match(result), result
