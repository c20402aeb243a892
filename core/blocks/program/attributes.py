"""Attributes of objects, rows and layers, as a program sets and deletes them."""

from __future__ import annotations

from typing import Any

from core.blocks import KINDS, NO_MATTER, ORDER
from core.blocks.program.context import Context
from core.blocks.program.lists import NotFollowed, edited
from core.blocks.program.rows import as_layer, edit
from core.blocks.program.values import Instance, Part, Row, Unknown, attribute_of, layers_within, row_of

TOLD = ("in_channels", "out_channels", "in_features", "out_features", "num_features", "bias", *NO_MATTER)
"""Attributes of a layer that may be assigned to without changing what its block computes here."""
MATTERING = {
    "forward",
    *(argument.name for arguments in KINDS.values() for argument in arguments),
    *(name for order in ORDER.values() for name in order.split()),
} - set(TOLD)
"""Attributes of a layer that may not."""


def set_attribute(context: Context, owner: Any, name: str, value: Any) -> None:
    """Give an object, a row or a layer an attribute.

    Raises:
        NotFollowed: it changes what a layer computes.
    """
    if isinstance(owner, (Part, Row, Instance)) and name == "forward":
        raise NotFollowed
    if isinstance(owner, Part) and name in MATTERING:
        raise NotFollowed
    layer = as_layer(value)
    row = owner if isinstance(owner, Row) else row_of(owner)
    if row is not None and any(layers_within([layer, row.layers.get(name)])):
        edit(context, row, edited, "add_module", [name, layer], {})
    elif isinstance(owner, Instance):
        owner.attributes[name] = value


def delete_attribute(owner: Any, name: str) -> None:
    """Take an attribute away from an object or a row, if it has it."""
    row = owner if isinstance(owner, Row) else row_of(owner)
    if row is not None:
        row.layers.pop(name, None)
    if isinstance(owner, Instance):
        owner.attributes.pop(name, None)


def call_by_name(context: Context, what: str, owner: Any, name: Any, value: Any = None) -> Any:
    """Python's setattr, getattr and delattr.

    Raises:
        NotFollowed: they set or delete, and the name of a network's attribute is not known.
    """
    if not isinstance(name, str):
        if what != "getattr" and any(layers_within([owner, value])):
            raise NotFollowed
        return Unknown()
    if what == "getattr":
        return attribute_of(owner, name)
    return delete_attribute(owner, name) if what == "delattr" else set_attribute(context, owner, name, value)
