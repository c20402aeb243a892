"""Blocks from a text: what it says is looked up and bounded, and never run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from core.blocks.block import Block, BlocksRefused, count
from core.blocks.kinds import (
    FIXED,
    KINDS,
    MOST_BLOCKS,
    MOST_TEXT,
    MOVES,
    NO_MATTER,
    ORDER,
    REQUIRED,
    Argument,
    as_python,
)
from core.config import Problem
from core.foreign import quoted


@lru_cache(maxsize=512)
def read(text: str) -> tuple[Block, ...]:
    """The blocks of a list; those that can't be read say why and keep what was typed.

    `read_pasted` reads programs as well, and what PyTorch prints.

    Raises:
        BlocksRefused: it is too long, or has too many blocks.
    """
    most = {"most": MOST_BLOCKS}
    if len(text) > MOST_TEXT:
        raise BlocksRefused(Problem("", "This text is too long for a network of {most} blocks.", most))
    text = re.sub(r"#[^\n]*", "", as_python(text)).strip()
    parts = split(text)
    if len(parts) > MOST_BLOCKS:
        raise BlocksRefused(Problem("", "{count} blocks are too many: at most {most}.", {**most, "count": len(parts)}))
    blocks = tuple(read_block(part) for part in parts if not re.fullmatch(r"([\w.]+\.)?Identity\(.*\)", part))
    if count(blocks) > MOST_BLOCKS:
        raise BlocksRefused(
            Problem("", "{count} blocks are too many: at most {most}.", {**most, "count": count(blocks)})
        )
    return blocks


def split(text: str) -> list[str]:
    """The parts of a text between commas that are in no parentheses; lines without commas are parts too."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        if letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif letter in ",\n" and depth <= 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def read_block(text: str, inside: bool = False) -> Block:
    """One block from its text.

    Args:
        inside: whether it stands in a residual block, where no other one may.
    """
    given = {"text": quoted(text)}

    def unreadable(problem: Problem) -> Block:
        return Block("", typed=balanced(text), problem=problem)

    text = re.sub(r"^\(\w+\):\s*", "", as_python(text).strip())
    match = re.fullmatch(r"(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*)\s*(?:\((.*)\))?", _without_moves(text), re.DOTALL)
    if match is None:
        return unreadable(
            Problem("", "“{text}” is not a block: write one as PyTorch does, such as Conv2d(1, 16, 3).", given)
        )
    names = {kind.lower(): kind for kind in KINDS}
    kind = names.get(match[1].lower(), "")
    if match[1].lower() == "logsoftmax":
        return unreadable(Problem("", "Leave {kind} out: CrossEntropyLoss does it itself.", {"kind": "LogSoftmax"}))
    if not kind:
        return unreadable(Problem("", "There is no block “{name}” here.", {"name": quoted(match[1])}))
    parts = split(match[2] or "")
    if kind == "Residual":
        if inside:
            return unreadable(Problem("", "A residual block can't be inside another one."))
        inner = tuple(read_block(part, inside=True) for part in parts)
        return Block("Residual", inner=inner)
    try:
        return Block(kind, tuple(_arguments(kind, parts)))
    except BlocksRefused as refused:
        return unreadable(refused.problem)


