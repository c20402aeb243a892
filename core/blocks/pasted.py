"""A network as people paste it: a list, a program, or what print(net) shows; read, never run."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from core.blocks import MOST_BLOCKS, Block, BlocksRefused, as_python, count, read, write
from core.blocks.program import CHILD as CHILD_NAME
from core.blocks.program import Program, joined
from core.config import Problem
from core.foreign import quoted

MOST_PASTED = 40_000
"""Characters of a pasted text: a program has more to say than a network."""
LONGEST_NUMBER = 9
"""Digits of how many layers alike were printed."""
CHILD = re.compile(r"^[ \t]*\((?P<name>[\w.-]+)\): *(?:(?P<times>\d+) x )?", re.MULTILINE)
"""How PyTorch prints what is in a network: "(0): ReLU()", or "(0-2): 3 x Linear(...)"."""
BEGINS = re.compile(r"^.*?(?<![\w.])(?P<call>[A-Za-z_][\w.]*\()[ \t]*$")
"""The line with which a printed network begins, whatever stands before its name."""
CALL = re.compile(r"[ \t]*[A-Za-z_][\w.]*\(")
MOST_BITS = 10_000
"""Of a whole number in a pasted program."""
FENCE = re.compile(r"^[ \t]*```[\w+-]*[ \t]*$\n?", re.MULTILINE)
"""What stands around a program in Markdown."""
MARK = re.compile(r"^(?:[-+*•>]|\d{1,6}[.):|]?)(?=\s|$|[^\d.])[ \t]?")
"""What each line of a list, a difference, a quotation or a listing begins with."""
SUMMARY = re.compile(r"Layer \(type\b.*\bParam #|\|\s*Name\s*\|\s*Type\s*\|\s*Params\b")
"""The titles of a table of layers, as torchinfo, torchsummary and Lightning print it."""
PROMPT = re.compile(r"^(?:>>>|\.\.\.|In \[\d+\]:|Out\[\d+\]:) ?", re.MULTILINE)


@dataclass(frozen=True)
class Pasted:
    """What was read.

    Attributes:
        notes: what was taken and what was not, where that is not plain.
    """

    blocks: tuple[Block, ...]
    notes: tuple[Problem, ...] = ()


@lru_cache(maxsize=256)
def read_pasted(text: str) -> Pasted:
    """The blocks of a pasted text.

    Raises:
        BlocksRefused: there is no network in it that could be put into a row of blocks.
    """
    if len(text) > MOST_PASTED:
        raise BlocksRefused(Problem("", "This text is too long for a network of {most} blocks.", {"most": MOST_BLOCKS}))
    with suppress(BlocksRefused):
        listed = read(text)  # as this app writes a list, in which one block may still be broken
        if write(listed) == text and any(block.problem is None for block in listed):
            return Pasted(listed)
    text = _without_marks(PROMPT.sub("", FENCE.sub("", as_python(text)))).rstrip()
    printed = CHILD.search(text) is not None
    try:
        pasted = _read(_as_program(text) if printed else text, printed)
    except RecursionError:
        raise BlocksRefused(_nothing()) from None
    except BlocksRefused:
        if SUMMARY.search(text):
            raise BlocksRefused(_summary()) from None
        raise
    blocks = pasted.blocks
    if count(blocks) > MOST_BLOCKS:
        values = {"count": count(blocks), "most": MOST_BLOCKS}
        raise BlocksRefused(Problem("", "{count} blocks are too many: at most {most}.", values))
    if SUMMARY.search(text) and (not blocks or any(block.problem is not None for block in blocks)):
        raise BlocksRefused(_summary())
    if blocks and all(block.problem is not None for block in blocks):
        raise BlocksRefused(blocks[0].problem or _nothing())
    if not blocks and text.strip():
        raise BlocksRefused(_nothing())
    return pasted


def _without_marks(text: str) -> str:
    """A text without what all of its lines begin with: "+", "-" or the number of the line."""
    lines = text.splitlines()
    marks = [mark for line in lines if line.strip() for mark in [MARK.match(line.lstrip())]]
    found = [mark[0].strip() for mark in marks if mark]
    numbers = [int(mark.rstrip(".):|")) for mark in found if mark[0].isdigit()]
    counted = bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(marks)))
    if len(found) < len(marks) or len(found) < 2 or not (counted or len(set(found)) == 1):
        return text
    return "\n".join(MARK.sub("", line.lstrip()) for line in lines)


def _summary() -> Problem:
    return Problem(
        "",
        "This is a table of the layers, which leaves out some of their arguments: paste what print(net) shows instead.",
    )


def _nothing() -> Problem:
    return Problem("", "No layer was found in this text: paste blocks as in nn.Sequential, or a class with forward().")


def _read(text: str, printed: bool) -> Pasted:
    try:
        tree = _parsed(text)
    except SyntaxError as error:
        if not re.search(r"^\s*(class|def)\s", text, re.MULTILINE):
            return Pasted(read(_inside(text)))
        values = {"line": error.lineno or 1, "text": quoted((error.text or "").strip())}
        raise BlocksRefused(Problem("", "Line {line} can't be read as Python: “{text}”.", values)) from None
    if all(isinstance(statement, ast.Expr) for statement in tree.body):
        return _listed([statement.value for statement in tree.body if isinstance(statement, ast.Expr)], printed)
    reading = Program(tree).read()
    return Pasted(reading.blocks, reading.notes)


def _parsed(text: str) -> ast.Module:
    """The tree of a text that may have been copied from the middle of a program (raises SyntaxError)."""
    flat = "\n".join(line.strip() for line in text.splitlines())
    first: SyntaxError | None = None
    for attempt in (text, textwrap.dedent(text), flat):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's own about how a text is written
                tree = ast.parse(attempt)
                _check_numbers(tree, attempt)
                return tree
        except SyntaxError as error:
            first = first or error
        except (ValueError, RecursionError, MemoryError):
            break
    raise first or SyntaxError("too deep")


def _check_numbers(tree: ast.Module, text: str) -> None:
    """Refuse numbers that Python reads from 0xff... but doesn't write again (raises SyntaxError)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value.bit_length() > MOST_BITS:
            raise SyntaxError("too large", ("", node.lineno, 0, text.splitlines()[node.lineno - 1]))


