"""What is in a file, as rows of a tree: names, shapes, kinds of numbers, bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

MOST_ROWS = 400
LONGEST_NAME = 120


@dataclass(frozen=True)
class Row:
    """One line of the tree.

    Attributes:
        depth: how deep it lies, 0 for the outermost.
        name: its key.
        shown: a tensor's shape, a layer's class, or the value itself.
        dtype: the kind of a tensor's numbers, or what else it is: dict, list, int ...
        bytes: of all tensors in it.
    """

    depth: int
    name: str
    shown: str
    dtype: str
    bytes: int


@dataclass(frozen=True)
class Line:
    """A line of the tree that is shown and not used: a step of a graph, what a program is given, a device in a file.

    Attributes:
        shown: such as "Conv(x, conv1.0.weight)", "batch × 1 × 28 × 28" or "cuda:0".
        dtype: the kind of its numbers, or what else it is, if it is anything.
    """

    shown: str
    dtype: str = ""


class Part(dict[str, Any]):
    """A part of a program, such as its graph: names with what they stand for, but no dict in the file."""


def rows(value: Any) -> list[Row]:
    """The tree of a file's content, at most `MOST_ROWS` of it."""
    tree = []
    bare = not isinstance(value, nn.Module | dict | list | tuple)
    for row in _rows(value, type(value).__name__ if bare else "", 0 if bare else -1):
        if row.depth >= 0:
            tree.append(row)
        if len(tree) == MOST_ROWS:
            break
    return tree


def tensors(value: Any) -> list[Tensor]:
    """All tensors in something."""
    return [value] if isinstance(value, Tensor) else [tensor for _, item in _inside(value) for tensor in tensors(item)]


def size_of(value: Any) -> int:
    """Bytes of all tensors in something."""
    if isinstance(value, Tensor):
        return value.numel() * value.dtype.itemsize
    return sum(size_of(item) for _, item in _inside(value))


def _inside(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, nn.Module):
        own = [*value.named_parameters(recurse=False), *value.named_buffers(recurse=False)]
        return [*own, *value.named_children()]
    if isinstance(value, dict):
        return [(str(key), item) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [(f"[{index}]", item) for index, item in enumerate(value)]
    return []


def _rows(value: Any, name: str, depth: int) -> Iterator[Row]:
    if isinstance(value, Tensor):
        shape = " × ".join(map(str, value.shape)) or "()"
        yield Row(depth, name[:LONGEST_NAME], shape, str(value.dtype).removeprefix("torch."), size_of(value))
        return
    if isinstance(value, Line):
        yield Row(depth, name[:LONGEST_NAME], value.shown, value.dtype, 0)
        return
    inside = _inside(value)
    if isinstance(value, nn.Module):
        options = value.extra_repr()
        yield Row(depth, name, f"{type(value).__name__}({options})", "nn.Module", size_of(value))
    elif isinstance(value, dict | list | tuple):
        plain = not isinstance(value, dict) and not any(_inside(item) or isinstance(item, Tensor) for _, item in inside)
        text = _short(value) if plain or not inside else ""
        kind = "" if isinstance(value, Part) else "dict" if isinstance(value, dict) else type(value).__name__
        yield Row(depth, name[:LONGEST_NAME], text, kind, size_of(value))
        if plain:
            return
    else:
        yield Row(depth, name[:LONGEST_NAME], _short(value), type(value).__name__, 0)
    for key, item in inside:
        yield from _rows(item, key, depth + 1)


def _short(value: Any) -> str:
    text = repr(value[:20] if isinstance(value, list | tuple | str) else value)
    return text if len(text) <= 60 else text[:57] + " …"
