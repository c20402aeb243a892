"""Blocks as a text: the short one that `read` reads back, and the class that a learner would write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.blocks.block import Block, Path, walk
from core.blocks.kinds import KINDS, REQUIRED


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
