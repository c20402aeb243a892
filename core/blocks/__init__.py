"""A network as an ordered list of blocks: plain data, read from text without running it, bounded before torch sees it.

The text is what stands between the parentheses of nn.Sequential: "Conv2d(1, 16, 5, stride=2), ReLU(), Flatten()".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from core.config import Problem
from core.foreign import quoted

MOST_BLOCKS = 64
"""Blocks of a network, those inside residual blocks included."""
MOST_TEXT = 8_000
"""Characters of a network's text."""
WIDEST = 8192
"""Channels or numbers that a block may put out."""
MOST_NUMBERS = 1_000_000
"""Numbers that a Linear may be given."""

Path = tuple[int, ...]
"""Where a block is: its number, and in a residual block the number there."""

REQUIRED = object()


@dataclass(frozen=True)
class Argument:
    """One argument of a block.

    Attributes:
        name: as PyTorch calls it.
        default: `REQUIRED` if it must be given; None for a pooling's stride, which then equals its kernel_size.
        low, high: inclusive bounds.
        start: what it is in a fresh block.
        is_float: whether it may have decimals.
        is_bool: whether it is True or False.
        most: how many whole numbers it may have; more than 1 for a shape.
    """

    name: str
    default: Any = REQUIRED
    low: float = 0
    high: float = 0
    start: Any = None
    is_float: bool = False
    is_bool: bool = False
    most: int = 1


def _size(name: str, start: int, high: int = WIDEST, default: Any = REQUIRED, low: int = 1) -> Argument:
    return Argument(name, default, low, high, start)


_KERNEL, _STRIDE = _size("kernel_size", 3, 64), _size("stride", 1, 64, 1)
_PADDING, _BIAS = _size("padding", 0, 64, 0, low=0), Argument("bias", True, start=True, is_bool=True)
_CONV = (_size("in_channels", 1), _size("out_channels", 16), _KERNEL, _STRIDE, _PADDING, _BIAS)
_POOL = (_size("kernel_size", 2, 64), _size("stride", 2, 64, None), _PADDING)
_ADAPTIVE = (_size("output_size", 1, 256),)
_P = Argument("p", 0.5, 0, 1, 0.5, is_float=True)

KINDS: dict[str, tuple[Argument, ...]] = {
    "Conv2d": _CONV,
    "Conv1d": _CONV,
    "Linear": (_size("in_features", 1, MOST_NUMBERS), _size("out_features", 10), _BIAS),
    "MaxPool2d": _POOL,
    "MaxPool1d": _POOL,
    "AvgPool2d": _POOL,
    "AvgPool1d": _POOL,
    "AdaptiveAvgPool2d": _ADAPTIVE,
    "AdaptiveAvgPool1d": _ADAPTIVE,
    "AdaptiveMaxPool2d": _ADAPTIVE,
    "AdaptiveMaxPool1d": _ADAPTIVE,
    "BatchNorm2d": (_size("num_features", 1),),
    "BatchNorm1d": (_size("num_features", 1),),
    "LayerNorm": (Argument("normalized_shape", REQUIRED, 1, MOST_NUMBERS, 1, most=3),),
    "Dropout": (_P,),
    "Dropout2d": (_P,),
    "ReLU": (),
    "LeakyReLU": (Argument("negative_slope", 0.01, 0, 1, 0.01, is_float=True),),
    "ELU": (),
    "GELU": (),
    "SiLU": (),
    "Sigmoid": (),
    "Tanh": (),
    "Softmax": (_size("dim", 1, 1, low=-1),),
    "Flatten": (_size("start_dim", 1, 3, 1), _size("end_dim", -1, 3, -1, low=-3)),
    "Residual": (),
}
"""Name of a class of torch.nn, or Residual -> its arguments."""

