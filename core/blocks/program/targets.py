"""What a program assigns to and deletes: names, attributes and items."""

from __future__ import annotations

import ast
from typing import Any

from core.blocks.program.attributes import delete_attribute, set_attribute
from core.blocks.program.context import Context, Scope, refuse
from core.blocks.program.lists import put, remove
from core.blocks.program.rows import edit
from core.blocks.program.values import Flow, Unknown


def assign(context: Context, target: ast.expr, value: Any, scope: Scope) -> None:
    """Give a value to a name, an attribute or an item, or its items to several.

    Raises:
        BlocksRefused: it changes a part of what goes through forward().
        NotFollowed: it changes a layer, or a list of layers in a way that can't be followed.
    """
    match target:
        case ast.Name(id=name):
            scope[name] = value
        case ast.Attribute(value=owner, attr=name):
            set_attribute(context, context.owner(owner, scope), name, value)
        case ast.Subscript(value=owner, slice=place):
            whole = context.owner(owner, scope)
            if isinstance(whole, Flow):
                refuse(target)
            edit(context, whole, put, index(context, place, scope), value)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            each = value if isinstance(value, list) and len(value) == len(elements) else [Unknown()] * len(elements)
            for element, item in zip(elements, each, strict=True):
                assign(context, element, item, scope)


def delete(context: Context, target: ast.expr, scope: Scope) -> None:
    """Delete a name, an attribute or an item, or several.

    Raises:
        NotFollowed: it changes a list of layers in a way that can't be followed.
    """
    match target:
        case ast.Name(id=name):
            scope.pop(name, None)
        case ast.Attribute(value=owner, attr=name):
            delete_attribute(context.owner(owner, scope), name)
        case ast.Subscript(value=owner, slice=place):
            edit(context, context.owner(owner, scope), remove, index(context, place, scope))
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                delete(context, element, scope)


def index(context: Context, place: ast.expr, scope: Scope) -> Any:
    """An index, a slice or a key; Unknown where it is not known."""
    if not isinstance(place, ast.Slice):
        return context.evaluate(place, scope)
    bounds = [context.evaluate(bound, scope) if bound else None for bound in (place.lower, place.upper, place.step)]
    return slice(*bounds) if all(bound is None or isinstance(bound, int) for bound in bounds) else Unknown()
