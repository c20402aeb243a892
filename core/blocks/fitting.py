"""How the blocks of a network fit together: every shape, where it breaks and why, and what would repair it."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from torch import nn

from core.blocks import KINDS, MOST_NUMBERS, WIDEST, Block, Path, fresh, read, unreadable, walk, write
from core.config import Problem
from core.models.residual import Residual
from core.shapes import LayerShape, Shape, shape_text, trace

MOST_PARAMETERS = 5_000_000
"""Numbers that a network may learn: a run keeps some forty copies of them on disk, and Adam three in memory."""
MOST_FLOPS = 500_000_000
"""Floating-point operations for one example, forward."""
MOST_MEMORY = 2_000_000_000
"""Bytes that one training step, or one part of the test set, may take."""
TESTED_AT_ONCE = 200
"""Test examples in one forward pass."""


@dataclass(frozen=True)
class Remedy:
    """What would repair a network where it breaks: a sentence for the button, and the network then."""

    sentence: Problem
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Checked:
    """What is known of a network before it runs.

    Attributes:
        rows: where each block is -> its shapes; ends with the block that can't work.
        path: the block that can't work; None if the network as a whole can't, or if all is well.
        problem: why not; None if all is well.
        output: the last block's output.
        parameters, flops: of the whole network, for one example.
        largest: numbers that go into and out of the block that handles most, for one example.
        memory: bytes that it takes, about: weights, gradients, Adam's two averages, and all outputs twice; or, if that
            is more, the largest block's numbers for a part of the test set.
    """

    rows: dict[Path, LayerShape]
    path: Path | None
    problem: Problem | None
    output: Shape | None
    parameters: int = 0
    flops: int = 0
    largest: int = 0
    memory: int = 0


def layers(blocks: Sequence[Block]) -> list[nn.Module]:
    """The blocks as layers of PyTorch."""
    made: list[nn.Module] = []
    for block in blocks:
        if block.kind == "Residual":
            made.append(Residual(*layers(block.inner)))
        else:
            names = [argument.name for argument in KINDS[block.kind]]
            made.append(getattr(nn, block.kind)(**dict(zip(names, block.values, strict=True))))
    return made


_one_at_a_time = threading.Lock()


@lru_cache(maxsize=512)
def check(blocks: tuple[Block, ...], input_shape: Shape, n_classes: int, batches: tuple[int, ...]) -> Checked:
    """Everything about a network, without any of its memory.

    Args:
        input_shape: of one example, such as (1, 28, 28).
        n_classes: numbers that it must put out.
        batches: sizes of the batches it is trained with.
    """
    first_unreadable = unreadable(blocks)
    readable = blocks if first_unreadable is None else blocks[: first_unreadable[0][0]]
    rows = _traced(readable, input_shape, batches[0])
    others = [*batches[1:], *([max(batches) + 1] if any(map(_takes_the_batch, rows)) else [])]
    for batch in others:
        if rows and rows[-1].problem is not None:
            break
        rows = _traced(readable, input_shape, batch)
    by_path = {_path(row.name): row for row in rows}
    largest = max((math.prod(row.input) + math.prod(row.output or ()) for row in rows), default=0)
    totals = {
        "parameters": sum(row.parameters for row in rows),
        "flops": sum(row.flops for row in rows),
        "largest": largest,
        "memory": max(memory(rows, max(batches)), 4 * TESTED_AT_ONCE * largest),
    }
    output = rows[-1].output if rows else input_shape
    if rows and rows[-1].problem is not None:
        return Checked(by_path, _path(rows[-1].name), rows[-1].problem, None, **totals)
    if first_unreadable is not None:
        return Checked(by_path, first_unreadable[0], first_unreadable[1], None, **totals)
    problem = next(_whole(blocks, output, n_classes, **totals), None)
    return Checked(by_path, None, problem, output, **totals)


def _traced(blocks: Sequence[Block], input_shape: Shape, batch: int) -> list[LayerShape]:
    with _one_at_a_time:
        return trace(lambda: nn.Sequential(*layers(blocks)), input_shape, batch, training=True)


def _takes_the_batch(row: LayerShape) -> bool:
    """Whether a layer may have taken the batch for channels: PyTorch lets images come without one."""
    axes = {"1d": 2, "2d": 3}.get(row.layer.split("(")[0][-2:])
    return axes is not None and len(row.input) == axes - 1


def memory(rows: Sequence[LayerShape], batch: int) -> int:
    """Bytes that a training step takes, about."""
    numbers = sum(math.prod(row.input) for row in rows[:1]) + sum(math.prod(row.output or ()) for row in rows)
    return 4 * (4 * sum(row.parameters for row in rows) + 2 * batch * numbers)


def _path(name: str) -> Path:
    """Where the block is whose layer has that name: "3" or, in a residual block, "3.layers.0"."""
    return tuple(int(part) for part in name.split(".") if part.isdigit())


def _whole(
    blocks: Sequence[Block],
    output: Shape | None,
    n_classes: int,
    parameters: int,
    flops: int,
    largest: int,
    memory: int,
) -> Iterator[Problem]:
    """What is wrong with a network in which every block works."""
    if not blocks:
        yield Problem("", "The network has no blocks yet.")
    if output != (n_classes,):
        values = {"given": shape_text(output or ()), "classes": n_classes}
        yield Problem("", "The network outputs {given}, but {classes} classes need {classes} numbers.", values)
    if parameters == 0:
        yield Problem("", "The network has no parameters: there is nothing to learn.")
    if parameters > MOST_PARAMETERS:
        yield Problem(
            "",
            "{count} parameters are too many for one person's share of this machine: at most {most}.",
            {"count": f"{parameters:,}", "most": f"{MOST_PARAMETERS:,}"},
        )
    if flops > MOST_FLOPS:
        yield Problem(
            "",
            "{count} million operations for one example are too many: at most {most} million.",
            {"count": f"{flops / 1e6:,.0f}", "most": f"{MOST_FLOPS // 1_000_000:,}"},
        )
    if memory > MOST_MEMORY:
        yield Problem(
            "",
            "A step would take about {count} GB of memory, more than the {most} GB there are for one run: try smaller "
            "batches or fewer channels.",
            {"count": f"{memory / 1e9:.1f}", "most": f"{MOST_MEMORY / 1e9:.0f}"},
        )


# Repairing


def remedy(blocks: tuple[Block, ...], checked: Checked, n_classes: int) -> Remedy | None:
    """What would repair a network where it breaks; None if it works, or nobody can know what was meant."""
    if checked.problem is None:
        return None
    if checked.path is None:
        return _repair_output(blocks, checked.output, n_classes)
    if checked.path not in checked.rows:
        if checked.problem.values.get("kind") == "LogSoftmax":
            return Remedy(Problem("", "Take {kind} out", {"kind": "LogSoftmax"}), remove(blocks, checked.path))
        return None
    row, block = checked.rows[checked.path], at(blocks, checked.path)
    if block.kind == "Linear" and len(row.input) > 1 and len(checked.path) == 1:
        return Remedy(Problem("", "Put Flatten before it"), insert(blocks, checked.path, fresh("Flatten")))
    better = fitted(block, row.input)
    values: dict[str, Any] = {"kind": block.kind}
    if better != block:
        name = next(
            a.name for a, old, new in zip(KINDS[block.kind], block.values, better.values, strict=True) if old != new
        )
        values |= {"number": better[name], "name": name}
        if name in ("in_features", "in_channels", "num_features"):
            sentence = Problem("", "Set {name} of {kind} to {number}", values)
        else:
            sentence = Problem("", "Use {name}={number}", values)
        return Remedy(sentence, put(blocks, checked.path, better))
    if block.kind == "Residual":
        return _repair_sum(blocks, checked, block, row.input)
    if block.kind == "BatchNorm1d" and len(row.input) > 2:
        return Remedy(Problem("", "Put Flatten before it"), insert(blocks, checked.path, fresh("Flatten")))
    if block.kind.startswith(("Conv1d", "MaxPool1d", "AvgPool1d", "Adaptive")) and block.kind.endswith("1d"):
        if len(row.input) == 3:
            rows = Block("Flatten", (1, 2))
            return Remedy(
                Problem("", "Put Flatten(1, 2) before it: each row is a channel"), insert(blocks, checked.path, rows)
            )
    if "Pool" in block.kind or block.kind == "Flatten":
        return Remedy(Problem("", "Take {kind} out", values), remove(blocks, checked.path))
    return None


def advice(blocks: tuple[Block, ...]) -> Remedy | None:
    """What would be better in a network that works: the loss takes logits, so nothing may squeeze them before it."""
    if not blocks or blocks[-1].kind not in ("Softmax", "Sigmoid"):
        return None
    return Remedy(Problem("", "Take {kind} out", {"kind": blocks[-1].kind}), blocks[:-1])


def fitted(block: Block, given: Shape) -> Block:
    """A block with the arguments that the shape it is given asks for; itself where nothing can be said."""
    axes = 2 if block.kind.endswith("1d") else 3
    if block.kind == "Linear" and 1 <= given[-1] <= MOST_NUMBERS:
        return block.with_value("in_features", given[-1])
    if block.kind.startswith("Conv") and len(given) == axes and given[0] <= WIDEST:
        block = block.with_value("in_channels", given[0])
        room = min(given[1:])
        if block["kernel_size"] > room + 2 * block["padding"]:
            wanted = (block["kernel_size"] - room + 1) // 2
            block = block.with_value("padding", min(wanted, 64))
    if block.kind in ("BatchNorm1d", "BatchNorm2d") and given[0] <= WIDEST:
        if len(given) == axes or (block.kind == "BatchNorm1d" and len(given) == 1):
            return block.with_value("num_features", given[0])
    if block.kind == "LayerNorm":
        old = block["normalized_shape"]
        sizes = given if len(given) <= 3 and isinstance(old, tuple) and len(old) > 1 else given[-1:]
        return block.with_value("normalized_shape", sizes[0] if len(sizes) == 1 else sizes)
    if block.kind.startswith(("MaxPool", "AvgPool")) and block["padding"] > block["kernel_size"] // 2:
        return block.with_value("padding", block["kernel_size"] // 2)
    return block


def _repair_output(blocks: tuple[Block, ...], output: Shape | None, n_classes: int) -> Remedy | None:
    """Make the network put out one number a class."""
    if output is None or output == (n_classes,):
        return None
    if len(output) > 1:
        if blocks and blocks[-1].kind == "Linear":
            return Remedy(Problem("", "Put Flatten before it"), insert(blocks, (len(blocks) - 1,), fresh("Flatten")))
        return Remedy(Problem("", "Put Flatten at the end"), (*blocks, fresh("Flatten")))
    if blocks and blocks[-1].kind == "Linear":
        better = blocks[-1].with_value("out_features", n_classes)
        sentence = Problem("", "Let the last Linear output {number} numbers", {"number": n_classes})
        return Remedy(sentence, (*blocks[:-1], better))
    if output[0] > MOST_NUMBERS:
        return None
    last = Block("Linear", (output[0], n_classes, True))
    return Remedy(
        Problem("", "Add Linear({given}, {number}) at the end", {"given": output[0], "number": n_classes}),
        (*blocks, last),
    )


def _repair_sum(blocks: tuple[Block, ...], checked: Checked, block: Block, given: Shape) -> Remedy | None:
    """Let the last convolution or Linear inside a residual block put out as much as goes in."""
    assert checked.path is not None
    for number in reversed(range(len(block.inner))):
        inner = block.inner[number]
        if inner.kind in ("Conv1d", "Conv2d") and len(given) > 1:
            same = inner["stride"] == 1 and 2 * inner["padding"] + 1 == inner["kernel_size"]
            better = inner.with_value("out_channels", given[0])
            if not same:
                odd = inner["kernel_size"] | 1
                better = better.with_value("stride", 1).with_value("kernel_size", odd).with_value("padding", odd // 2)
        elif inner.kind == "Linear":
            better = inner.with_value("out_features", given[-1])
        else:
            continue
        if better == inner:
            continue
        sentence = Problem("", "Let {kind} keep the shape: use {block}", {"kind": inner.kind, "block": write([better])})
        return Remedy(sentence, put(blocks, (checked.path[0], number), better))
    return None


def repair_all(
    blocks: tuple[Block, ...], input_shape: Shape, n_classes: int, batches: tuple[int, ...]
) -> tuple[Block, ...]:
    """Take one remedy after the other until the network works, or none is left."""
    seen = {blocks}
    for _ in range(200):
        fix = remedy(blocks, check(blocks, input_shape, n_classes, batches), n_classes)
        if fix is None or fix.blocks in seen:
            break
        blocks = fix.blocks
        seen.add(blocks)
    return blocks


# Places


def at(blocks: Sequence[Block], path: Path) -> Block:
    """The block at a place (raises LookupError)."""
    block = blocks[path[0]]
    return block.inner[path[1]] if len(path) > 1 else block


def put(blocks: tuple[Block, ...], path: Path, block: Block) -> tuple[Block, ...]:
    """The network with another block at a place."""
    return _changed(blocks, path, lambda row, index: (*row[:index], block, *row[index + 1 :]))


def insert(blocks: tuple[Block, ...], path: Path, block: Block) -> tuple[Block, ...]:
    """The network with one more block before a place."""
    return _changed(blocks, path, lambda row, index: (*row[:index], block, *row[index:]))


def remove(blocks: tuple[Block, ...], path: Path) -> tuple[Block, ...]:
    """The network without the block at a place."""
    return _changed(blocks, path, lambda row, index: (*row[:index], *row[index + 1 :]))


def _changed(blocks: tuple[Block, ...], path: Path, change: Any) -> tuple[Block, ...]:
    if len(path) == 1:
        changed: tuple[Block, ...] = change(blocks, path[0])
        return changed
    outer = blocks[path[0]]
    inner = replace(outer, inner=change(outer.inner, path[1]))
    return (*blocks[: path[0]], inner, *blocks[path[0] + 1 :])


def move(blocks: tuple[Block, ...], path: Path, to: Path) -> tuple[Block, ...]:
    """The network with the block at `path` before the place that `to` names now; a residual block stays outside."""
    block = at(blocks, path)
    if block.kind == "Residual" and len(to) > 1:
        return blocks
    if len(path) == 1 and len(to) > 1 and path[0] == to[0]:
        return blocks
    return remove(insert(blocks, to, block), _after_insert(path, to))


def _after_insert(path: Path, place: Path) -> Path:
    """Where a block is once another one stands before `place`."""
    if len(place) == 1 and path[0] >= place[0]:
        return (path[0] + 1, *path[1:])
    if len(place) > 1 and len(path) > 1 and path[0] == place[0] and path[1] >= place[1]:
        return (path[0], path[1] + 1)
    return path


__all__ = [
    "Checked",
    "Remedy",
    "advice",
    "at",
    "check",
    "fitted",
    "insert",
    "move",
    "put",
    "read",
    "remedy",
    "remove",
    "repair_all",
    "walk",
]