def _without_moves(text: str) -> str:
    """A layer's text without what is called on it: "Linear(4, 2).to(device)" is "Linear(4, 2)"."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == ")" and depth == 0:
            return text[: at + 1] if re.fullmatch(rf"(\s*\.({MOVES})\([^()]*\))+", text[at + 1 :]) else text
    return text


def balanced(text: str) -> str:
    """A text that stays one part whatever stands beside it: its parentheses match, and no comma is outside of them."""
    depth, kept = 0, []
    for letter in text.replace("\n", " ").replace("#", ""):
        closes = letter in ")]"
        if depth == 0 and (closes or letter == ","):
            continue
        depth += (letter in "([") - closes
        kept.append(letter)
    return ("".join(kept) + ")" * depth).strip() or "?"


def _arguments(kind: str, parts: Sequence[str]) -> Iterator[Any]:
    arguments = KINDS[kind]
    own = [argument.name for argument in arguments]
    order = ORDER[kind].split() if kind in ORDER else own
    given: dict[str, str] = {}
    named = False
    for position, part in enumerate(parts):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            if position >= len(order) or named:
                raise BlocksRefused(Problem("", "{kind} takes no “{text}”.", {"kind": kind, "text": quoted(part)}))
            name, value = order[position], part
        named = named or bool(equals)
        if name in given or name not in (*own, *order, *NO_MATTER):
            raise BlocksRefused(Problem("", "{kind} takes no “{text}”.", {"kind": kind, "text": quoted(part)}))
        given[name] = value
        if name == "inplace" and value not in ("True", "False"):
            raise BlocksRefused(Problem("", "{kind} takes no “{text}”.", {"kind": kind, "text": quoted(part)}))
        if name not in own and name in FIXED and not _is_default(FIXED[name], value):
            values = {"kind": kind, "name": name, "default": FIXED[name], "given": value[:20]}
            raise BlocksRefused(Problem("", "{kind}: {name} is always {default} here, not “{given}”.", values))
    if "padding" in given:
        given["padding"] = _padding(given)
    for argument in arguments:
        if argument.name in given:
            yield _value(kind, argument, given[argument.name])
        elif argument.default is REQUIRED:
            raise BlocksRefused(Problem("", "{kind} needs {name}.", {"kind": kind, "name": argument.name}))
        else:
            yield argument.default


def _is_default(default: Any, text: str) -> bool:
    """Whether a text is a default as PyTorch prints it, or as one writes it: 1, (1, 1), 1e-05, 'zeros'."""
    pieces = {piece.strip().strip("\"'") for piece in text.strip("()[]").rstrip(", ").split(",")}
    if isinstance(default, float):
        return all(re.fullmatch(r"[\d.]{1,12}(e-?\d{1,2})?", piece) and float(piece) == default for piece in pieces)
    return pieces == {str(default)}


def _padding(given: Mapping[str, str]) -> str:
    """PyTorch's "same" and "valid" as a number, where one number does it."""
    padding = given["padding"].strip("\"'")
    kernel = given.get("kernel_size", "").strip("()[] ").split(",")[0]
    if padding == "same" and re.fullmatch(r"\d{0,2}[13579]", kernel) and given.get("stride", "1") in ("1", "(1, 1)"):
        return str(int(kernel) // 2)
    return "0" if padding == "valid" else given["padding"]


def _value(kind: str, argument: Argument, text: str) -> Any:
    """An argument's value from its text, within its bounds."""
    values = {"kind": kind, "name": argument.name, "low": argument.low, "high": argument.high, "given": text[:20]}
    if text == "None" and argument.default is None:
        return None
    if argument.is_bool:
        if text in ("True", "False"):
            return text == "True"
        raise BlocksRefused(Problem("", "{kind}: {name} is True or False, not “{given}”.", values))
    if argument.is_float:
        if re.fullmatch(r"(\d{1,3}\.?\d{0,8}|\.\d{1,8})(e-\d{1,2})?", text):
            if argument.low <= float(text) <= argument.high:
                return float(text)
        raise BlocksRefused(Problem("", "{kind}: {name} is a number from {low} to {high}, not “{given}”.", values))
    if re.fullmatch(r"\d{1,4}(\s*\*\s*\d{1,4}){1,3}", text):
        text = str(math.prod(int(factor) for factor in text.split("*")))
    numbers = re.fullmatch(r"[(\[](.*?),?\s*[)\]]", text, re.DOTALL)
    pieces = [piece.strip() for piece in numbers[1].split(",")] if numbers else [text]
    if not all(re.fullmatch(r"-?\d{1,9}", piece) for piece in pieces) or not all(
        argument.low <= int(piece) <= argument.high for piece in pieces
    ):
        raise BlocksRefused(
            Problem("", "{kind}: {name} is a whole number from {low} to {high}, not “{given}”.", values)
        )
    sizes = tuple(map(int, pieces))
    if argument.most == 1 and len(set(sizes)) == 1 and len(sizes) <= 2:
        return sizes[0]  # (3, 3), as PyTorch prints it
    if len(sizes) > argument.most:
        raise BlocksRefused(Problem("", "{kind}: {name} is one number here, not “{given}”.", values))
    return sizes[0] if len(sizes) == 1 else sizes


def with_typed(block: Block, name: str, typed: str) -> Block:
    """The same block with another value of an argument, from what was typed.

    Raises:
        BlocksRefused: the value can't be used.
        LookupError: it has no such argument.
    """
    argument = {one.name: one for one in KINDS[block.kind]}[name]
    typed = as_python(typed).strip()
    if argument.most > 1 and typed[:1] not in ("(", "["):
        typed = f"({typed})"
    return block.with_value(name, _value(block.kind, argument, typed))