_CONV_ORDER = "in_channels out_channels kernel_size stride padding dilation groups bias padding_mode"
_MAX_ORDER = "kernel_size stride padding dilation return_indices ceil_mode"
_AVG_ORDER = "kernel_size stride padding ceil_mode count_include_pad"
_NORM_ORDER = "num_features eps momentum affine track_running_stats device dtype bias"
ORDER: dict[str, str] = {
    "Conv2d": _CONV_ORDER,
    "Conv1d": _CONV_ORDER,
    "MaxPool2d": _MAX_ORDER,
    "MaxPool1d": _MAX_ORDER,
    "AvgPool2d": f"{_AVG_ORDER} divisor_override",
    "AvgPool1d": _AVG_ORDER,
    "AdaptiveMaxPool2d": "output_size return_indices",
    "AdaptiveMaxPool1d": "output_size return_indices",
    "BatchNorm2d": _NORM_ORDER,
    "BatchNorm1d": _NORM_ORDER,
    "LayerNorm": "normalized_shape eps elementwise_affine bias",
    "Dropout": "p inplace",
    "Dropout2d": "p inplace",
    "ReLU": "inplace",
    "LeakyReLU": "negative_slope inplace",
    "ELU": "alpha inplace",
    "GELU": "approximate",
    "SiLU": "inplace",
}
"""Kind -> all names of its arguments in PyTorch's order, where there are more than in `KINDS`."""
FIXED: dict[str, Any] = {
    "dilation": 1,
    "groups": 1,
    "padding_mode": "zeros",
    "return_indices": False,
    "ceil_mode": False,
    "count_include_pad": True,
    "divisor_override": None,
    "eps": 1e-05,
    "momentum": 0.1,
    "affine": True,
    "track_running_stats": True,
    "elementwise_affine": True,
    "bias": True,
    "alpha": 1.0,
    "approximate": "none",
}
"""Arguments that no block here has -> PyTorch's default, which may stand in a text."""
NO_MATTER = ("inplace", "device", "dtype")
"""Arguments that change nothing of what a network computes here."""
PUNCTUATION = str.maketrans("，、（）：；＝．＊［］｛｝＿－“”‘’＂＇　", ",,():;=.*[]{}_-\"\"''\"' ")
"""What a Chinese keyboard writes -> what Python reads."""
MOVES = "to|cuda|cpu|float|double|half|bfloat16|eval|train|apply|requires_grad_|share_memory"
"""Methods of a layer that return it."""

GROUPS: dict[str, tuple[str, ...]] = {
    "layers": ("Conv2d", "Conv1d", "Linear", "Flatten", "Residual"),
    "pooling": tuple(kind for kind in KINDS if "Pool" in kind),
    "normalisation": ("BatchNorm2d", "BatchNorm1d", "LayerNorm", "Dropout", "Dropout2d"),
    "activation": ("ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softmax"),
}
"""The kinds, as one looks for them."""


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


# Reading


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
    text = re.sub(r"#[^\n]*", "", text.translate(PUNCTUATION)).strip()
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

    text = re.sub(r"^\(\w+\):\s*", "", text.translate(PUNCTUATION).strip())
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
            return unreadable(Problem("", "A residual block can't stand inside another one."))
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
    typed = typed.translate(PUNCTUATION).strip()
    if argument.most > 1 and typed[:1] not in ("(", "["):
        typed = f"({typed})"
    return block.with_value(name, _value(block.kind, argument, typed))


# Writing


def write(blocks: Sequence[Block]) -> str:
    """The text that `read` reads back, as short as it can be."""
    return ",".join(_text(block, ",") for block in blocks)


def written(block: Block, prefix: str = "") -> str:
    """A block as one writes it in Python; `prefix` goes before the names of torch's classes."""
    if block.kind == "Residual":
        return f"Residual({', '.join(written(inner, prefix) for inner in block.inner)})"
    return block.typed or prefix + _text(block, ", ")


def _text(block: Block, comma: str) -> str:
    if not block.kind:
        return block.typed
    if block.kind == "Residual":
        return f"Residual({comma.join(_text(inner, comma) for inner in block.inner)})"
    parts = []
    for argument, value in zip(KINDS[block.kind], block.values, strict=True):
        text = f"({comma.join(map(str, value))})" if isinstance(value, tuple) else str(value)
        if argument.default is REQUIRED and argument.name != "dim":
            parts.append(text)
        elif value != argument.default:
            parts.append(f"{argument.name}={text}")
    return f"{block.kind}({comma.join(parts)})"


def write_class(blocks: Sequence[Block], input_shape: Sequence[int], shapes: Mapping[Path, str]) -> str:
    """The source of the class Net, as a learner would write it.

    Args:
        blocks: what it is made of.
        input_shape: of one example.
        shapes: where a block is -> what it puts out, told in a comment where it is given.

    Raises:
        ValueError: a block can't be read; what people type never gets into the source.
    """
    if any(block.problem is not None for _, block in walk(blocks)):
        raise ValueError("a block can't be read")
    size = ", ".join(map(str, input_shape))
    lines = [
        "class Net(nn.Module):",
        '    """One block after the other."""',
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        "        self.layers = nn.Sequential(",
    ]
    for number, block in enumerate(blocks):
        lines += _lines(block, (number,), shapes, 12)
    lines += [
        "        )",
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        f'        """Logits of each class, (batch, classes), of x, (batch, {size})."""',
        "        logits: Tensor = self.layers(x)",
        "        return logits",
    ]
    return "\n".join(lines) + "\n"


def _lines(block: Block, path: Path, shapes: Mapping[Path, str], indent: int) -> list[str]:
    """The lines of one block as an argument of a call; a residual block's parts stand below each other."""
    space = " " * indent
    comment = f"  # {shapes[path]}" if shapes.get(path) else ""
    if block.kind != "Residual":
        return [f"{space}{written(block, 'nn.')},{comment}"]
    inner = [
        line for number, part in enumerate(block.inner) for line in _lines(part, (*path, number), shapes, indent + 4)
    ]
    return [f"{space}Residual(", *inner, f"{space}),{comment}"]


# Looking through a network


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
