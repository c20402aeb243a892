"""What following a program's text comes upon: layers, what goes through them, and what can't be known."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.blocks import MOST_BLOCKS, Block

LARGEST = 10**12
LONGEST_NAME = 200
"""Characters of a text that a program puts together."""


@dataclass(eq=False)
class Part:
    """A layer that a program made; of a layer that changes nothing, there are no blocks."""

    blocks: list[Block]
    calls: int = 0


@dataclass(eq=False)
class Row:
    """What nn.Sequential is: layers, rows and objects of the program in a row, by their names."""

    layers: dict[str, Any]
    calls: int = 0

    def append(self, layer: Any) -> None:
        """Put a layer under the name that PyTorch gives it, which may be another layer's."""
        self.layers[str(len(self.layers))] = layer

    def insert(self, at: int, layer: Any) -> None:
        """Put a layer before another one (raises LookupError as PyTorch does)."""
        count = len(self.layers)
        if not -count <= at <= count:
            raise IndexError(at)
        at += count if at < 0 else 0
        for number in range(count, at, -1):
            self.layers[str(number)] = self.layers[str(number - 1)]
        self.layers[str(at)] = layer

    def renumber(self) -> None:
        """Name the layers by their numbers, as PyTorch does after one was taken out."""
        self.layers = {str(number): layer for number, layer in enumerate(self.layers.values())}


@dataclass(frozen=True)
class Flow:
    """What forward() was given, after some blocks."""

    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Unknown:
    """What can't be known without running the program.

    Attributes:
        text: of what may be a layer, that no block is.
    """

    text: str = ""


@dataclass(frozen=True)
class Own:
    """A class or function of the program itself, and the object that it is a method of."""

    definition: ast.ClassDef | ast.FunctionDef
    self: Instance | None = None


@dataclass(eq=False)
class Instance:
    """An object of a class of the program."""

    definition: ast.ClassDef | None
    attributes: dict[str, Any] = field(default_factory=dict)
    calls: int = 0

    def method(self, name: str) -> ast.FunctionDef | None:
        """Its method of that name."""
        body = self.definition.body if self.definition else []
        return next((n for n in body if isinstance(n, ast.FunctionDef) and n.name == name), None)


@dataclass(frozen=True)
class Given:
    """What a call is given: values and texts, by position and by name."""

    values: list[Any]
    options: dict[str, Any]
    texts: list[str]
    named: dict[str, str]


