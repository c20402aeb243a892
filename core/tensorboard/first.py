"""The first example: a line of numbers, written as `SummaryWriter` writes it, and its file's records."""

from __future__ import annotations

import math
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, Literal

from core import disk
from core.config import Config, Problem, setting
from core.foreign import quoted
from core.tensorboard.records import Record, records
from core.tensorboard.writer import Writer

FOLDER = "first_example"
"""Where in a person's logs it writes."""
TAG = "Example/y"
"""TensorBoard unfolds the first two groups of tags: by its name this is one of them, beside those of any run."""
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,39}")
"""Names of runs that stay where they belong on every system."""
MOST_BYTES = 1_000_000
"""Bytes of its file at most: a record has about 50."""
KEPT = 10
"""Runs of the example that a person has at once."""
FUNCTIONS: dict[str, tuple[Callable[[int], float], str]] = {
    "2x": (lambda i: i * 2, "i * 2"),
    "square": (lambda i: i**2, "i ** 2"),
    "sine": (lambda i: math.sin(i / 10), "math.sin(i / 10)"),
    "decay": (lambda i: math.exp(-i / 20), "math.exp(-i / 20)"),
}
"""Name -> the function, and how it is written."""

_writing = threading.Lock()


class FirstConfig(Config):
    """What is written; the defaults are the tutorial's."""

    experiment: ClassVar[str] = "tensorboard"

    # fmt: off
    function: Literal["2x", "square", "sine", "decay"] = setting(
        "2x", label="Function", group="data",
        choices={"2x": "y = 2x", "square": "y = x²", "sine": "y = sin(x / 10)", "decay": "y = exp(-x / 20)"},
        help="The value that is logged at each step.", source="the tutorial's step 4",
    )
    points: int = setting(
        100, label="Points", group="data", low=1, high=500, step=1, source="the tutorial's step 4",
        help="How many times add_scalar is called. Each call writes one record into the file.",
    )
    run: str = setting(
        "first", label="Name of the run", group="data",
        help="The folder for the file. TensorBoard calls a folder a run.",
    )
    # fmt: on

    def problems(self) -> Iterator[Problem]:
        if not NAME.fullmatch(self.run):
            yield Problem(
                "run",
                "“{value}” can't be the name of a run here: use 1 to 40 of a to z, A to Z, 0 to 9, dash, underscore "
                "and dot, and no dot at the beginning. SummaryWriter accepts any path, and “../x” would write outside "
                "of runs/.",
                {"value": quoted(self.run)},
            )


def code(config: FirstConfig) -> str:
    """The program that writes."""
    written = FUNCTIONS[config.function][1]
    head = "import math\n\n" if "math." in written else ""
    return (
        f"{head}from torch.utils.tensorboard import SummaryWriter\n\n"
        f'writer = SummaryWriter("runs/{FOLDER}/{config.run}")\n'
        f"for i in range({config.points}):\n"
        f'    writer.add_scalar("{TAG}", {written}, i)\n'
        "writer.close()\n"
    )


def write(config: FirstConfig, folder: Path) -> tuple[bytes, list[Record]]:
    """Write what the program writes.

    Args:
        folder: of the run; what is there goes. Another tab may be writing there: the last one stays.

    Returns:
        the event file, and its records.

    Raises:
        DiskError: the disk does not take it.
    """
    function = FUNCTIONS[config.function][0]
    with disk.refusals(), _writing:
        shutil.rmtree(folder, ignore_errors=True)
        with Writer(folder, MOST_BYTES) as writer:
            for i in range(config.points):
                writer.add_scalar(TAG, function(i), i)
        (path,) = folder.iterdir()
        return path.read_bytes(), list(records(path))


def forget(folder: Path) -> None:
    """Remove the runs in a folder that were written longest ago, beyond `KEPT` (raises DiskError)."""
    with disk.refusals(), _writing:
        runs = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: -path.stat().st_mtime)
        for path in runs[KEPT:]:
            shutil.rmtree(path, ignore_errors=True)
