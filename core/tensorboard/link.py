"""The pipe to TensorBoard's process: what is asked, what is answered, and whether it still listens."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from core.processes.starting import context, kill, start

SILENCE = 10.0
"""Seconds without a word after which a process that was called hangs: it says so at once that it was, however long an
answer takes."""
FIRST_WORD = 60.0
"""Seconds that it may take to its first word: where there is no forkserver it has PyTorch to import."""
PATIENCE = 30.0
"""Seconds to wait for an answer."""
CALL = b""
"""What is sent to hear whether the other end listens, and what it sends back."""


class Gone(Exception):
    """The process has ended or does not answer."""


class Link:
    """A process, and the questions that it has not answered yet. Nobody who asks can be held up by a full pipe.

    Args:
        serve: serve(connection), the process's main function: it sends `CALL` back whenever it receives it, and for
            a question (number, content) in its own time (number, answer).
    """

    def __init__(self, serve: Callable[[Connection], None]):
        self._connection, theirs = context().Pipe()
        self._process = context().Process(target=serve, args=(theirs,), daemon=True)
        start(self._process)
        theirs.close()
        self._begin = time.monotonic()
        self._heard: float | None = None
        self._lock = threading.Lock()
        self._ended = False
        self._waiting: dict[int, Future[Any]] = {}
        self._numbers = itertools.count()
        self._unsent: SimpleQueue[Any] = SimpleQueue()
        self._sender = threading.Thread(target=self._send, name="to tensorboard", daemon=True)
        self._sender.start()
        threading.Thread(target=self._listen, name="from tensorboard", daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether nothing can be asked any more."""
        return self._ended

    @property
    def pid(self) -> int | None:
        """The process's number."""
        pid: int | None = self._process.pid
        return pid

    def ask(self, content: Any) -> Any:
        """Have a question answered; called from any thread.

        Raises:
            Gone: the process ended before it answered, does not listen and was ended, or takes too long.
        """
        answer: Future[Any] = Future()
        with self._lock:
            if self._ended:
                raise Gone
            number = next(self._numbers)
            self._waiting[number] = answer
        self._unsent.put((number, content))
        end = time.monotonic() + PATIENCE
        try:
            while True:
                called = time.monotonic()
                self._unsent.put(CALL)
                try:
                    return answer.result(min(SILENCE, max(0.0, end - called)))
                except TimeoutError:
                    if self._hangs(called):
                        self.end()
                    elif time.monotonic() >= end:
                        raise Gone from None
        finally:
            self._waiting.pop(number, None)

    def _hangs(self, called: float) -> bool:
        """Whether the process was called and says nothing."""
        now = time.monotonic()
        if self._heard is None:
            return now - self._begin > FIRST_WORD
        return self._heard < called and now - called >= SILENCE

    def end(self) -> None:
        """End the process, whatever it is at: it has nothing to tidy up."""
        kill(self._process)
        self._lose()
        self._process.join()

    def _send(self) -> None:
        with suppress(OSError):
            while (message := self._unsent.get()) is not None:
                self._connection.send(message)

    def _listen(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                message = self._connection.recv()
                self._heard = time.monotonic()
                if message != CALL:
                    number, answer = message
                    with self._lock:
                        waiting = self._waiting.pop(number, None)
                    if waiting is not None:
                        waiting.set_result(answer)
        self._lose()
        self._sender.join()
        self._connection.close()

    def _lose(self) -> None:
        """Let all who wait know that there will be no answer."""
        with self._lock:
            self._ended = True
            lost, self._waiting = self._waiting, {}
        self._unsent.put(None)
        for waiting in lost.values():
            if not waiting.done():
                waiting.set_exception(Gone())
