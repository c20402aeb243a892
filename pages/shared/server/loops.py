"""Event loops that take no file handles before they run.

Streamlit makes an event loop for every session, for libraries that ask for one, and never runs it: three handles a tab,
kept for minutes after the tab was closed. Nothing here asks for it.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVarTuple, Unpack

Ts = TypeVarTuple("Ts")


class LateSelector(selectors.BaseSelector):
    """The system's selector, opened when something is first registered or waited for."""

    def __init__(self) -> None:
        self._opened: selectors.BaseSelector | None = None

    def _selector(self) -> selectors.BaseSelector:
        if self._opened is None:
            self._opened = selectors.DefaultSelector()
        return self._opened

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._selector().register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._selector().unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._selector().modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return self._selector().select(timeout)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._selector().get_map()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()


class LateLoop(asyncio.SelectorEventLoop):
    """An event loop as Python makes it, whose selector and wake-up socket are opened when it begins to run."""

    def __init__(self) -> None:
        self._woken_by_socket = False
        super().__init__(LateSelector())

    def _make_self_pipe(self) -> None:
        self._ssock = self._csock = None

    def _open(self) -> None:
        if not self._woken_by_socket:
            super()._make_self_pipe()  # type: ignore[misc]
            self._woken_by_socket = True

    def _close_self_pipe(self) -> None:
        if self._woken_by_socket:
            super()._close_self_pipe()  # type: ignore[misc]

    def run_forever(self) -> None:
        self._open()
        super().run_forever()

    def add_signal_handler(self, sig: int, callback: Callable[[Unpack[Ts]], object], *args: *Ts) -> None:
        self._open()
        super().add_signal_handler(sig, callback, *args)


def save_handles() -> None:
    """Have loops that are made from now on take no handles before they run; the server's own one is running already."""
    if sys.platform == "win32" or sys.version_info >= (3, 16):  # another kind of loop; no policies any more
        return

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            return LateLoop()

    asyncio.set_event_loop_policy(Policy())
