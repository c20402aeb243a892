"""Statements that can't be followed: they are passed over, and refused if they may be a part of the network."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from core.blocks.program.attributes import MATTERING
from core.blocks.program.context import Context, Scope, refuse
from core.blocks.program.lists import EDITS
from core.blocks.program.values import Flow, Instance, Own, Part, Row, Unknown, attribute_of, layers_within


def skip(context: Context, statement: ast.stmt, scope: Scope) -> None:
    """Pass over what can't be followed.

    Raises:
        BlocksRefused: it may be a part of the network.
    """
    words = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    flows = context.strict and any(isinstance(scope.get(word), Flow) for word in words)
    if flows or (context.depth and _makes_layers(statement)):
        refuse(statement)
    before, context.strict = context.strict, False
    inner = _scope_within(context, statement, scope)
    _refuse_edits(context, statement, inner)
    _refuse_changes(context, statement, inner)
    context.strict = before


def _makes_layers(statement: ast.stmt) -> bool:
    """Whether a statement may add to the network."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and (
            node.attr in ("append", "extend", "add_module") or isinstance(node.ctx, ast.Store)
        ):
            return True
    return False


def _scope_within(context: Context, statement: ast.stmt, scope: Scope) -> Scope:
    """The names with those of the loops in a statement, each a layer if the loop may go over layers."""
    inner = dict(scope)
    loops = [node for node in ast.walk(statement) if isinstance(node, ast.For)]
    for loop in loops:
        of_layers = any(
            isinstance(node, ast.expr) and isinstance(node, (ast.Name, ast.Attribute))
            and isinstance(_looked_at(context, node, scope), (Part, Row, Instance))
            for node in ast.walk(loop.iter)
        )  # fmt: skip
        for node in ast.walk(loop.target):
            if isinstance(node, ast.Name):
                inner[node.id] = Part([]) if of_layers else Unknown()
    return inner


def _refuse_edits(context: Context, statement: ast.stmt, scope: Scope) -> None:
    """Refuse calls that may change a list of layers or a layer, and what returns layers (raises BlocksRefused)."""
    for node in ast.walk(statement):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=name), args=values) if name in EDITS:
                if any(layers_within([_looked_at(context, part, scope) for part in (owner, *values)])):
                    refuse(node)
            case ast.Return(value=ast.expr() as value) if any(layers_within(_looked_at(context, value, scope))):
                refuse(node)
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[owner, *_rest]):
                if isinstance(_looked_at(context, owner, scope), (Part, Row, Instance)):
                    refuse(node)


def _refuse_changes(context: Context, statement: ast.stmt, scope: Scope) -> None:
    """Refuse assignments and deletions that may change a list of layers or a layer (raises BlocksRefused)."""
    for node in ast.walk(statement):
        match node:
            case ast.Assign(targets=targets, value=value):
                _refuse_change(context, node, targets, _looked_at(context, value, scope), scope)
            case ast.AugAssign(target=target, value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                _refuse_change(context, node, [target], _looked_at(context, value, scope), scope)
            case ast.Delete(targets=targets):
                _refuse_change(context, node, targets, None, scope)


def _refuse_change(
    context: Context, statement: ast.stmt, targets: Sequence[ast.expr], value: Any, scope: Scope
) -> None:
    """Refuse one such assignment or deletion (raises BlocksRefused); a name given a new layer is noted as passed over.

    Args:
        value: what is assigned; None where something is deleted.
    """
    layers = any(layers_within(value))
    for target in targets:
        for element in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
            node = element.value if isinstance(element, ast.Starred) else element
            held = _looked_at(context, node, scope)
            added_to = isinstance(statement, ast.AugAssign) and layers
            if isinstance(node, ast.Name) and not added_to and not any(layers_within(held)):
                context.passed_over += [node.id] if layers and isinstance(value, (Part, Row)) else []
                continue
            owner = _looked_at(context, node.value, scope) if isinstance(node, (ast.Attribute, ast.Subscript)) else None
            changes = any(layers_within([held, value])) and held is not value
            if isinstance(node, ast.Attribute):
                changes = isinstance(owner, (Part, Row, Instance)) and (changes or node.attr in MATTERING)
            elif isinstance(node, ast.Subscript):
                changes = changes or any(layers_within([owner]))
            if changes:
                refuse(statement)


def _looked_at(context: Context, node: ast.expr, scope: Scope) -> Any:
    """The value of an expression that makes or names something, and does nothing else; Unknown of another."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            called = _looked_at(context, inner.func, scope) if isinstance(inner.func, ast.Name) else None
            name = inner.func.attr if isinstance(inner.func, ast.Attribute) else ""
            if (isinstance(called, Own) and isinstance(called.definition, ast.FunctionDef)) or name in EDITS:
                return Unknown()
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return attribute_of(context.self_in(scope), node.attr)
    return context.evaluate(node, dict(scope))
