"""A block, and what can be asked of several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.blocks.kinds import KINDS, REQUIRED
from core.config import Problem

Path = tuple[int, ...]
"""Where a block is: its number, and in a residual block the number there."""


@dataclass(frozen=True)
class Block:
    """One block.

    Attributes:
        kind: a name in `KINDS`; empty where the text can't be read.
        values: every argument's value, in PyTorch's order.
        inner: the blocks of a residual block.
        typed: the text as it was typed, where it can't be read.
        problem: why it can't be read.
    """

    kind: str
    values: tuple[Any, ...] = ()
    inner: tuple[Block, ...] = ()
    typed: str = field(default="")
    problem: Problem | None = field(default=None, compare=False)

    def __getitem__(self, name: str) -> Any:
        """An argument's value."""
        names = [argument.name for argument in KINDS[self.kind]]
        return self.values[names.index(name)]

    def with_value(self, name: str, value: Any) -> Block:
        """The same block with another value, unchecked."""
        names = [argument.name for argument in KINDS[self.kind]]
        return replace(self, values=tuple(value if n == name else v for n, v in zip(names, self.values, strict=True)))


class BlocksRefused(ValueError):
    """A text that is no list of blocks at all. `problem` says why in one sentence."""

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem


def walk(blocks: Sequence[Block]) -> Iterator[tuple[Path, Block]]:
    """Every block from the first to the last, a residual block before those inside it."""
    for index, block in enumerate(blocks):
        yield (index,), block
        for number, inner in enumerate(block.inner):
            yield (index, number), inner


def count(blocks: Sequence[Block]) -> int:
    """How many blocks there are, those inside residual blocks included."""
    return sum(1 + len(block.inner) for block in blocks)


def unreadable(blocks: Sequence[Block]) -> tuple[Path, Problem] | None:
    """The first block that can't be read, and why; an empty residual block too."""
    for path, block in walk(blocks):
        if block.problem is not None:
            return path, block.problem
        if block.kind == "Residual" and not block.inner:
            return path, Problem("", "A residual block needs at least one block inside.")
    return None


def fresh(kind: str) -> Block:
    """A new block of a kind, to be fitted in."""
    if kind == "Residual":
        return Block(kind, inner=(replace(fresh("Conv2d"), values=(1, 1, 3, 1, 1, True)), fresh("ReLU")))
    return Block(kind, tuple(a.start if a.default is REQUIRED else a.default for a in KINDS[kind]))
