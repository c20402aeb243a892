"""How much a server takes on, and how much of it one person may take.

Each limit is a row here, with an environment variable of its own: `TORCH_PLAYGROUND_` and its name. Readers write
`limits.NAME` where they need it, so that a test can set another value. docs/deploy.md lists them all. A value that
can't be used is named by `problems`, and a server with one does not start.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from core import resources
from core.resources import cores

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Limit:
    """What stands behind a limit.

    Attributes:
        name: its name in this module.
        default: its value where the environment does not say another.
        least, most: its bounds, inclusive.
        meaning: what it is, in one sentence.
        default_text: the default in words where it depends on the machine; "" else.
    """

    name: str
    default: int | float
    least: int | float
    most: int | float
    meaning: str
    default_text: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"TORCH_PLAYGROUND_{self.name}"

    def read(self, environment: Mapping[str, str]) -> int | float:
        """Its value in an environment.

        Raises:
            ValueError: what the environment says can't be used; the error's text is one sentence.
        """
        text = environment.get(self.variable, "").strip()
        if not text:
            return self.default
        whole = isinstance(self.default, int)
        kind = "a whole number" if whole else "a number"
        try:
            value = _whole(text) if whole else float(text)
        except ValueError:
            value = math.nan
        if not self.least <= value <= self.most:
            bounds = f"{self.least} to {self.most}" if whole else f"{self.least:g} to {self.most:g}"
            raise ValueError(f"{self.variable} has to be {kind} from {bounds}, not “{text[:40]}”.")
        return value

    def as_row(self) -> str:
        """Its row in the table of docs/deploy.md."""
        return f"| `{self.variable}` | {self.default_text or f'{self.default:.12g}'} | {self.meaning} |"


def _whole(text: str) -> int:
    """A whole number, also one like 2e9 (raises ValueError)."""
    try:
        return int(text)
    except ValueError:
        value = float(text)
        if not value.is_integer():
            raise ValueError(f"{value} is no whole number") from None
        return int(value)


LIMITS: dict[str, Limit] = {}
"""All limits by their names."""


def limit(name: str, default: Number, *, least: Number, most: Number, meaning: str, default_text: str = "") -> Number:
    """Declare a limit; see `Limit`. The value is that of the environment, or the default where that can't be used."""
    LIMITS[name] = row = Limit(name, default, least, most, meaning, default_text)
    try:
        return type(default)(row.read(os.environ))
    except ValueError:
        return default


def problems(environment: Mapping[str, str] = os.environ) -> list[str]:
    """What of the environment can't be used, a sentence each."""
    sentences = []
    for row in LIMITS.values():
        try:
            row.read(environment)
        except ValueError as error:
            sentences.append(str(error))
    return sentences


def _whole_memory() -> int:
    """Megabytes of memory that there are for the server and its runs."""
    memory = resources.memory()
    return PLENTY if memory is None else min(PLENTY, max(1, memory.whole // 2**20))


PLENTY = 10_000_000
"""Megabytes that are assumed where the system does not say."""
SERVER_MEMORY = 750
"""Megabytes that the server takes before anybody works at it, and TensorBoard, with PyTorch's CPU build."""
PERSON_MEMORY = 50
"""Megabytes that a person takes who trains a small CNN and looks at it."""
SMALL = 2000
"""Megabytes below which what few people ask for is started only when they do."""

MEMORY = limit(
    "MEMORY",
    _whole_memory(),
    least=1,
    most=PLENTY,
    default_text="what there is",
    meaning="Megabytes of memory that the server and its runs may take together; some defaults follow from it.",
)
PLACES = max(1, (MEMORY - SERVER_MEMORY) // PERSON_MEMORY)
"""People for whom that memory is enough."""
PEOPLE = limit(
    "PEOPLE",
    min(30 * cores(), PLACES),
    least=1,
    most=100_000,
    default_text="30 a core, fewer with little memory",
    meaning="People who may start work at the same time; anyone who comes later can look at all pages.",
)
PLACE_SECONDS = limit(
    "PLACE_SECONDS",
    15.0,
    least=0,
    most=86_400,
    meaning="Seconds that a full server holds a person's place after their last tab was closed; a refresh takes less.",
)
GRACE = limit(
    "GRACE",
    60.0,
    least=0,
    most=86_400,
    meaning="Seconds that a run continues after the last of its owner's tabs was closed.",
)
RUNS_PER_OWNER = limit(
    "RUNS_PER_OWNER", 3, least=1, most=100, meaning="Runs alive at once for one person; one more ends the oldest."
)
RUNS_AT_ONCE = limit(
    "RUNS_AT_ONCE",
    min(60 * cores(), PLACES, 10_000),
    least=1,
    most=10_000,
    default_text="60 a core, fewer with little memory",
    meaning="Runs alive at once on the server.",
)
RUN_SECONDS = limit(
    "RUN_SECONDS",
    86_400.0,
    least=1,
    most=10**9,
    meaning="Seconds after which a run is stopped, its pauses included; its owner can continue it from there.",
)
RUN_MEMORY = limit(
    "RUN_MEMORY",
    min(4000, max(150, (MEMORY - SERVER_MEMORY) // 2)),
    least=50,
    most=10_000_000,
    default_text="4000, less with little memory",
    meaning="Megabytes of memory that a run on the CPU may take (Linux only); never more than are free when it begins.",
)
RUNS_IN_MEMORY = limit(
    "RUNS_IN_MEMORY",
    40,
    least=0,
    most=10_000,
    meaning="Runs held in memory; beyond them old runs are dropped and read from their folders again when needed.",
)
KEPT_RUNS = limit(
    "KEPT_RUNS",
    60,
    least=0,
    most=10_000,
    meaning="Runs kept on disk for each person; the oldest ones are removed first.",
)
KEPT_BYTES = limit(
    "KEPT_BYTES",
    2_000_000_000,
    least=0,
    most=10**15,
    meaning="Bytes that all runs of one person may take on disk; beyond them the oldest kept steps are removed first.",
)
UNWRITTEN_BYTES = limit(
    "UNWRITTEN_BYTES",
    32_000_000,
    least=0,
    most=10**10,
    meaning="Bytes of a run's record that wait in its worker's memory while they can't be written to disk.",
)
LOG_BYTES = limit("LOG_BYTES", 20_000_000, least=0, most=10**12, meaning="Bytes that the log of a run may take.")
LOGS_BYTES = limit(
    "LOGS_BYTES", 300_000_000, least=0, most=10**12, meaning="Bytes that all logs of one person may take."
)
IMAGES_BYTES = limit(
    "IMAGES_BYTES",
    200_000_000,
    least=0,
    most=10**12,
    meaning="Bytes that one person's uploaded images may take on disk; beyond them the oldest sets are removed first.",
)
KEEP_DAYS = limit(
    "KEEP_DAYS",
    0,
    least=0,
    most=36_500,
    meaning="Days after which all of a person who was not there is deleted; 0 keeps it for ever.",
)
MEGABYTE = 1_000_000
"""Bytes of a megabyte, as Streamlit's uploaders count in the browser."""
UPLOAD_MB = limit(
    "UPLOAD_MB",
    50,
    least=1,
    most=400,
    meaning="Megabytes of a file that someone uploads: a zip of images, a checkpoint.",
)
SIGN_IN_HOURS = limit(
    "SIGN_IN_HOURS",
    12.0,
    least=0.01,
    most=720,
    meaning="Hours after which a person has to sign in again; their runs are kept.",
)
