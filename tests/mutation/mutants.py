"""Makes mutants of a source text: the operators of cosmic-ray, and three of our own.

Left out are changes that say nothing about tests: in annotations, protocols, descriptions and examples, and
replacements that mostly give a TypeError (+ by <<), which any test notices.
"""

import ast
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import CodeType

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
    "NumberReplacer",
    "RemoveDecorator",
    "ZeroIterationForLoop",
)
_DOCUMENTATION = frozenset({"description", "examples", "title"})
Span = tuple[tuple[int, int], tuple[int, int]]
"""From (line, column) to (line, column); lines count from 1."""


@dataclass(frozen=True)
class Mutant:
    """One change in `place`, a class or function such as `Access.acting`. `before` and `after` are the lines that
    differ, with single spaces."""

    operator: str
    place: str
    line: int
    before: str
    after: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants that compile to something else than the text and than each other."""
    seen = {_meaning(source)}
    for operator, mutated in _mutated(source):
        with suppress(SyntaxError):
            meaning = _meaning(mutated)
            if meaning not in seen:
                seen.add(meaning)
                yield _mutant(operator, source, mutated)


def _meaning(source: str) -> tuple[object, ...]:
    return _code(compile(source, "source", "exec"))


def _code(code: CodeType) -> tuple[object, ...]:
    """What runs, without positions: `not a is b` and `a is not b` are the same."""
    parts = (_code(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts)
    return code.co_name, code.co_code, code.co_names, code.co_varnames, tuple(parts)


def _mutated(source: str) -> Iterator[tuple[str, str]]:
    left_out, lines = tuple(_left_out(ast.parse(source))), source.splitlines()
    for name in OPERATORS:
        operator = OperatorProvider()[name]()
        positions = [at for node in ast_nodes(get_ast(source)) for at in operator.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(positions):
            parameters = lines[start[0] - 1].startswith("*,", start[1])  # a mark between them, no multiplication
            if not parameters and not any(first <= start < last for first, last in left_out):
                mutated = mutate_code(source, operator, occurrence)
                assert mutated is not None
                yield name, mutated
    yield from _without_statements(source)
    yield from _with_membership_reversed(source)
    yield from _without_exceptions(source)


def _left_out(tree: ast.AST) -> Iterator[Span]:
    """Annotations, protocols (which nothing calls) and documentation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield _span(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            yield _span(node.returns)
        elif isinstance(node, ast.keyword) and node.arg in _DOCUMENTATION:
            yield _span(node.value)
        elif isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases):
            yield _span(node)


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


def _without_exceptions(source: str) -> Iterator[tuple[str, str]]:
    """Each `except` handles one class less, or nothing. cosmic-ray's own operator fails on names with a dot."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            handled = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            for one in handled:
                others = "".join(f"{ast.unparse(each)}, " for each in handled if each is not one)
                yield "RemoveException", _replaced(source, _span(node.type), f"({others})")


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
    start = _common(old, new)
    end = min(_common(old[::-1], new[::-1]), min(len(old), len(new)) - start)
    before, after = (" ".join(lines[start : len(lines) - end]).split() for lines in (old, new))
    line = start + next(number for number, text in enumerate(old[start:], start=1) if text.strip())
    return Mutant(operator, _place(source, line), line, " ".join(before), " ".join(after) or "removed", mutated)


def _place(source: str, line: int) -> str:
    """The classes and functions around a line, which may begin with a decorator."""
    names, level = [], ast.parse(source).body
    while level:
        found = next((each for each in level if _first_line(each) <= line <= (each.end_lineno or 0)), None)
        if not isinstance(found, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            break
        names.append(found.name)
        level = found.body
    return ".".join(names) or "the module"


def _first_line(node: ast.stmt) -> int:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return min(each.lineno for each in (node, *node.decorator_list))
    return node.lineno


def _common(first: list[str], second: list[str]) -> int:
    """How many lines both begin with."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((number for number, (one, other) in pairs if one != other), min(len(first), len(second)))
