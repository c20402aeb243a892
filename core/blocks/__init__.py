"""A network as an ordered list of blocks: plain data, read from text without running it, bounded before torch sees it.

The text is what stands between the parentheses of nn.Sequential: "Conv2d(1, 16, 5, stride=2), ReLU(), Flatten()".
"""

from core.blocks.block import Block, BlocksRefused, Path, count, fresh, unreadable, walk
from core.blocks.kinds import (
    FIXED,
    GROUPS,
    KINDS,
    MOST_BLOCKS,
    MOST_NUMBERS,
    MOST_TEXT,
    MOVES,
    NO_MATTER,
    ORDER,
    REQUIRED,
    WIDEST,
    Argument,
    as_python,
)
from core.blocks.reading import balanced, read, read_block, with_typed
from core.blocks.writing import write, write_class, written

__all__ = [
    "FIXED",
    "GROUPS",
    "KINDS",
    "MOST_BLOCKS",
    "MOST_NUMBERS",
    "MOST_TEXT",
    "MOVES",
    "NO_MATTER",
    "ORDER",
    "REQUIRED",
    "WIDEST",
    "Argument",
    "Block",
    "BlocksRefused",
    "Path",
    "as_python",
    "balanced",
    "count",
    "fresh",
    "read",
    "read_block",
    "unreadable",
    "walk",
    "with_typed",
    "write",
    "write_class",
    "written",
]
