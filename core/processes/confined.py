"""Short work that may go wrong, for one answer: a stranger's file read, a file made, a few seconds of measuring."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from core.config import Problem
from core.processes.limited import Limited, Limits, Over, Send
from core.resources import cores

MEMORY = 480
"""Megabytes that such work may take beyond what every process of the app has."""
SECONDS = 18
"""Seconds of the processor that it may take."""
CROWDED = 3
"""How many times as long it may last by the clock on the wall: it gives way to others, and cores are shared."""
AT_ONCE = max(2, cores() // 2)
"""How many such processes a server has at one time; others wait their turn."""
KNOWN_FAILURES = (MemoryError, RuntimeError, OSError, ValueError, TypeError, ArithmeticError, LookupError)
OUT_OF_MEMORY = (
    "allocate memory",
    "out of memory",
    "bad_alloc",
    "can't start new thread",
    "could not create a primitive\n",
)
"""How PyTorch, Python and oneDNN say that there is not enough memory; what oneDNN can't do at all is longer."""

PATIENCE = 0.5
"""Seconds after which it is looked whether someone still waits."""

_places = threading.BoundedSemaphore(AT_ONCE)


def _always() -> bool:
    return True


is_awaited: Callable[[], bool] = _always
"""Whether the one who asks, in whose thread this is called, still waits for the answer: a server says who that is."""


class Unable(Exception):
    """What was asked can't be done. `problem` says why in one sentence."""

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem


def confined(
    function: Callable[..., bytes],
    *arguments: Any,
    seconds: float = SECONDS,
    memory: int | None = MEMORY,
    in_line: bool = True,
) -> bytes:
    """Call a module's function in a process of its own, and wait for its answer.

    The answer is bytes, never a pickle: whatever happened in there, nothing of it is run here.

    Args:
        function: raises `Unable` for what it can't do; it may start no processes.
        seconds: how long it may take, by the processor's clock; by the clock on the wall it has `CROWDED` times that.
        memory: megabytes that it may take; None for our own measurements, which have the clock on the wall alone: a
            GPU's driver maps far more than it takes, and several threads use more of the processor's time than the
            clock shows.
        in_line: whether it takes one of the places; if not, people's files need not wait for it.

    Raises:
        Unable: it can't be done, or went beyond a limit.
    """
    if in_line:
        _take_place(3 * seconds)
    try:
        kind, answer = _ask(function, arguments, seconds, memory)
    finally:
        if in_line:
            _places.release()
    if kind == b"R":
        return answer
    if kind == b"P":
        refusal = json.loads(answer)
        raise Unable(Problem("", str(refusal["sentence"]), dict(refusal["values"])))
    if kind == b"T":
        raise Unable(Problem("", "This takes longer than {most} seconds and was given up.", {"most": round(seconds)}))
    if kind == b"A":
        raise Unable(abandoned())
    if kind == b"M":
        raise Unable(out_of_memory(memory))
    raise Unable(
        Problem("", "The process that worked on this ended without a result: try again, or with something smaller.")
    )


def _take_place(seconds: float) -> None:
    """Wait for one of the places (raises Unable)."""
    end = time.monotonic() + seconds
    while not _places.acquire(timeout=PATIENCE):
        if not is_awaited():
            raise Unable(abandoned())
        if time.monotonic() > end:
            raise Unable(Problem("", "The server is busy with other people's files: try again in a moment."))


def abandoned() -> Problem:
    """The sentence for work that nobody waits for any more."""
    return Problem("", "The tab that asked for this was closed: it was given up.")


def out_of_memory(memory: int | None) -> Problem:
    """The sentence for work that took more than it may, in megabytes."""
    return Problem("", "This needs more than {most} MB of memory and was given up.", {"most": memory})


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was what an error is about: PyTorch says so in a RuntimeError."""
    return isinstance(error, MemoryError) or any(words in f"{error}\n" for words in OUT_OF_MEMORY)


def _ask(
    function: Callable[..., bytes], arguments: tuple[Any, ...], seconds: float, memory: int | None
) -> tuple[bytes, bytes]:
    """The kind of answer, a letter, and the answer. Kinds: Result, Problem, Time, Abandoned, Memory, Error."""
    alone = memory is None
    limits = Limits(CROWDED * seconds + 2, processor=None if alone else seconds, memory=memory)
    process = Limited(_answer, function, arguments, limits=limits, children=False)
    try:
        message = None
        while message is None:
            if not is_awaited():
                return b"A", b""
            message = process.receive(PATIENCE)
    except Over as over:
        return (b"T" if over.reason == "late" else b"E"), b""
    finally:
        process.end()
    return message[:1], message[1:]


def _answer(send: Send, function: Callable[..., bytes], arguments: tuple[Any, ...]) -> None:
    """What the process does."""
    try:
        answer = b"R" + function(*arguments)
    except Unable as refused:
        answer = b"P" + json.dumps({"sentence": refused.problem.sentence, "values": refused.problem.values}).encode()
    except KNOWN_FAILURES as error:
        answer = b"M" if is_out_of_memory(error) else b"E"
    with suppress(OSError, ValueError, MemoryError):
        send(answer)
