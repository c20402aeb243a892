"""How many file handles the server may have open: connections, pipes to workers and files."""

from __future__ import annotations

import logging
from contextlib import suppress

from core import limits

ENOUGH = 65_536
"""Handles beyond which nothing is asked of the system."""
OF_A_PERSON = 10
"""Handles that a person with a run may take, with some to spare."""
OF_THE_SERVER = 200
"""Handles that the server itself may take while it works."""


def raise_limit() -> None:
    """Take as many handles as the system lets this process have; say in the log where they are too few."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS has a lower limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = OF_THE_SERVER + OF_A_PERSON * limits.PEOPLE
    if soft != resource.RLIM_INFINITY and soft < needed:
        logging.warning(
            "This system lets the server open %d files; for %d people it needs %d: raise the limit (ulimit -n).",
            soft,
            limits.PEOPLE,
            needed,
        )
