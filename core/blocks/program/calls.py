"""What a call makes: of a layer's class, of a layer, of a method, or of what the program itself defines."""

from __future__ import annotations

import ast
from typing import Any

from core.blocks import KINDS, MOVES, read_block, written
from core.blocks.program.attributes import call_by_name
from core.blocks.program.context import Context, Scope
from core.blocks.program.definitions import call_function, construct
from core.blocks.program.forward_pass import applied, parts_given
from core.blocks.program.lists import EDITS, edited, items_of
from core.blocks.program.rows import children, container, edit, fill, sequential
from core.blocks.program.torch_calls import call_text, function, tensor_method, text_of
from core.blocks.program.values import (
    Flow,
    Given,
    Instance,
    Own,
    Part,
    Row,
    Unknown,
    attribute_of,
    blocks_of,
    counted,
    joined_text,
    row_of,
)

CHILD = "_"
"""The name under which a printed layer is given what is in it."""
CONTAINERS = ("ModuleList", "OrderedDict", "ModuleDict", "list", "tuple", "dict")
COUNTING = ("range", "len", "zip", "enumerate", "reversed", "int", "str")
WRAPPERS = (
    "DataParallel",
    "DistributedDataParallel",
    "OptimizedModule",
    "compile",
    "script",
    "weight_norm",
    "spectral_norm",
)


def call(context: Context, node: ast.Call, scope: Scope) -> Any:
    """What a call returns.

    Raises:
        BlocksRefused: what is called does what no row of blocks can do.
        NotFollowed: it does to a list of layers what can't be followed.
    """
    given = _given(context, node, scope)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if isinstance(node.func, ast.Attribute):
        called_on = node.func.value
        if isinstance(called_on, ast.Call) and getattr(called_on.func, "id", "") == "super":
            instance = context.self_in(scope)
            if name == "__init__":
                fill(context, instance, given)
                return None
            row = row_of(instance)
            return None if row is None else _method(context, row, name, given)
        receiver = context.owner(called_on, scope)
        callee = attribute_of(receiver, name)
        if isinstance(receiver, Flow):
            return tensor_method(receiver, name, given)
        if isinstance(receiver, str) and name == "format" and not given.options:
            return joined_text(receiver.replace("{}", "%s"), ast.Mod(), given.values)
        if isinstance(receiver, (Part, Row, Instance, list, dict)) and (
            isinstance(callee, Unknown) or name == "forward"
        ):
            return _method(context, receiver, name, given)
    else:
        callee = context.evaluate(node.func, scope)
    if isinstance(callee, (Part, Row, list, Instance)):
        return applied(context, callee, given.values)
    if isinstance(callee, Own) and name != "Residual":
        if isinstance(callee.definition, ast.ClassDef):
            return construct(context, callee.definition, given)
        return call_function(context, callee, given.values, given.options)
    if given.values and isinstance(given.values[0], Flow):
        return function(name, given)
    return _made(context, node, name, given)


def _given(context: Context, node: ast.Call, scope: Scope) -> Given:
    """A call's arguments; the layers in a printed layer come last among those by position."""
    values, texts = [], []
    for argument in node.args:
        starred = isinstance(argument, ast.Starred)
        inner = argument.value if isinstance(argument, ast.Starred) else argument
        value = context.evaluate(inner, scope)
        held = items_of(value) if starred else None
        items = [value] if held is None else held
        values += items
        texts += [text_of(item, inner) for item in items]
    if context.printed:
        within = [keyword.value for keyword in node.keywords if keyword.arg == CHILD]
        values += [context.evaluate(child, scope) for child in within]
        texts += [ast.unparse(child) for child in within]
    keywords = [keyword for keyword in node.keywords if keyword.arg and not (context.printed and keyword.arg == CHILD)]
    options = {str(keyword.arg): context.evaluate(keyword.value, scope) for keyword in keywords}
    named = {str(keyword.arg): text_of(options[str(keyword.arg)], keyword.value) for keyword in keywords}
    return Given(values, options, texts, named)


def _method(context: Context, receiver: Any, name: str, given: Given) -> Any:
    """What a method of a layer, or of a list of layers, returns."""
    if name in MOVES.split("|") or name in ("weight_norm", "compile"):
        return receiver
    if name in EDITS:
        return edit(context, receiver, edited, name, given.values, given.options)
    if name in ("items", "values", "named_children", "children"):
        held = receiver if isinstance(receiver, dict) else children(receiver)
        return [[key, value] for key, value in held.items()] if name in ("items", "named_children") else (
            list(held.values())
        )  # fmt: skip
    if name == "forward":
        return applied(context, receiver, given.values)
    return Unknown()


def _made(context: Context, node: ast.Call, name: str, given: Given) -> Any:
    """What a call of something that the program does not define makes: a layer, a container of them or a number."""
    values = given.values
    prefix = ast.unparse(node.func)[: -len(name)] if name else ""
    if name == "Sequential":
        return sequential(context, given)
    if name == "Residual":
        inner = [written(block) for block in blocks_of(parts_given(context, given))]
        return Part([read_block(call_text("Residual", inner, {}))])
    if name in CONTAINERS:
        if given.options and not values:
            return dict(given.options)
        return container(name, values)
    if name in WRAPPERS and values and isinstance(values[0], (Part, Row, Instance)):
        return values[0]
    if name in ("setattr", "delattr", "getattr") and not prefix and len(values) >= 2:
        return call_by_name(context, name, *values[:3])
    if name in COUNTING:
        listed = [items_of(value) if isinstance(value, (Row, dict)) else value for value in values]
        return counted(name, listed)
    if name == "Identity":
        return Part([])
    if "optim" in prefix or not name.lstrip("_")[:1].isupper() or "Loss" in name:
        return Unknown()
    within = [keyword for keyword in node.keywords if context.printed and keyword.arg == CHILD]
    if within and len(within) == len(values) and not given.named:
        context.unknown_containers += [name] if name not in context.unknown_containers else []
        return values
    if name in KINDS or context.printed or prefix.endswith("nn."):
        own = given.texts[: len(given.texts) - len(within)]
        return Part([read_block(call_text(name, own, given.named))])
    return Unknown(ast.unparse(node))
