"""How much a server takes on, and how much of it one person may take."""

GRACE = 60.0
"""Seconds that a run continues after the last of its owner's tabs was closed."""
RUNS_PER_OWNER = 3
"""Runs alive at once for one person; one more ends the oldest."""
RUNS_AT_ONCE = 64
"""Runs alive at once on a server."""
RUNS_IN_MEMORY = 40
"""Runs of the past held in memory; others are read from their folders when they are asked for."""
KEPT_RUNS = 60
"""Runs kept on disk for each person; the oldest ones go first."""
LOG_BYTES = 20_000_000
"""Bytes that the log of a run may take."""
LOGS_BYTES = 300_000_000
"""Bytes that all logs of one person may take."""