def _inside(text: str) -> str:
    """What stands in a Sequential, or in brackets, whose end may be missing; else the text itself."""
    begun = re.match(r"\s*(?:[\w.]+\s*=\s*)?(?:[\w.]*\bSequential\(|\[)", text)
    text, depth = text[begun.end() :] if begun else text, 0
    for at, letter in enumerate(text if begun else ""):
        depth += (letter in "([") - (letter in ")]")
        if depth < 0:
            return text[:at]
    return text


def _listed(expressions: Sequence[ast.expr], printed: bool) -> Pasted:
    """The blocks of expressions, one after the other: layers, and lists and containers of them."""
    program = Program(ast.Module(body=[], type_ignores=[]), printed)
    layers = [node for node in expressions if not (printed and _is_question(node))]
    parts = [part for expression in layers for part in program.parts(expression)]
    if not printed:
        return Pasted(tuple(block for part in parts for block in part.blocks))
    blocks, before = joined(parts)
    notes = [
        Problem("", "{count} blocks were read.", {"count": count(blocks)})
        if count(blocks) != 1
        else Problem("", "One block was read.")
    ]
    if program.unknown_containers:
        notes.append(
            Problem(
                "",
                "A printed {name} does not show its forward(): what is called only there, such as relu or flatten, is "
                "missing.",
                {"name": ", ".join(program.unknown_containers)},
            )
        )
    return Pasted(blocks, (*notes, *before))


def _is_question(node: ast.expr) -> bool:
    """Whether an expression is what one types to see a network: "net" or "print(net)"."""
    return isinstance(node, ast.Name) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "print")


def _as_program(text: str) -> str:
    """What print(net) shows, with commas between the parts of each layer, so that it is an expression of Python.

    What is in a layer is given by name: its own arguments may stand before.
    """
    text = _printed(text)
    pieces, at, depth = [], 0, 0
    for child in CHILD.finditer(text):
        before = text[at : child.start()]
        depth += before.count("(") - before.count(")")
        pieces.append(before)
        if not before.rstrip().endswith("(") and "".join(pieces).strip():
            pieces.append(", ")
        pieces.append(f"{CHILD_NAME}=" if depth > 0 else "")
        pieces.append(f"{_times(child['times'])} * " if child["times"] else "")
        at = child.end()
    whole = "".join(pieces) + text[at:]
    return f"[{whole}]" if CHILD.match(text) else whole


def _times(digits: str) -> int:
    """How many layers alike a printed number stands for (raises BlocksRefused)."""
    if len(digits) > LONGEST_NUMBER:
        raise BlocksRefused(Problem("", "This program makes more layers than can be followed here."))
    return int(digits)


def _printed(text: str) -> str:
    """The printed layers of a text, without the lines of words before and after them."""
    kept, depth = [], 0
    for line in text.splitlines():
        if depth <= 0 and not CHILD.match(line):
            begins = BEGINS.match(line)
            if begins is not None:
                line = begins["call"]
            elif not CALL.match(line):
                continue
        kept.append(line)
        bare = CHILD.sub("", line)
        depth = max(0, depth + bare.count("(") - bare.count(")"))
    return "\n".join(kept)
