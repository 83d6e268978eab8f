"""The rules of `mapping.toml`: small expressions over a corpus's own labels.

Grammar: a subset of Python expressions. `a if c else b`, `and`, `or`, `not`, comparisons, `in`,
`+ - * /`, numbers, strings, lists, names of the row's own labels, `missing`, and
`share(votes, below=n)`: the share of a list's numbers below `n`. The expression is parsed into
closures; nothing is evaluated as code.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

Rule = Callable[[Mapping[str, Any]], float]

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


def compile_rule(expression: str) -> Rule:
    """A function from a row's own labels to a number in [0, 1], or NaN where it is missing.

    Raises ValueError for anything outside the grammar; the function raises KeyError for a label
    that the row does not have and ValueError for a number outside [0, 1].
    """
    value = _build(ast.parse(expression, mode="eval").body, expression)

    def rule(row: Mapping[str, Any]) -> float:
        result = float(value(row))
        if not (math.isnan(result) or 0.0 <= result <= 1.0):
            raise ValueError(f"rule `{expression}` gives {result}, not a number in [0, 1]")
        return result

    return rule


def _build(node: ast.expr, whole: str) -> Callable[[Mapping[str, Any]], Any]:
    def build(part: ast.expr) -> Callable[[Mapping[str, Any]], Any]:
        return _build(part, whole)

    match node:
        case ast.Constant(value=constant) if isinstance(constant, int | float | str):
            return lambda row: constant
        case ast.Name(id="missing"):
            return lambda row: math.nan
        case ast.Name(id=name):
            return lambda row: row[name]
        case ast.List(elts=parts):
            elements = [build(part) for part in parts]
            return lambda row: [element(row) for element in elements]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            condition, then, otherwise = build(test), build(body), build(orelse)
            return lambda row: then(row) if condition(row) else otherwise(row)
        case ast.BoolOp(op=op, values=parts):
            terms = [build(part) for part in parts]
            if isinstance(op, ast.And):
                return lambda row: all(term(row) for term in terms)
            return lambda row: any(term(row) for term in terms)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = build(operand)
            return lambda row: not inner(row)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = build(operand)
            return lambda row: -inner(row)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b, apply = build(left), build(right), _BINARY[type(op)]
            return lambda row: apply(a(row), b(row))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            a, b, apply = build(left), build(right), _COMPARE[type(op)]
            return lambda row: apply(a(row), b(row))
        case ast.Call(
            func=ast.Name(id="share"),
            args=[votes],
            keywords=[ast.keyword(arg="below", value=below)],
        ):
            a, b = build(votes), build(below)
            return lambda row: _share(a(row), b(row))
    raise ValueError(f"rule `{whole}`: `{ast.unparse(node)}` is not in the grammar")


def _share(votes: list[float], below: float) -> float:
    if not votes:
        return math.nan
    return sum(vote < below for vote in votes) / len(votes)
