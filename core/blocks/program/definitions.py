"""Calls of what the program itself defines: its functions and methods, and the making of its objects."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from core.blocks.program.context import DEEPEST, Context, Returned, Scope, refuse
from core.blocks.program.rows import fill
from core.blocks.program.values import Given, Instance, Own, Unknown, is_sequential


def construct(context: Context, definition: ast.ClassDef, given: Given) -> Instance:
    """An object of one of the program's classes.

    Raises:
        BlocksRefused: its constructor does what can't be followed, or the class is made from another of the program's.
    """
    instance = Instance(definition)
    for base in definition.bases:
        if isinstance(base, ast.Name) and isinstance(context.names.get(base.id), Own):
            refuse(definition)
    constructor = instance.method("__init__")
    if constructor is None or is_sequential(definition):
        fill(context, instance, given if constructor is None else Given([], {}, [], {}))
    if constructor is not None:
        before, context.strict = context.strict, False
        call_function(context, Own(constructor, instance), given.values, given.options)
        context.strict = before
    return instance


def call_function(context: Context, function: Own, given: list[Any], options: Mapping[str, Any]) -> Any:
    """What a function or method of the program returns.

    Args:
        given: its arguments by position, without self.
        options: its arguments by name.

    Raises:
        BlocksRefused: it does what can't be followed, or calls go deeper than `DEEPEST`.
    """
    definition = function.definition
    assert isinstance(definition, ast.FunctionDef)
    if context.depth >= DEEPEST:
        refuse(definition)
    scope = _arguments(context, definition, [function.self, *given] if function.self is not None else given)
    scope |= options
    context.depth += 1
    loops, context.loops = context.loops, 0
    try:
        context.execute(definition.body, scope)
    except Returned as returned:
        return returned.value
    finally:
        context.depth -= 1
        context.loops = loops
    return None


def _arguments(context: Context, definition: ast.FunctionDef, values: list[Any]) -> Scope:
    """A function's parameters with their defaults and with the values that are given by position."""
    parameters = [*definition.args.posonlyargs, *definition.args.args]
    scope: Scope = {parameter.arg: Unknown() for parameter in parameters}
    defaults = definition.args.defaults
    for parameter, default in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
        scope[parameter.arg] = context.evaluate(default, {})
    for parameter, kw_default in zip(definition.args.kwonlyargs, definition.args.kw_defaults, strict=True):
        scope[parameter.arg] = context.evaluate(kw_default, {}) if kw_default else Unknown()
    scope |= {parameter.arg: value for parameter, value in zip(parameters, values, strict=False)}
    if definition.args.vararg:
        scope[definition.args.vararg.arg] = list(values[len(parameters) :])
    return scope
