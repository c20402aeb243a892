"""What happens to the data folder: many writers on its index, a clock that is moved."""

from __future__ import annotations

import threading
from pathlib import Path

from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig
from tests.faults.events import Outcome, event
from tests.faults.kills import LONG, SPEED
from tests.faults.server import damage, faults_in_log, index_problems, serving
from tests.waiting import until

WRITERS = 16
"""How many write to the index at the same time."""
DAY = 86_400
CLOCK = """
import os, time

def moved(real, unit):
    def now():
        try:
            with open(os.environ["FAULTS_CLOCK"]) as file:
                return real() + type(real())(float(file.read()) * unit)
        except (KeyError, OSError, ValueError):
            return real()
    return now

time.time, time.time_ns = moved(time.time, 1), moved(time.time_ns, 10**9)
"""
"""A sitecustomize.py that moves Python's clock by the seconds in a file, in the server and all that it starts."""


@event(short=10, long=200)
def index_writers(times: int, folder: Path) -> Outcome:
    """Sixteen write to the index while a server serves: all that they wrote is there, and the index is whole."""
    outcome = Outcome(times)
    with serving(folder) as server:
        tab = server.person().open("classifier", num_steps=LONG)
        live = tab.play(SPEED).reach(3)

        def write(owner: str) -> None:
            config = ClassifierConfig()
            try:
                store, runs = Store(folder), list[str]()
                for number in range(times):
                    run = store.add(owner, config)
                    runs.append(run)
                    store.update(run, "finished", number, {"loss/train": 0.5})
                    store.leave(owner, config, run)
                    store.prefer(owner, "language", str(number))
                until(lambda: written(store, runs))
                entries = store.of(owner, "classifier")
                if len(entries) != times or {entry.step for entry in entries} != set(range(times)):
                    outcome.lost.append(f"of {times} runs {len(entries)} are in the index")
            except Exception as error:  # whatever it is, a writer's work is lost
                outcome.lost.append(f"a writer: {error!r}"[:200])

        writers = [threading.Thread(target=write, args=(f"{number:032x}",)) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        for writer in writers:
            while writer.is_alive():
                outcome.lost += tab.run().exceptions
                writer.join(0.2)
        live.reach(live.step + 3)
        server.stop()
        outcome.lost += [*index_problems(folder), *faults_in_log(folder)]
    outcome.note = f"{WRITERS} threads, {times} runs each"
    return outcome


def written(store: Store, runs: list[str]) -> bool:
    """Whether nothing of these runs waits: what got no turn in ten seconds is tried later, as a server does."""
    store.index.write_later()
    return not any(store.index.waiting((kind, run)) for run in runs for kind in ("run", "update"))


@event(short=2, long=10)
def moved_clocks(times: int, folder: Path) -> Outcome:
    """Python's clock is moved by a day, on and back, while a run trains: it trains on, and new runs start and end."""
    outcome = Outcome(times)
    folder.mkdir(parents=True)
    modules, clock = folder / "modules", folder / "clock"
    modules.mkdir()
    (modules / "sitecustomize.py").write_text(CLOCK)
    clock.write_text("0")
    data = folder / "data"
    told = {}
    with serving(data, {"PYTHONPATH": str(modules), "FAULTS_CLOCK": str(clock)}) as server:
        person = server.person()
        tab = server.person().open("classifier", num_steps=LONG)
        live = tab.play(SPEED).reach(3)
        for number in range(times):
            clock.write_text(str(DAY if number % 2 == 0 else -DAY))
            live.reach(live.step + 5)
            fresh = person.open("classifier", num_steps="20")
            new = fresh.play(speed=0)
            new.until(lambda new=new: new.status == "finished")  # type: ignore[misc]
            told[new.run] = new.losses
            outcome.lost += [*fresh.exceptions, *tab.run().exceptions]
            if fresh.run().run_id != new.run or tab.run_id != live.run:
                outcome.lost.append(f"after a move by {clock.read_text()} s a page lost its run")
        clock.write_text("0")
        live.reach(live.step + 3)
        outcome.lost += [] if live.status == "running" else [f"the run is {live.status}"]
        server.stop()
        outcome.lost += damage(server, told | {live.run: live.catch_up().losses})
    outcome.note = "time.time in all of the server's processes; strftime and the file system keep theirs"
    return outcome
