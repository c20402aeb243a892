"""A disk that is full for some processes: their files can't grow any more, as far as the system can say so."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the files of another process")


@contextmanager
def full_disk(*processes: int) -> Iterator[None]:
    """While inside, no file that these processes write can grow; without any, this one's."""
    import resource  # Windows has none

    pids = processes or (os.getpid(),)
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_soft, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
