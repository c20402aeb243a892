"""What is known of a program while its text is followed, and the refusal of what can't be followed."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from core.blocks import MOST_BLOCKS, BlocksRefused
from core.blocks.program.values import Instance, Part, Row
from core.config import Problem
from core.foreign import quoted

DEEPEST = 12
"""Calls inside of calls, of what the program itself defines."""
MOST_STEPS = 20_000
"""Statements and expressions that are followed."""

Scope = dict[str, Any]
"""The names of a function or of the program, and what they stand for."""


class Returned(Exception):
    """A return statement was reached: nothing after it in the function is followed.

    Attributes:
        value: what the function returns.
    """

    def __init__(self, value: Any):
        super().__init__()
        self.value = value


class Context(ABC):
    """What is known of a program so far, and the two ways to follow more of it.

    Expressions hold calls, calls run statements, and statements hold expressions: each is handed this, and asks it for
    what the others do.

    Attributes:
        tree: the program.
        printed: whether it is what print(net) shows.
        names: what the program's own names stand for, outside of its functions.
        instance: what self stands for outside of a method.
        used: the layers that are a part of a row or of a network.
        unknown_containers: the classes of printed layers that hold others and are not known here.
        passed_over: the names of networks whose making could not be followed.
        strict: whether anything unknown that is made from what forward() was given is refused.
        depth: calls, of what the program defines, that are being followed.
        steps: statements and expressions that were followed.
        loops: loops of the same function that are being followed.
    """

    def __init__(self, tree: ast.Module, printed: bool = False):
        self.tree = tree
        self.printed = printed
        self.names: Scope = {}
        self.instance = Instance(None)
        self.used: list[Part | Row | Instance] = []
        self.unknown_containers: list[str] = []
        self.passed_over: list[str] = []
        self.strict = False
        self.depth = self.steps = self.loops = 0

    @abstractmethod
    def evaluate(self, node: ast.expr, scope: Scope, effect: bool = False) -> Any:
        """The value of an expression.

        Args:
            effect: whether the expression is a statement, whose value nothing is done with.

        Raises:
            BlocksRefused: it does what no row of blocks can do.
            NotFollowed: it does to a list of layers what can't be followed.
        """

    @abstractmethod
    def execute(self, body: Sequence[ast.stmt], scope: Scope) -> None:
        """Follow statements, one after the other.

        Raises:
            BlocksRefused: one of them does what no row of blocks can do.
            Returned: one of them is a return.
        """

    def owner(self, node: ast.expr, scope: Scope) -> Any:
        """What an attribute or an item is taken of."""
        if isinstance(node, ast.Name) and node.id == "self":
            return self.self_in(scope)
        return self.evaluate(node, scope)

    def self_in(self, scope: Mapping[str, Any]) -> Instance:
        """The object that self stands for."""
        instance = scope.get("self", self.instance)
        return instance if isinstance(instance, Instance) else self.instance

    def count_step(self, node: ast.AST) -> None:
        """Count one more step (raises BlocksRefused after `MOST_STEPS`)."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            refuse(node)


def refuse(node: ast.AST) -> NoReturn:
    """Say which line can't be followed (raises BlocksRefused)."""
    text = "" if isinstance(node, ast.Module) else ast.unparse(node)
    if not text:
        raise BlocksRefused(Problem("", "This program makes more layers than can be followed here."))
    line = {"line": getattr(node, "lineno", 1), "text": quoted(text.splitlines()[0])}
    raise BlocksRefused(
        Problem("", "Line {line} can't be put into a row of blocks: “{text}”. The network stays as it was.", line)
    )


def refuse_count(blocks: int) -> NoReturn:
    """Say that a network has too many blocks (raises BlocksRefused)."""
    values = {"count": blocks, "most": MOST_BLOCKS}
    raise BlocksRefused(Problem("", "{count} blocks are too many: at most {most}.", values))