def is_module(node: ast.ClassDef) -> bool:
    """Whether a class is a network: it has forward(), or is made from one of torch's classes of layers."""
    methods = {inner.name for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return "forward" in methods or any(ast.unparse(base).endswith(("Module", "Sequential")) for base in node.bases)


def row_of(value: Any) -> Row | None:
    """The row that an object of a class made from nn.Sequential is."""
    if not isinstance(value, Instance) or value.definition is None:
        return None
    row = value.attributes.get(value.definition.name) if is_sequential(value.definition) else None
    return row if isinstance(row, Row) else None


def is_sequential(node: ast.ClassDef) -> bool:
    """Whether a class is made from nn.Sequential."""
    return any(ast.unparse(base).split(".")[-1] == "Sequential" for base in node.bases)


def layers_of(instance: Instance) -> Iterator[tuple[str, Part | Row | Instance]]:
    """An object's layers by their names; those in a list have its name."""
    for name, value in instance.attributes.items():
        for layer in layers_in(value):
            yield name, layer


def layers_in(value: Any) -> Iterator[Part | Row | Instance]:
    """A layer or network, or those in a list or a dict."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    for item in items:
        if isinstance(item, (Part, Row)) or (
            isinstance(item, Instance) and item.definition and is_module(item.definition)
        ):
            yield item


def layers_within(value: Any) -> Iterator[Part | Row | Instance]:
    """All layers in a value, however deep, each once."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        whole = waiting.pop()
        if id(whole) in seen:
            continue
        seen.add(id(whole))
        yield from layers_in([whole])
        held = whole.layers if isinstance(whole, Row) else whole.attributes if isinstance(whole, Instance) else whole
        if isinstance(held, (dict, list)):
            waiting += reversed(list(held.values() if isinstance(held, dict) else held))


def inside(layer: Part | Row | Instance) -> Iterator[Block]:
    """All blocks of a layer's own layers."""
    for inner in layers_within(layer):
        if isinstance(inner, Part):
            yield from inner.blocks


def blocks_of(parts: Iterator[Part] | Sequence[Part]) -> list[Block]:
    return [block for part in parts for block in part.blocks]


def attribute_of(owner: Any, name: str) -> Any:
    """An attribute or method of an object of the program, or a layer of a row by its name."""
    if isinstance(owner, Row):
        return owner.layers if name == "_modules" else owner.layers.get(name, Unknown())
    if not isinstance(owner, Instance):
        return Unknown()
    if name == "_modules":
        return owner.attributes
    method = owner.method(name)
    return owner.attributes.get(name, Own(method, owner) if method else Unknown())


def compared(left: Any, op: ast.cmpop, right: Any) -> Any:
    """A comparison of what is known."""
    if right is None and isinstance(op, (ast.Is, ast.IsNot)) and not isinstance(left, (Unknown, Flow)):
        return (left is None) == isinstance(op, ast.Is)
    plain = (int, float, str, type(None))
    if not isinstance(left, plain) or not isinstance(right, (*plain, list)):
        return Unknown()
    match op:
        case ast.Eq() | ast.Is():
            return left == right
        case ast.NotEq() | ast.IsNot():
            return left != right
        case ast.In() if isinstance(right, list):
            return left in right
        case ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE() if isinstance(left, (int, float)):
            if isinstance(right, (int, float)):
                least = isinstance(op, (ast.Lt, ast.LtE))
                equal = isinstance(op, (ast.LtE, ast.GtE)) and left == right
                return equal or (left < right if least else left > right)
    return Unknown()


def joined_text(text: Any, op: ast.operator, more: Any) -> Any:
    """Texts put together with + or %, as the names of layers are."""
    if isinstance(op, ast.Add) and isinstance(text, str) and isinstance(more, str):
        return text + more if len(text) + len(more) <= LONGEST_NAME else Unknown()
    values = more if isinstance(more, list) else [more]
    pieces = re.split("%[ds]", text)
    if "%" in "".join(pieces) or len(pieces) != len(values) + 1 or not all(isinstance(v, (int, str)) for v in values):
        return Unknown()
    whole = "".join(f"{piece}{value}" for piece, value in zip(pieces, [*values, ""], strict=True))
    return whole if len(whole) <= LONGEST_NAME else Unknown()


def is_small(value: Any) -> bool:
    """Whether a value is a number that a network's sizes may be made of."""
    return isinstance(value, (int, float)) and abs(value) <= LARGEST


def counted(name: str, given: list[Any]) -> Any:
    """Python's own functions on lists and numbers, as far as they count layers."""
    numbers = all(isinstance(value, int) and is_small(value) for value in given) and given[2:] != [0]
    lists = all(isinstance(value, list) for value in given)
    if name == "range" and numbers and 1 <= len(given) <= 3 and len(range(*given)) <= MOST_BLOCKS:
        return list(range(*given))
    if name == "len" and len(given) == 1 and lists:
        return len(given[0])
    if name == "zip" and lists:
        return [list(items) for items in zip(*given, strict=False)]
    if name == "enumerate" and len(given) == 1 and lists:
        return [[at, item] for at, item in enumerate(given[0])]
    if name == "reversed" and len(given) == 1 and lists:
        return given[0][::-1]
    if name == "str" and len(given) == 1 and isinstance(given[0], (int, str)) and not isinstance(given[0], bool):
        return str(given[0]) if isinstance(given[0], str) or is_small(given[0]) else Unknown()
    if name == "int" and len(given) == 1 and is_small(given[0]):
        return int(given[0])
    return Unknown()
