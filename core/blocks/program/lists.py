"""What a program does to its lists of layers, done as Python and torch.nn.Sequential do it."""

from __future__ import annotations

from typing import Any

from core.blocks.program.values import Instance, Part, Row, Unknown, layers_within, row_of

MOST_ITEMS = 1_000
"""Items of a list."""
EDITS = (
    "append", "extend", "insert", "pop", "add_module", "register_module", "add", "reverse", "remove", "clear", "update",
    "setdefault", "popitem", "sort", "move_to_end", "__setitem__", "__delitem__", "__setattr__", "__delattr__",
    "__iadd__", "__imul__",
)  # fmt: skip
"""Methods that change a list of layers."""


class NotFollowed(Exception):
    """What is done to a list can't be followed."""


def items_of(value: Any) -> list[Any] | None:
    """What a loop over a value goes through, in order; None if that is not known."""
    value = row_of(value) or value
    if isinstance(value, Row):
        return list(value.layers.values())
    return list(value) if isinstance(value, (list, dict)) else None


def item(whole: Any, at: Any) -> Any:
    """What stands at an index, in a slice or under a key."""
    whole = row_of(whole) or whole
    try:
        if isinstance(whole, Row) and isinstance(at, slice):
            return Row(dict(list(whole.layers.items())[at]))
        if isinstance(whole, (Row, list)) and isinstance(at, (int, slice)):
            return (items_of(whole) or [])[at]
        return whole[str(at)] if isinstance(whole, dict) else Unknown()
    except (LookupError, ValueError):
        return Unknown()


def put(whole: Any, at: Any, value: Any) -> None:
    """Assign to an index, a slice or a key (raises NotFollowed)."""
    whole = row_of(whole) or whole
    try:
        if isinstance(whole, Row) and isinstance(at, int):
            whole.layers[list(whole.layers)[at]] = value
            return
        if isinstance(whole, list) and isinstance(at, int):
            whole[at] = value
            return
        items = items_of(value)
        if isinstance(whole, list) and isinstance(at, slice) and items is not None:
            whole[at] = items
            return
        if isinstance(whole, dict) and isinstance(at, (int, str)):
            whole[str(at)] = value
            return
    except (LookupError, ValueError):
        pass
    _give_up(whole, value)


def remove(whole: Any, at: Any) -> None:
    """Delete an index, a slice or a key (raises NotFollowed)."""
    whole = row_of(whole) or whole
    try:
        if isinstance(whole, Row) and isinstance(at, (int, slice)):
            names = list(whole.layers)[at]
            for name in names if isinstance(names, list) else [names]:
                del whole.layers[name]
            whole.renumber()
            return
        if isinstance(whole, list) and isinstance(at, (int, slice)):
            del whole[at]
            return
        if isinstance(whole, dict) and isinstance(at, (int, str)):
            del whole[str(at)]
            return
    except LookupError:
        pass
    _give_up(whole)


def edited(whole: Any, name: str, given: list[Any], options: dict[str, Any]) -> Any:
    """What one of `EDITS` returns, after it was done (raises NotFollowed)."""
    whole, itself = row_of(whole) or whole, whole
    values = [*given, *options.values()]
    try:
        match name, values:
            case (("append" | "add"), [value]) if not isinstance(whole, dict):
                added(whole, [value])
                return itself
            case "extend", [value] if not isinstance(whole, dict):
                added(whole, items_of(value))
                return itself
            case "insert", [at, value] if isinstance(at, int) and isinstance(whole, (list, Row)):
                whole.insert(at, value)
                return itself
            case (("add_module" | "register_module"), [str() as label, value]):
                if isinstance(whole, (Instance, Row)):
                    (whole.attributes if isinstance(whole, Instance) else whole.layers)[label] = value
                    return None
            case "pop", [] if isinstance(whole, list):
                return whole.pop()
            case "pop", [at]:
                value = item(whole, at)
                remove(whole, at)
                return value
            case (("reverse" | "clear"), []) if isinstance(whole, list):
                getattr(whole, name)()
                return None
            case "remove", [value] if isinstance(whole, list) and not isinstance(value, Unknown):
                whole.remove(value)
                return None
            case "update", [dict() as more] if isinstance(whole, dict):
                whole.update(more)
                return None
    except (LookupError, ValueError):
        pass
    _give_up(whole, values)
    return Unknown()


def added(whole: Any, items: list[Any] | None) -> None:
    """Put more to the end of a list or row (raises NotFollowed)."""
    if items is None or not isinstance(whole, (list, Row)) or len(items_of(whole) or []) + len(items) > MOST_ITEMS:
        _give_up(whole, items)
        return
    for value in list(items):
        whole.append(value)


def _give_up(whole: Any, value: Any = None) -> None:
    """Nothing is known of a list any more; of a list of layers that is a refusal (raises NotFollowed)."""
    if isinstance(whole, (Row, Part)) or any(layers_within([whole, value])):
        raise NotFollowed
    if isinstance(whole, list):
        whole[:] = [Unknown()] * len(whole)
    elif isinstance(whole, dict):
        whole.update(dict.fromkeys(whole, Unknown()))
