"""Makes mutants of a source text: the operators of cosmic-ray, and two of our own.

Left out are changes that say nothing about tests: in annotations, descriptions and examples, and replacements that
mostly give a TypeError (+ by <<), which any test notices.
"""

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

_REPLACED = {
    "ReplaceComparisonOperator": (
        "Eq_NotEq", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt",
        "Is_IsNot", "IsNot_Is",
    ),
    "ReplaceBinaryOperator": (
        "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul", "BitOr_BitAnd",
        "BitAnd_BitOr",
    ),
    "ReplaceUnaryOperator": ("USub_UAdd", "Delete_USub", "Delete_Not"),
}  # fmt: skip
OPERATORS = (
    *(f"{kind}_{change}" for kind, changes in _REPLACED.items() for change in changes),
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ExceptionReplacer",
    "NumberReplacer",
    "RemoveDecorator",
    "ZeroIterationForLoop",
)
_DOCUMENTATION = frozenset({"description", "examples", "title"})
Span = tuple[tuple[int, int], tuple[int, int]]
"""From (line, column) to (line, column); lines count from 1."""


@dataclass(frozen=True)
class Mutant:
    """One change. `before` and `after` are the first line that differs, without indentation."""

    operator: str
    line: int
    before: str
    after: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants of this text that differ from it, each text once."""
    seen = {source}
    for operator, mutated in _mutated(source):
        if mutated not in seen:
            seen.add(mutated)
            yield _mutant(operator, source, mutated)


def _mutated(source: str) -> Iterator[tuple[str, str]]:
    left_out = tuple(_left_out(ast.parse(source)))
    for name in OPERATORS:
        operator = OperatorProvider()[name]()
        positions = [at for node in ast_nodes(get_ast(source)) for at in operator.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(positions):
            if not any(first <= start < last for first, last in left_out):
                mutated = mutate_code(source, operator, occurrence)
                assert mutated is not None
                yield name, mutated
    yield from _without_statements(source)
    yield from _with_membership_reversed(source)


def _left_out(tree: ast.AST) -> Iterator[Span]:
    """Annotations and documentation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield _span(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            yield _span(node.returns)
        elif isinstance(node, ast.keyword) and node.arg in _DOCUMENTATION:
            yield _span(node.value)


def _without_statements(source: str) -> Iterator[tuple[str, str]]:
    """Each call, assignment to an attribute or an item, deletion and refusal inside a function becomes `pass`."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.stmt) and _does_something(node):
                    yield "RemoveStatement", _replaced(source, _span(node), "pass")


def _does_something(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call | ast.Await)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(target, ast.Attribute | ast.Subscript) for target in targets)
    return isinstance(node, ast.AugAssign | ast.Delete | ast.Raise)


def _with_membership_reversed(source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            code = ast.get_source_segment(source, node)
            yield "ReverseMembership", _replaced(source, _span(node), f"(not ({code}))")


def _span(node: ast.expr | ast.stmt) -> Span:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def _replaced(source: str, span: Span, text: str) -> str:
    """Columns of `ast` count bytes."""
    lines = source.encode().splitlines(keepends=True)
    (first, start), (last, end) = span
    before, after = lines[first - 1][:start], lines[last - 1][end:]
    return b"".join([*lines[: first - 1], before + text.encode() + after, *lines[last:]]).decode()


def _mutant(operator: str, source: str, mutated: str) -> Mutant:
    old, new = source.splitlines(), mutated.splitlines()
    line = next(number for number, (a, b) in enumerate(zip(old, new, strict=False), start=1) if a != b)
    changes = [each for each in difflib.ndiff(old, new) if each[2:].strip()]
    before = next(each[2:] for each in changes if each.startswith("- "))
    after = next((each[2:] for each in changes if each.startswith("+ ")), "removed")
    return Mutant(operator, line, before.strip(), after.strip(), mutated)
