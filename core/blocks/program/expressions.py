"""The values of a program's expressions, as far as they can be known without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.blocks import MOST_BLOCKS, count
from core.blocks.program.calls import call
from core.blocks.program.context import Context, Scope, refuse, refuse_count
from core.blocks.program.forward_pass import parts_of
from core.blocks.program.lists import MOST_ITEMS, item, items_of
from core.blocks.program.rows import numbered
from core.blocks.program.targets import assign, index
from core.blocks.program.torch_calls import summed
from core.blocks.program.values import (
    LARGEST,
    Flow,
    Part,
    Row,
    Unknown,
    attribute_of,
    blocks_of,
    compared,
    is_small,
    joined_text,
)


def evaluate(context: Context, node: ast.expr, scope: Scope, effect: bool = False) -> Any:
    """The value of an expression; Unknown where it is not known.

    Args:
        effect: whether the expression is a statement, whose value nothing is done with.

    Raises:
        BlocksRefused: it does what no row of blocks can do, or in forward() it is unknown what goes on.
        NotFollowed: it does to a list of layers what can't be followed.
    """
    context.count_step(node)
    value = _known(context, node, scope)
    if isinstance(value, Unknown) and context.strict and not effect and flows_into(node, scope):
        refuse(node)
    return value


def flows_into(node: ast.expr, scope: Mapping[str, Any]) -> bool:
    """Whether what forward() was given goes into an expression, beyond its sizes."""
    if isinstance(node, ast.Attribute) and node.attr in ("shape", "device", "dtype"):
        return False
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".size", ".dim", "len")):
        return False
    if isinstance(node, ast.Name):
        return isinstance(scope.get(node.id), Flow)
    return any(flows_into(child, scope) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def _known(context: Context, node: ast.expr, scope: Scope) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return scope.get(name, context.names.get(name, Unknown()))
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return attribute_of(context.self_in(scope), name)
        case ast.Attribute(value=value, attr=name):
            return attribute_of(context.evaluate(value, scope), name)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return list(_elements(context, elements, scope))
        case ast.Dict(keys=keys, values=values):
            labels = [key.value if isinstance(key, ast.Constant) else at for at, key in enumerate(keys)]
            return {str(key): context.evaluate(value, scope) for key, value in zip(labels, values, strict=True)}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = context.evaluate(operand, scope)
            return -value if isinstance(value, (int, float)) else Unknown()
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            value = context.evaluate(operand, scope)
            return Unknown() if isinstance(value, (Unknown, Flow)) else not value
        case ast.BinOp(left=left, op=op, right=right):
            return _combined(context, context.evaluate(left, scope), op, context.evaluate(right, scope))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return compared(context.evaluate(left, scope), op, context.evaluate(right, scope))
        case ast.Subscript(value=value, slice=place):
            return item(context.owner(value, scope), index(context, place, scope))
        case ast.JoinedStr(values=pieces):
            return _text(context, pieces, scope)
        case ast.IfExp(test=test, body=body, orelse=other):
            decided = context.evaluate(test, scope)
            if isinstance(decided, (Unknown, Flow)):
                return Unknown()
            return context.evaluate(body if decided else other, scope)
        case ast.ListComp(elt=element, generators=[ast.comprehension(target=target, iter=iterated, ifs=[])]):
            items = items_of(context.evaluate(iterated, scope))
            if items is None or len(items) > MOST_BLOCKS:
                return Unknown()
            made = []
            for each in items:
                inner = dict(scope)
                assign(context, target, each, inner)
                made.append(context.evaluate(element, inner))
            return made
        case ast.Call():
            return call(context, node, scope)
    return Unknown()


def _elements(context: Context, elements: Sequence[ast.expr], scope: Scope) -> Iterator[Any]:
    for element in elements:
        if isinstance(element, ast.Starred):
            value = context.evaluate(element.value, scope)
            held = items_of(value)
            yield from [value] if held is None else held
        else:
            yield context.evaluate(element, scope)


def _text(context: Context, pieces: Sequence[ast.expr], scope: Scope) -> Any:
    """An f-string of what is known."""
    made: Any = ""
    for piece in pieces:
        plain = isinstance(piece, ast.FormattedValue) and piece.format_spec is None and piece.conversion == -1
        value = context.evaluate(piece.value if isinstance(piece, ast.FormattedValue) else piece, scope)
        usable = isinstance(value, str) or (plain and isinstance(value, int))
        made = joined_text(made, ast.Add(), str(value)) if usable and isinstance(made, str) else Unknown()
    return made


def _combined(context: Context, left: Any, op: ast.operator, right: Any) -> Any:
    """What an operator makes of two values: tensors, lists, rows, texts or numbers."""
    if isinstance(left, Flow) and isinstance(right, Flow) and isinstance(op, ast.Add):
        return summed(left, right) or Unknown()
    if isinstance(left, list) and isinstance(right, list) and isinstance(op, ast.Add):
        return [*left, *right] if len(left) + len(right) <= MOST_ITEMS else Unknown()
    if isinstance(left, Row) and isinstance(right, Row) and isinstance(op, ast.Add):
        return numbered([*left.layers.values(), *right.layers.values()])
    if isinstance(op, ast.Mult) and not context.printed and (isinstance(left, Row) or isinstance(right, Row)):
        row, times = (left, right) if isinstance(left, Row) else (right, left)
        known = isinstance(times, int) and 0 < times <= MOST_BLOCKS
        return numbered(list(row.layers.values()) * times) if known else Unknown()
    if context.printed and isinstance(left, int) and isinstance(op, ast.Mult):
        parts = [part for part in parts_of(context, right) if part.blocks]
        if left * len(parts) > MOST_BLOCKS:
            refuse_count(left * count(blocks_of(parts)))
        left = left if parts else 0
        return [Part(list(part.blocks)) for _ in range(left) for part in parts]
    if isinstance(left, str) and isinstance(op, (ast.Add, ast.Mod)):
        return joined_text(left, op, right)
    if not is_small(left) or not is_small(right):
        return Unknown()
    return _calculated(left, op, right)


def _calculated(left: float, op: ast.operator, right: float) -> float | Unknown:
    result: float
    match op:
        case ast.Add():
            result = left + right
        case ast.Sub():
            result = left - right
        case ast.Mult():
            result = left * right
        case ast.FloorDiv() if right:
            result = left // right
        case ast.Div() if right:
            result = left / right
        case ast.Pow() if 0 <= right <= 8 and abs(left) <= 1000:
            result = left**right
        case _:
            return Unknown()
    return result if abs(result) <= LARGEST else Unknown()
