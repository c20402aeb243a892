"""Wait for a condition, never for a time."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float = 10) -> bool:
    """Whether the condition came true before the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.003)
    return True
