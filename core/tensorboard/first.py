"""The first example: a line of numbers, written as `SummaryWriter` writes it, and its file's records."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Literal

from torch.utils.tensorboard import SummaryWriter

from core.config import Config, setting
from core.tensorboard.records import Record, records

FUNCTIONS: dict[str, tuple[Callable[[int], float], str]] = {
    "2x": (lambda i: i * 2, "i * 2"),
    "square": (lambda i: i**2, "i ** 2"),
    "sine": (lambda i: math.sin(i / 10), "math.sin(i / 10)"),
    "decay": (lambda i: math.exp(-i / 20), "math.exp(-i / 20)"),
}
"""Name -> the function, and how it is written."""


# fmt: off
class FirstConfig(Config):
    """What is written; the defaults are the tutorial's."""

    experiment: ClassVar[str] = "tensorboard"

    function: Literal["2x", "square", "sine", "decay"] = setting(
        "2x", label="Function", group="data",
        choices={"2x": "y = 2x", "square": "y = x²", "sine": "y = sin(x / 10)", "decay": "y = exp(-x / 20)"},
        help="The value that is logged at each step.", source="the tutorial's step 4",
    )
    points: int = setting(
        100, label="Points", group="data", low=1, high=500, step=1, source="the tutorial's step 4",
        help="How often add_scalar is called. Each call makes one record in the file.",
    )
# fmt: on


def code(config: FirstConfig) -> str:
    """The program that writes."""
    written = FUNCTIONS[config.function][1]
    head = "import math\n\n" if "math." in written else ""
    return (
        f"{head}from torch.utils.tensorboard import SummaryWriter\n\n"
        'writer = SummaryWriter("runs/first")\n'
        f"for i in range({config.points}):\n"
        f'    writer.add_scalar("y", {written}, i)\n'
        "writer.close()\n"
    )


def write(config: FirstConfig) -> tuple[bytes, list[Record]]:
    """The event file that the program writes, and its records."""
    function = FUNCTIONS[config.function][0]
    with tempfile.TemporaryDirectory() as folder:
        writer = SummaryWriter(folder)
        for i in range(config.points):
            writer.add_scalar("y", function(i), i)
        writer.close()
        (path,) = Path(folder).iterdir()
        return path.read_bytes(), list(records(path))
