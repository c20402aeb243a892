"""Processes that are killed, stopped, or told to end."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from core.engine.record import Folder
from tests.faults.events import Outcome, event
from tests.faults.people import PATIENCE, Live
from tests.faults.server import Server, damage, faults_in_log, processes_of, serving
from tests.waiting import until

STEPS = "1000"
"""Steps of a run of which every 25th is kept."""
LATE = 400
"""The step after which such a run is begun again: it must not end while a page takes its time."""
LONG = "50000"
"""Steps of a run that does not end by itself."""
OTHERS = 3
"""People who train beside the one to whom it happens."""
SPEED = 30.0
"""Steps a second of everybody's run."""


def classmates(server: Server, count: int = OTHERS) -> list[Live]:
    """People whose runs train."""
    return [server.person().open("classifier", num_steps=LONG).play(SPEED).reach(3) for _ in range(count)]


class Pace:
    """How fast some runs go while something happens, by their records."""

    def __init__(self, server: Server, runs: list[Live]):
        self.folders = [Folder(server.data / "runs" / live.run) for live in runs]
        self.steps = self._recorded()
        self.start = time.monotonic()

    def share(self) -> float:
        """The least share of its speed that a run has kept."""
        seconds = time.monotonic() - self.start
        gained = [now - before for now, before in zip(self._recorded(), self.steps, strict=True)]
        return min(steps / (SPEED * seconds) for steps in gained)

    def _recorded(self) -> list[int]:
        return [folder.metrics_file("run").read_bytes().count(b"\n") for folder in self.folders]


@event(short=5, long=200)
def killed_workers(times: int, folder: Path) -> Outcome:
    """A worker is killed with SIGKILL: told at once, resumed from the last kept step, and nobody else notices."""
    outcome = Outcome(times)
    with serving(folder) as server:
        others = classmates(server)
        tab = server.person().open("classifier", num_steps=STEPS)
        told = {}
        live, worker = server.start(tab)
        pace = Pace(server, others)
        for _ in range(times):
            live.reach(max(live.kept, default=0) + 26)
            os.kill(worker, signal.SIGKILL)
            outcome.told.append(live.until(lambda live=live: live.status == "crashed"))  # type: ignore[misc]
            told[live.run] = live.catch_up().losses
            before = set(server.workers())
            step = live.message["kept_step"] if live.step < LATE else 0
            live.close()
            live = tab.resume(step)
            live.reach(step + 1)
            [worker] = set(server.workers()) - before
        outcome.others.append(pace.share())
        outcome.lost += [f"{other.run} is {other.status}" for other in others if other.status != "running"]
        told |= {other.run: other.catch_up().losses for other in others}
        server.stop()
        outcome.lost += damage(server, told)
    return outcome


