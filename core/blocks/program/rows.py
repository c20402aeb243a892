"""Rows of layers, as nn.Sequential makes and changes them, and the lists and dicts that layers stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from core.blocks import read_block
from core.blocks.program.context import Context
from core.blocks.program.lists import NotFollowed, items_of
from core.blocks.program.values import (
    Given,
    Instance,
    Part,
    Row,
    Unknown,
    is_sequential,
    layers_in,
    layers_within,
    row_of,
)

LAYERS = (Part, Row, Instance, list, dict)
"""What a row may be made of."""


def as_layer(value: Any) -> Any:
    """A value of a list of layers; one that no block is says so."""
    return Part([read_block(value.text)]) if isinstance(value, Unknown) and value.text else value


def numbered(layers: Sequence[Any]) -> Row:
    """A row of layers that have their numbers as names."""
    return Row({str(number): layer for number, layer in enumerate(layers)})


def sequential(context: Context, given: Given) -> Row:
    """A Sequential of what its call is given; what is no layer says why."""
    values = given.values
    alone = container("OrderedDict", values) if len(values) == 1 and isinstance(values[0], (list, dict)) else values
    row = numbered(alone) if isinstance(alone, list) else Row(dict(alone))
    for name, value in row.layers.items():
        value = as_layer(value)
        if not isinstance(value, LAYERS):
            value = Part([read_block(given.texts[int(name)] if values is alone else name)])
        row.layers[name] = value
        use(context, [value])
    return row


def fill(context: Context, instance: Instance, given: Given) -> None:
    """What the constructor of a class of torch does with what it is given: a Sequential's layers."""
    definition = instance.definition
    if (definition and is_sequential(definition)) or any(layers_within(given.values)):
        instance.attributes[definition.name if definition else "layers"] = sequential(context, given)


def container(name: str, values: list[Any]) -> Any:
    """A new list or dict, as Python's own and torch.nn's make them."""
    items = items_of(values[0]) if len(values) == 1 else None
    if len(values) == 1 and isinstance(values[0], dict):
        return dict(values[0])
    held = values if items is None else items
    if name in ("OrderedDict", "dict", "ModuleDict") and held and all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in held
    ):  # fmt: skip
        return dict(held)
    return [as_layer(value) if name == "ModuleList" else value for value in held]


def children(owner: Any) -> dict[str, Any]:
    """The layers of a row, of an object and of a list, by name."""
    row = owner if isinstance(owner, Row) else row_of(owner)
    if row is not None:
        return row.layers
    if isinstance(owner, Instance):
        return {name: value for name, value in owner.attributes.items() if any(layers_within(value))}
    return numbered(owner).layers if isinstance(owner, list) else {}


def edit(context: Context, whole: Any, what: Callable[..., Any], *given: Any) -> Any:
    """Do something to a list or row of layers.

    Args:
        what: does it, to the list and what is given.

    Returns:
        What `what` returns.

    Raises:
        NotFollowed: it can't be followed, or puts what is no layer into a row.
    """
    row = whole if isinstance(whole, Row) else row_of(whole)
    if row is not None:
        use(context, given)
    result = what(whole, *[value if row is None else as_layer(value) for value in given])
    if row is not None and not all(isinstance(layer, LAYERS) for layer in row.layers.values()):
        raise NotFollowed
    return result


def use(context: Context, given: Iterable[Any]) -> None:
    """Note that layers are parts of a row from now on."""
    for value in given:
        for item in value if isinstance(value, list) else [value]:
            context.used += layers_in(item)
