"""The server's jobs: each ends when its person has left."""

from __future__ import annotations

import atexit
import threading

from core.engine.manager import manager
from core.processes.jobs import Jobs

_jobs: Jobs | None = None
_making = threading.Lock()


def close() -> None:
    """End all jobs, if there ever were any."""
    if _jobs is not None:
        _jobs.close()


def counts() -> tuple[int, int]:
    """How many jobs run, and how many stand in line."""
    return (0, 0) if _jobs is None else _jobs.counts()


def jobs() -> Jobs:
    """The server's jobs, made at the first call."""
    global _jobs
    with _making:
        if _jobs is None:
            _jobs = Jobs(
                lambda owner: manager().presence.present(owner), admit=lambda owner: manager().presence.admit(owner)
            )
            atexit.register(_jobs.close)
        return _jobs