@event(short=2, long=20)
def servers_ended_at_the_start(times: int, folder: Path) -> Outcome:
    """A server is told to end, or killed, while it still loads what runs need: nothing is left of it, nor logged."""
    outcome = Outcome(times)
    for number in range(times):
        data = folder / str(number)
        with serving(data) as server:
            time.sleep(number // 2 * 0.3)  # another moment each time
            server.stop(signal.SIGTERM if number % 2 == 0 else signal.SIGKILL)
            start = time.monotonic()
            until(lambda data=data: not processes_of(data), PATIENCE)  # type: ignore[misc]
            outcome.left.append(time.monotonic() - start)
        outcome.lost += faults_in_log(data)
    return outcome


@event(short=1, long=100)
def killed_servers(times: int, folder: Path) -> Outcome:
    """The server is killed with SIGKILL while runs train: no worker is left, and each run can be resumed."""
    outcome = Outcome(times)
    people = [f"{number:032x}" for number in range(1, OTHERS + 1)]
    told = {}
    with serving(folder) as server:
        tabs = [server.person(owner).open("classifier", num_steps=STEPS) for owner in people]
        runs = [tab.play(SPEED) for tab in tabs]
        for _ in range(times):
            for live in runs:
                live.reach(max(live.kept, default=0) + 26)
            server.stop(signal.SIGKILL)
            start = time.monotonic()
            until(lambda: not processes_of(folder), PATIENCE)
            outcome.left.append(time.monotonic() - start)
            for live in runs:
                told[live.run] = live.catch_up().losses
            server = server.again()
            tabs = [server.person(owner).open("classifier") for owner in people]
            again = [tab.live() for tab in tabs]
            for before, live in zip(runs, again, strict=True):
                live.until(lambda live=live: live.status == "crashed")  # type: ignore[misc]
                if live.run != before.run:
                    outcome.lost.append(f"{before.run} is no longer on its page")
            runs = [tab.resume(live.kept[-1] if live.step < LATE else 0) for tab, live in zip(tabs, again, strict=True)]
        for live in runs:
            live.reach(max(live.kept, default=0) + 1)
            told[live.run] = live.losses
        server.stop()
        outcome.lost += damage(server, told)
    return outcome


@event(short=2, long=6, told_within=5.0)
def silent_workers(times: int, folder: Path) -> Outcome:
    """A worker is stopped with SIGSTOP: told, and it goes away by itself at SIGCONT, or is ended at a click."""
    outcome = Outcome(times)
    seconds = 60.0 if times > 2 else 1.0
    told = {}
    with serving(folder) as server:
        others = classmates(server)
        tab = server.person().open("classifier", num_steps=STEPS)
        live, worker = server.start(tab)
        for number in range(times):
            live.reach(max(live.kept, default=0) + 26)
            pace = Pace(server, others)
            os.kill(worker, signal.SIGSTOP)
            outcome.told.append(live.until(lambda live=live: live.silent))  # type: ignore[misc]
            live.command("pause")
            time.sleep(seconds)
            if number % 2 == 0:
                os.kill(worker, signal.SIGCONT)
                live.until(lambda live=live: not live.silent and live.status == "paused")  # type: ignore[misc]
                live.command("play")
                outcome.others.append(pace.share())
                continue
            live.command("end")
            live.until(lambda live=live: live.status == "crashed" and not live.silent)  # type: ignore[misc]
            if live.message.get("cause") != "silent":
                outcome.lost.append(f"{live.run} says {live.message}")
            outcome.others.append(pace.share())
            told[live.run] = live.catch_up().losses
            before = set(server.workers())
            live = tab.resume(live.message["kept_step"])
            live.reach(live.step + 1)
            [worker] = set(server.workers()) - before
        outcome.lost += [f"{other.run} is {other.status}" for other in others if other.status != "running"]
        told |= {each.run: each.catch_up().losses for each in (*others, live)}
        server.stop()
        outcome.lost += damage(server, told)
    outcome.note = f"stopped for {seconds:g} s"
    return outcome


@event(short=1, long=20, told_within=60.0)
def hungry_workers(times: int, folder: Path) -> Outcome:
    """A run needs more memory than it may take: its page says so, its record is whole, nobody else notices."""
    outcome = Outcome(times)
    with serving(folder, {"TORCH_PLAYGROUND_RUN_MEMORY": "300"}) as server:
        others = classmates(server)
        for _ in range(times):
            pace = Pace(server, others)
            live = server.person().open("vgg", width="1", batch_size="512").play(speed=0)
            outcome.told.append(live.until(lambda live=live: live.status == "failed"))  # type: ignore[misc]
            if live.message.get("code") != "memory" or server.facts(live.run)["message"] != live.message:
                outcome.lost.append(f"{live.run} says {live.message}")
            outcome.others.append(pace.share())
        outcome.lost += [f"{other.run} is {other.status}" for other in others if other.status != "running"]
        server.stop()
        outcome.lost += damage(server, {other.run: other.catch_up().losses for other in others})
    return outcome


def stopped(how: signal.Signals, times: int, folder: Path, people: int) -> Outcome:
    """The server is told to stop while people train; then nothing of it is left, and all records are whole.

    One browser does not answer any more: it can't hold up the end.
    """
    outcome = Outcome(times)
    ends = []
    for number in range(times):
        data = folder / str(number)
        with serving(data) as server:
            runs = classmates(server, people)
            asleep = runs[0].person.fall_asleep(f"/live/{runs[0].run}")
            start = time.monotonic()
            server.stop(how)
            ends.append(time.monotonic() - start)
            asleep.close()
            start = time.monotonic()
            with suppress(AssertionError):
                until(lambda data=data: not processes_of(data), PATIENCE)  # type: ignore[misc]
            outcome.left.append(time.monotonic() - start)
            outcome.lost += damage(server, {live.run: live.catch_up().losses for live in runs})
            ends_of_runs = {live.run: server.facts(live.run)["status"] for live in runs}
            outcome.lost += [f"{run} is {status}" for run, status in ends_of_runs.items() if status != "stopped"]
    outcome.note = f"{people} train; the server ends {max(ends):.1f} s after the signal at most"
    return outcome


@event(short=1, long=6)
def terminated_servers(times: int, folder: Path) -> Outcome:
    """SIGTERM, as a service manager sends it."""
    return stopped(signal.SIGTERM, times, folder, people=30 if times > 1 else 6)


@event(short=1, long=6)
def interrupted_servers(times: int, folder: Path) -> Outcome:
    """SIGINT, as Ctrl+C sends it."""
    return stopped(signal.SIGINT, times, folder, people=30 if times > 1 else 6)
