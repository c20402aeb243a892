"""Folders for a moment, in the system's own place for them; those that a killed server left are removed."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

NAME = re.compile(r"torch-playground-(\d+)-.*")


def prefix() -> str:
    """What the names of this process's folders begin with: whose they are is known after its death."""
    return f"torch-playground-{os.getpid()}-"


def sweep() -> None:
    """Remove the folders of processes that are there no more; on Windows that can't be asked, and nothing is done."""
    if sys.platform == "win32":
        return
    for path in Path(tempfile.gettempdir()).glob("torch-playground-*"):
        name = NAME.fullmatch(path.name)
        if name is not None and not is_alive(int(name[1])):
            shutil.rmtree(path, ignore_errors=True)


def is_alive(process: int) -> bool:
    """Whether there is a process of that number, whoever owns it. Not for Windows, which would have it stop."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
