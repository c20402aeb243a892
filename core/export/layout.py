"""Lines that fit the page: calls and signatures on one line where they fit, broken where they don't."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

import libcst as cst

from core.export.syntax import Definition, code

WIDTH = 110
"""Longest line of an exported script, in characters."""

Node = TypeVar("Node", bound=cst.CSTNode)

_TIGHT = cst.SimpleWhitespace("")
_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
_INDENTED = cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace("    "))
_NO_BODY = cst.SimpleStatementSuite([cst.Pass()], leading_whitespace=_TIGHT)
_CLOSING = cst.ParenthesizedWhitespace(indent=True)


def _flat(items: Sequence[Node], after: str) -> list[Node]:
    """Arguments or parameters on one line. `after` names their field for the space behind them."""
    last = len(items) - 1
    return [
        item.with_changes(**{"comma": _COMMA if i < last else cst.MaybeSentinel.DEFAULT, after: _TIGHT})
        for i, item in enumerate(items)
    ]


def _hanging(items: Sequence[Node], after: str) -> list[Node]:
    """Arguments or parameters together on a line of their own."""
    flat = _flat(items, after)
    return [*flat[:-1], flat[-1].with_changes(**{after: _CLOSING})]


def _stacked(items: Sequence[Node], after: str) -> list[Node]:
    """Arguments or parameters one below the other."""
    last = len(items) - 1
    return [
        item.with_changes(**{"comma": cst.Comma(whitespace_after=_INDENTED if i < last else _CLOSING), after: _TIGHT})
        for i, item in enumerate(items)
    ]


class _Layout(cst.CSTTransformer):
    """Puts calls and signatures on one line where they fit, and breaks them where they don't."""

    def __init__(self) -> None:
        super().__init__()
        self.indent = 0

    def visit_IndentedBlock(self, node: cst.IndentedBlock) -> None:
        self.indent += 4

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        self.indent -= 4
        first, *rest = updated_node.body
        lines = getattr(first, "leading_lines", ())
        while lines and lines[0].comment is None:
            lines = lines[1:]
        return updated_node.with_changes(body=[first.with_changes(leading_lines=lines), *rest])

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        if not updated_node.args:
            return updated_node.with_changes(whitespace_before_args=_TIGHT)
        if "#" in code(updated_node):
            return updated_node
        args = _flat(updated_node.args, "whitespace_after_arg")
        return updated_node.with_changes(whitespace_before_args=_TIGHT, args=args)

    def leave_Slice(self, original_node: cst.Slice, updated_node: cst.Slice) -> cst.Slice:
        simple = (cst.Name, cst.Integer)
        for end in (updated_node.lower, updated_node.upper):
            inner = end.expression if isinstance(end, cst.UnaryOperation) else end
            if inner is not None and not isinstance(inner, simple):
                return updated_node
        return updated_node.with_changes(first_colon=cst.Colon(_TIGHT, _TIGHT))

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine:
        if self._fits(updated_node):
            return updated_node
        call = _longest_call(updated_node.body[-1])
        if call is None:
            return updated_node
        for place in (_hanging, _stacked):
            args = place(call.args, "whitespace_after_arg")
            broken = call.with_changes(whitespace_before_args=_INDENTED, args=args)
            changed = cast(cst.SimpleStatementLine, updated_node.deep_replace(call, broken))
            if self._fits(changed):
                break
        return changed

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        params = updated_node.params
        if not params.children:
            return updated_node.with_changes(whitespace_before_params=_TIGHT)
        if len(params.children) != len(params.params):
            return updated_node
        for place in (_flat, _hanging, _stacked):
            changed = updated_node.with_changes(
                params=params.with_changes(params=place(params.params, "whitespace_after_param")),
                whitespace_before_params=_TIGHT if place is _flat else _INDENTED,
            )
            if self._fits(changed.with_changes(body=_NO_BODY, decorators=())):
                break
        return changed

    def _fits(self, node: cst.SimpleStatementLine | cst.FunctionDef) -> bool:
        text = code(node.with_changes(leading_lines=())).rstrip().removesuffix("pass")
        return all(len(line) + self.indent <= WIDTH for line in text.split("\n"))


def _longest_call(statement: cst.CSTNode) -> cst.Call | None:
    """The call with the longest arguments among those that make a statement's value, as in `f(...).g(...)`."""
    value = getattr(statement, "value", None)
    if isinstance(value, cst.Yield):
        value = value.value
    chain: list[cst.Call] = []
    while isinstance(value, (cst.Call, cst.Attribute)):
        if isinstance(value, cst.Call) and value.args:
            chain.append(value)
        value = value.func if isinstance(value, cst.Call) else value.value
    return max(chain, key=lambda call: sum(len(code(arg)) for arg in call.args), default=None)


def lay_out(definition: Definition) -> Definition:
    """Break and join lines so that they fit the page, in the manner of today's formatters."""
    return cast(Definition, definition.visit(_Layout()))
