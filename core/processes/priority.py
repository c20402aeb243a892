"""Who goes first when the processor is full: the server, then what a person waits for, then training.

The server answers everybody, in little time each, so it stays where it was started. What it starts stands behind it:
one step for work that a person waits for and that is soon over (TensorBoard's answers, a job, a file being read, a
worker until its first picture), two steps for training, which continues for minutes and would otherwise share the
processor evenly with the server, thirty to one.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

STEP = 5
"""How much nicer each step is: on Linux a process has three times the share of one that stands a step behind it."""
BELOW_NORMAL = 0x4000
"""BELOW_NORMAL_PRIORITY_CLASS of Windows, which has no finer steps that are of use here."""


def give_way() -> None:
    """Have this process stand one step further behind; what it starts stands there, too.

    Linux takes it for this thread alone and those that it starts from now on.
    """
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        kernel.SetPriorityClass.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), BELOW_NORMAL)
        return
    with suppress(OSError):
        os.nice(STEP)
