"""A program's statements, followed one after the other as Python would run them."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from core.blocks import MOST_BLOCKS
from core.blocks.program.context import Context, Returned, Scope, refuse
from core.blocks.program.expressions import flows_into
from core.blocks.program.lists import NotFollowed, added, items_of
from core.blocks.program.rows import edit
from core.blocks.program.skipped import skip
from core.blocks.program.targets import assign, delete
from core.blocks.program.values import Flow, Instance, Own, Row


class _LoopLeft(Exception):
    """A loop's break or continue was reached.

    Attributes:
        whole: whether it is a break.
    """

    def __init__(self, whole: bool):
        super().__init__()
        self.whole = whole


def execute(context: Context, body: Sequence[ast.stmt], scope: Scope) -> None:
    """Follow statements, one after the other.

    Raises:
        BlocksRefused: one of them does what no row of blocks can do.
        Returned: one of them is a return.
    """
    for statement in body:
        context.count_step(statement)
        try:
            _step(context, statement, scope)
        except NotFollowed:
            refuse(statement)


def _step(context: Context, statement: ast.stmt, scope: Scope) -> None:
    match statement:
        case ast.ClassDef() | ast.FunctionDef():
            scope[statement.name] = Own(statement)
        case ast.Assign(targets=targets, value=value):
            result = context.evaluate(value, scope)
            for target in targets:
                assign(context, target, result, scope)
        case ast.Delete(targets=targets):
            for target in targets:
                delete(context, target, scope)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            assign(context, target, context.evaluate(value, scope), scope)
        case ast.AugAssign():
            _augment(context, statement, scope)
        case ast.Return(value=value):
            raise Returned(context.evaluate(value, scope) if value else None)
        case ast.Expr(value=ast.Call() as call):
            result = context.evaluate(call, scope, effect=True)
            in_place = ast.unparse(call.func).endswith("_") and flows_into(call, scope)
            if context.strict and (in_place or (isinstance(result, Flow) and result not in scope.values())):
                refuse(call)  # what it makes is not assigned, and may be what goes on
        case ast.For():
            _loop(context, statement, scope)
        case ast.Break() | ast.Continue():
            if context.loops:  # a line of some loop otherwise
                raise _LoopLeft(isinstance(statement, ast.Break))
        case ast.If(test=test, body=inner, orelse=other):
            decided = context.evaluate(test, scope)
            if isinstance(decided, (bool, int, float, str, list)) or decided is None:
                context.execute(inner if decided else other, scope)
            else:
                skip(context, statement, scope)
        case ast.With(body=inner):
            context.execute(inner, scope)
        case ast.While() | ast.Try() | ast.Match():
            skip(context, statement, scope)


def _augment(context: Context, statement: ast.AugAssign, scope: Scope) -> None:
    """Follow "+=" and its kind: it adds to a list or row itself, and gives anything else a new value."""
    target, op, value = statement.target, statement.op, statement.value
    held = context.evaluate(target, scope)
    if isinstance(op, ast.Add) and isinstance(held, (list, Row)) and not isinstance(value, ast.Tuple):
        edit(context, held, added, items_of(context.evaluate(value, scope)))
    else:
        whole = ast.copy_location(ast.BinOp(target, op, value), statement)
        assign(context, target, context.evaluate(whole, scope), scope)


def _loop(context: Context, statement: ast.For, scope: Scope) -> None:
    iterated = context.evaluate(statement.iter, scope)
    items = items_of(iterated)
    if items is None or len(items) > MOST_BLOCKS:
        skip(context, statement, scope)
        return
    if context.strict and isinstance(iterated, (Row, Instance)):
        iterated.calls += 1
    for each in items:
        assign(context, statement.target, each, scope)
        context.loops += 1
        try:
            context.execute(statement.body, scope)
        except _LoopLeft as left:
            if left.whole:
                return
        finally:
            context.loops -= 1
    context.execute(statement.orelse, scope)
