"""When a run took which step, as someone sees it who sits at the server and acknowledges all at once."""

from __future__ import annotations

import bisect
import json
import threading
import time
import zlib
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.browser.app import App


class Clock:
    """Watches a run without a link in between, and notes when it came to a step and to a status.

    Args:
        app: the server.
        run: the run's id.
        cookie: that of the run's owner.
    """

    def __init__(self, app: App, run: str, cookie: str):
        self._steps: list[int] = []
        self._times: list[float] = []
        self._frames: list[float] = []
        self._statuses: list[tuple[float, str]] = []
        url = f"ws://127.0.0.1:{app.port}/live/{run}"
        self._socket = connect(
            url, origin=Origin(app.url), additional_headers={"Cookie": cookie}, compression=None, max_size=None
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no longer."""
        self._socket.close()
        self._thread.join()

    def when(self, step: int) -> float:
        """When the run had come to a step, in seconds since 1970.

        Raises:
            ValueError: that was before anyone looked, or has not been yet.
        """
        place = bisect.bisect_left(self._steps, step)
        if place == len(self._steps) or (place == 0 and self._steps[0] > step):
            raise ValueError(f"step {step} was not seen")
        return self._times[place]

    def frames_per_second(self, begin: float, end: float) -> float:
        """How many frames the run made in a time."""
        return sum(begin <= at < end for at in self._frames) / (end - begin)

    def status_after(self, moment: float, status: str) -> float | None:
        """When the run first had a status after some moment."""
        return next((at for at, other in list(self._statuses) if at >= moment and other == status), None)

    def _listen(self) -> None:
        frames = 0
        with suppress(ConnectionClosed):
            for data in self._socket:
                now = time.time()
                if isinstance(data, bytes):
                    frames += 1
                    self._socket.send(json.dumps({"command": "drawn", "value": frames}))
                    self._frames.append(now)
                    self._note(now, step_of(data))
                    continue
                message = json.loads(data)
                if message["kind"] == "metrics":
                    self._note(now, last_step(message["history"]))
                else:
                    self._note(now, message.get("step"))
                if "status" in message:
                    self._statuses.append((now, message["status"]))

    def _note(self, now: float, step: int | None) -> None:
        if step is not None and (not self._steps or step > self._steps[-1]):
            self._times.append(now)
            self._steps.append(step)


def last_step(history: dict[str, dict[str, dict[str, Any]]]) -> int | None:
    """The last step of some metrics."""
    return max(
        (points["step"][-1] for lane in history.values() for points in lane.values() if points["step"]), default=None
    )


def step_of(frame: bytes) -> int | None:
    """The step of a frame, packed or not; None if its form is not known."""
    with suppress(ValueError):
        return _header_step(frame)
    for begin in range(8):
        for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
            with suppress(ValueError, zlib.error):
                return _header_step(zlib.decompress(frame[begin:], bits))
    return None


def _header_step(frame: bytes) -> int:
    """The step in the header of a frame that is not packed."""
    length = int.from_bytes(frame[:4], "little")
    if length > len(frame) - 4:
        raise ValueError("no frame")
    header = json.loads(frame[4 : 4 + length])
    if not isinstance(header, dict) or "step" not in header:
        raise ValueError("no header")
    step: int = header["step"]
    return step
