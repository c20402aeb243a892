"""What happens on a server, counted and said in the log, without saying whose it was."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.engine.run import Run

LOG = logging.getLogger("torch_playground")
"""What is said here at the level INFO is seen where a host asks for it, see `TORCH_PLAYGROUND_LOG`."""

Labels = tuple[str, ...]


class Tally:
    """Counts of what has happened since the server began. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[Labels]] = {}
        self._lock = threading.Lock()

    def add(self, name: str, *labels: str, amount: float = 1) -> None:
        """Count something.

        Args:
            labels: of which kind it was; a few words, never an id.
        """
        with self._lock:
            self._counts.setdefault(name, Counter())[labels] += amount  # type: ignore[assignment]

    def of(self, name: str) -> Mapping[Labels, float]:
        """How often it has happened, by its labels."""
        with self._lock:
            return dict(self._counts.get(name, {}))


tally = Tally()
"""The server's counts."""


def say(event: str, level: int = logging.INFO, **fields: Any) -> None:
    """Say in the log that something has happened."""
    LOG.log(level, "%s", event, extra={"event": event, "fields": fields})


def begun(run: Run) -> None:
    """A run has begun."""
    tally.add("runs_begun", run.config.experiment)
    say("run begun", experiment=run.config.experiment, run=run.id, num_steps=run.config.num_steps)


def heard(run: Run, steps: int) -> None:
    """A run has told of more steps."""
    if steps > 0:
        tally.add("steps", run.config.experiment, amount=steps)


def ended(run: Run, seconds: float) -> None:
    """A run has ended."""
    cause = cause_of(run)
    tally.add("runs_ended", run.config.experiment, cause)
    say(
        "run ended",
        logging.WARNING if run.status == "crashed" and cause not in ("host", "long") else logging.INFO,
        experiment=run.config.experiment,
        run=run.id,
        status=run.status,
        cause=cause,
        steps=run.step,
        seconds=round(seconds, 1),
    )


def cause_of(run: Run) -> str:
    """Why a run has ended, in a word: what its message says, or its status."""
    message = run.message or {}
    return str(message.get("cause") or message.get("code") or run.status)


def refused(kind: str) -> None:
    """Someone was refused something: "people", "runs", "origin", "host" (of a request), "key", "upload"."""
    tally.add("refusals", kind)
    say("refused", kind=kind)
