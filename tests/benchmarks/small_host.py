"""A host with 1 GB of memory: what the server takes before anybody comes, and with one to five who train a CNN.

It takes root and a control group of Linux's, in which the server has no more than that; what counts is what the group
holds without files that the system could give up.

Run: python -m tests.benchmarks.small_host [MEGABYTES]
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.benchmarks.classroom.tab import TROUBLE, Browser, Tab
from tests.benchmarks.rows import Row
from tests.browser.app import App

MEGABYTES = 1000
LEARNERS = 5
WAITING = 300
"""Seconds for a page, and for a run's first frames."""
SETTLING = 5
"""Seconds over which memory has to stay the same to be counted."""
STEADY = 3
"""Megabytes by which it may differ all the same."""


class Group:
    """A control group with a limit of memory, by either version of Linux's interface."""

    def __init__(self, megabytes: int):
        one = Path("/sys/fs/cgroup/memory")
        top = one if one.is_dir() else Path("/sys/fs/cgroup")
        most, self._used, self._cached = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            if one.is_dir()
            else ("memory.max", "memory.current", "inactive_file")
        )
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        wanted = "memory" if one.is_dir() else ""
        self._before = next(
            top / path.strip("/") for _, name, path in (line.split(":", 2) for line in lines) if name == wanted
        )
        self.folder = top / f"torch-playground-{os.getpid()}"
        self.folder.mkdir()
        (self.folder / most).write_text(str(megabytes * 2**20))

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What is started inside belongs to the group."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))
        try:
            yield
        finally:
            (self._before / "cgroup.procs").write_text(str(os.getpid()))

    def megabytes(self) -> float:
        """What its processes hold now."""
        facts = (self.folder / "memory.stat").read_text().split()
        cached = int(facts[facts.index(self._cached) + 1])
        return (int((self.folder / self._used).read_text()) - cached) / 2**20

    def settled(self) -> float:
        """The same, once it stays as it is."""
        before, now = 0.0, self.megabytes()
        while abs(now - before) > STEADY:
            time.sleep(SETTLING)
            before, now = now, self.megabytes()
        return now

    def remove(self) -> None:
        """Remove the group, once its processes have ended."""
        while (self.folder / "cgroup.procs").read_text():
            time.sleep(0.1)
        self.folder.rmdir()


async def learner(url: str) -> Tab:
    """Open the CNN and train it at full speed; the tab, which may have no run if there was no place for one."""
    tab = Tab(Browser(url))
    with suppress(*TROUBLE):
        await tab.open("/cnn")
        await tab.until(lambda: tab.script_runs > 0, WAITING)
        await tab.play(0)
        await tab.until(lambda: tab.frames >= 2, WAITING)
    return tab


def trains(tab: Tab) -> bool:
    """Whether a tab's run has taken a step, and lives."""
    return tab.live is not None and tab.live.status == "running" and int(tab.live.state.get("step", 0)) > 0


async def learn(app: App, group: Group, whole: int) -> list[Row]:
    """Have one after the other open the CNN."""
    rows: list[Row] = []
    tabs: list[Tab] = []
    for number in range(1, LEARNERS + 1):
        tabs.append(await learner(app.url))
        await asyncio.sleep(SETTLING)
        rows.append(Row(f"{whole} MB: {number} with a CNN", group.megabytes(), "MB"))
    rows.append(Row(f"{whole} MB: of {LEARNERS}, train", sum(map(trains, tabs)), "people", goal=3))
    for tab in tabs:
        await tab.close()
        await tab.browser.close()
    return rows


def rows(whole: int = MEGABYTES) -> list[Row]:
    """The figures."""
    if os.geteuid() != 0:
        return [Row(f"{whole} MB: the server, nobody at work", None, "MB", note="it takes root to limit memory")]
    group = Group(whole)
    with tempfile.TemporaryDirectory() as folder:
        with group.inside():
            app = App(Path(folder), grace=SETTLING)
        try:
            idle = Row(f"{whole} MB: the server, nobody at work", group.settled(), "MB")
            return [idle, *asyncio.run(learn(app, group, whole))]
        finally:
            app.end()
            group.remove()


def main() -> None:
    """Print the figures."""
    for row in rows(*map(int, sys.argv[1:])):
        print(row.as_line(), flush=True)


if __name__ == "__main__":
    main()
