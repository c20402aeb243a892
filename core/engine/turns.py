"""When a worker draws, and when it rests for the sake of others. It judges by what it sees itself; nobody directs it.

A worker that wants to work gets the processor or waits for it. The share that it gets while it wants to, its *rate*,
says how crowded the machine is: 1 on an idle machine, 1/15 beside 29 others on two cores. Prices are in the thread's
own seconds of the processor, which do not grow with the crowd.

**Frames.** At most 15 a second, and as long as they take a small share: 3 % of the training at full speed, where they
cost steps, 30 % of a core where training waits for its next step anyway. On a crowded machine there are fewer. All
workers see the same crowd, so all get as many; and never fewer than 11 a second, or 5 at full speed, unless they would
take too much of what the worker gets.

**Turns.** At full speed a worker takes all that it can get. Where nobody watches it and the machine is crowded, it
rests in between: the longer, the less it gets when it works. So the processor stays busy with the runs that somebody
watches, which never rest; and no run ever stands still.
"""

from __future__ import annotations

import math
import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST_FRAMES = 15.0
"""Frames a second at most."""
LEAST_FRAMES = 11.0
"""Frames a second on a crowded machine, where training waits for its next step."""
LEAST_FRAMES_AT_FULL_SPEED = 5.0
"""Frames a second on a crowded machine at full speed."""
SHARE = 0.3
"""The share of a core that frames may take where training waits for its next step."""
MOST_SHARE = 0.5
"""The share of what the worker gets that they may take there."""
SHARE_AT_FULL_SPEED = 0.03
"""The share of the training's time that frames may take at full speed."""
LEAST_SHARE_AT_FULL_SPEED = 0.05
"""The share of a core that the least frames may take at full speed."""
MOST_SHARE_AT_FULL_SPEED = 0.25
"""The share of what the worker gets that they may take there."""
CROWDED = 0.5
"""The rate below which the machine counts as crowded: two on a core."""
MEMORY = 0.5
"""Seconds of wanting to work after which an older observation of the crowd counts for a third."""
STRETCH = 0.02
"""Seconds after which a worker at full speed judges the crowd."""
PROMPTNESS = 0.0005
"""Seconds in which a system wakes a worker that has slept, even if nothing else wants the processor."""
LONGEST_REST = 0.5
"""Seconds that it rests at a time at most, or as long as it worked."""
LEAST_DUTY = 0.1
"""The share of its time that a worker works at least."""


class Turns:
    """The pace of one worker.

    Args:
        wall: the clock on the wall, in seconds.
        processor: the seconds of the processor that this thread has used.
        chance: random numbers from 0 to 1, not those of the training. Without them all would rest at the same time.

    Attributes:
        rate: the share of a core that the worker gets while it wants to work.
        rest_end: until when it rests for others, on the clock on the wall.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.perf_counter,
        processor: Callable[[], float] = time.thread_time,
        chance: Callable[[], float] | None = None,
    ):
        self._wall, self._processor = wall, processor
        self._chance = chance or random.Random().random
        self.rate = 1.0
        self.rest_end = -math.inf
        self._seen_wall = self._seen_processor = 0.0
        self._prices: deque[float] = deque(maxlen=4)
        self._drawn = False
        self.hasten()
        self.wakes(math.inf)

    def wakes(self, due: float) -> None:
        """The worker wants to work, and has wanted to since `due` if that is in the past."""
        self._wanted, self._used = min(due + PROMPTNESS, self._wall()), self._processor()

    def rests(self) -> None:
        """It no longer wants to work: judge how it fared since it began to, or since the last time."""
        now, processor = self._wall(), self._processor()
        wall, used = now - self._wanted, processor - self._used
        self._wanted, self._used = now, processor
        if wall > 0:
            fading = math.exp(-wall / MEMORY)
            self._seen_wall = self._seen_wall * fading + wall
            self._seen_processor = self._seen_processor * fading + used
            self.rate = min(1.0, max(1e-3, self._seen_processor / self._seen_wall))

    def look(self, now: float, yielding: bool) -> None:
        """Between two steps: judge the crowd, if it is time to.

        Args:
            now: on the wall.
            yielding: whether to rest, until `rest_end`, where the processor should be left to others.
        """
        wall = now - self._wanted
        if wall < STRETCH:
            return
        self.rests()
        if yielding:
            # It hangs on the rate alone, so that all come to the same, and on its square, so that it matters to others.
            duty = min(1.0, max(LEAST_DUTY, (self.rate / CROWDED) ** 2))
            rest = wall * (1 / duty - 1) * (0.5 + self._chance())
            self.rest_end = now + min(rest, max(wall, LONGEST_REST))

    def hasten(self) -> None:
        """Continue at once, and draw a frame."""
        self.rest_end = self._frame_begin = self._frame_time = self._frame_processor = -math.inf

    def frame_time(self, full_speed: bool) -> float:
        """The earliest time on the wall for the next frame; at full speed `frame_due` decides as well."""
        between = 1 / MOST_FRAMES
        if not full_speed:
            between = min(max(between, between * CROWDED / self.rate), 1 / LEAST_FRAMES)
            between = max(between, self.price / min(SHARE, MOST_SHARE * self.rate))
        self._frame_time = self._frame_begin + between
        return self._frame_time

    def frame_due(self, now: float, full_speed: bool) -> bool:
        """Whether it is time for a frame."""
        if now < self.frame_time(full_speed):
            return False
        if not full_speed:
            return True
        trained = self._processor() - self._frame_processor
        if trained >= self.price / SHARE_AT_FULL_SPEED:
            return True
        least = min(MOST_SHARE_AT_FULL_SPEED, LEAST_SHARE_AT_FULL_SPEED / self.rate)
        return now >= self._frame_begin + 1 / LEAST_FRAMES_AT_FULL_SPEED and trained >= self.price / least

    @property
    def price(self) -> float:
        """The processor's seconds that a frame takes, by the last few."""
        return sum(self._prices) / max(1, len(self._prices))

    @contextmanager
    def drawing(self, moving: bool = True) -> Iterator[None]:
        """While inside, a frame is made.

        Args:
            moving: whether more like it will follow. The price of another one is not counted, nor that of the first,
                for which much is made that stays.
        """
        now, begin = self._wall(), self._processor()
        # A frame that has waited for its step does not put off the next one.
        self._frame_begin = self._frame_time if 0 <= now - self._frame_time < 1 / LEAST_FRAMES else now
        yield
        self._frame_processor = self._processor()
        if moving and self._drawn:
            self._prices.append(self._frame_processor - begin)
        self._drawn = self._drawn or moving
