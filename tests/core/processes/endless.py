"""Work that never ends by itself, for tests of what ends it; it imports next to nothing."""

import os
import time
from pathlib import Path


def never_ends(note: str) -> bytes:
    """Write this process's number into a file, and go on for ever."""
    part = Path(f"{note}.part")
    part.write_text(str(os.getpid()))
    part.rename(note)
    while True:
        time.sleep(0.01)
