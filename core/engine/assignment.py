"""What a worker is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import limits
from core.config import TrainingConfig
from core.tensorboard.config import LogConfig


@dataclass
class Log:
    """How a run is logged for TensorBoard.

    Attributes:
        folder: where; a lane beside the run has its name added.
        budget: bytes that each lane's log may take.
    """

    config: LogConfig
    folder: Path
    budget: int


def bytes_of_a_run() -> int:
    """Bytes that the kept steps of a run may take while it is alive, so that its owner may have several at once."""
    return limits.KEPT_BYTES // limits.RUNS_PER_OWNER


@dataclass
class Assignment:
    """A run to be trained.

    Attributes:
        lanes: "run", the run itself, and what is trained beside it.
        folder: the run's folder.
        changes: what was changed in the past, when a run continues.
        resume_step: the kept step in `folder` to continue from.
        speed: steps a second, 0 for as fast as it goes.
        memory: megabytes that it may take, see `limits.RUN_MEMORY`.
        keep_bytes: bytes that the kept steps may take.
        furthest: a step up to which it goes at once, even if it is paused or slowed down: where it was before its
            worker was lost.
    """

    lanes: dict[str, TrainingConfig]
    folder: Path
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    resume_step: int | None = None
    speed: float = 0
    paused: bool = False
    watched: bool = False
    log: Log | None = None
    memory: int = limits.RUN_MEMORY
    keep_bytes: int = field(default_factory=bytes_of_a_run)
    furthest: int = 0

    @property
    def config(self) -> TrainingConfig:
        """The config of the run itself."""
        return self.lanes["run"]
