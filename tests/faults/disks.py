"""What happens to the data folder: full disks, damaged files, none that can be written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import product
from pathlib import Path

from pages.index import PAGES
from tests.browser.app import ROOT, START, free_port
from tests.faults.events import Outcome, event
from tests.faults.kills import LONG, SPEED, STEPS
from tests.faults.people import PATIENCE, Live, Person
from tests.faults.server import damage, faults_in_log, index_problems, processes_of, record_problems, serving
from tests.waiting import until

# Full disks


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """A disk of its own at a folder while inside; whether there is one: not everybody may mount it."""
    folder.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "faults", str(folder)]
    done = subprocess.run(["mount", *options], capture_output=True) if shutil.which("mount") else None
    mounted = done is not None and done.returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Take all space that a disk has left."""
    with suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def limit_files(data: Path, most: int) -> None:
    """Have no process of a server write more than so many bytes to a file; what it sends to others is no file."""
    import resource

    for pid in processes_of(data):
        with suppress(ProcessLookupError, PermissionError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if most >= 0 else hard, hard))


def keeps_again(live: Live) -> bool:
    """Whether a paused run is kept, and nothing else is said."""
    refused = live.message.get("code") in ("disk", "disk_full")
    return live.status == "paused" and not refused and max(live.kept, default=0) == live.step


@event(short=1, long=6)
def full_disks(times: int, folder: Path) -> Outcome:
    """The disk is full, and has space again: told, training goes on, pages can be read, the record is whole in the end.

    Where no small disk may be mounted, a limit on the size of files has every write fail.
    """
    outcome = Outcome(times)
    with small_disk(folder, megabytes=64) as mounted, serving(folder) as server:
        tabs = [server.person().open("classifier", num_steps=LONG) for _ in range(2)]
        runs = [tab.play(SPEED).reach(5) for tab in tabs]
        for number in range(times):
            by_space = mounted and number % 2 == 0
            start = time.monotonic()
            if by_space:
                fill(folder)
            else:
                limit_files(folder, 0)
            for live in runs:
                live.command("pause")  # at which the step is kept
                live.until(lambda live=live: live.message.get("code") in ("disk", "disk_full"))  # type: ignore[misc]
                live.command("play")
            outcome.told.append(time.monotonic() - start)
            for row in PAGES:
                outcome.lost += server.person().open(row.folder).exceptions
            outcome.lost += tabs[0].run().exceptions
            for live in runs:
                live.reach(live.step + 5)
            if by_space:
                (folder / "filler").unlink()
            else:
                limit_files(folder, -1)
            for live in runs:
                live.command("pause")
                live.until(partial(keeps_again, live))
                live.command("play")
        for live in runs:
            live.reach(live.step + 3)
        server.stop()
        outcome.lost += damage(server, {live.run: live.catch_up().losses for live in runs})
    outcome.note = "a disk of 64 MB, and a limit on the size of files" if mounted else "a limit on the size of files"
    return outcome


@event(short=2, long=2)
def unwritable_homes(times: int, folder: Path) -> Outcome:
    """The data folder can't be made: the server stops at the start, with one sentence."""
    outcome = Outcome(times)
    folder.mkdir(parents=True)
    (folder / "file").write_text("in the way")
    below = str(folder / "file" / "below")
    places = [{"TORCH_PLAYGROUND_DATA": below}, {"HOME": below, "XDG_DATA_HOME": "", "TORCH_PLAYGROUND_DATA": ""}]
    for place in places[:times]:
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={free_port()}"]
        ended = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **place}, capture_output=True, text=True, timeout=START
        )
        said = [line for line in ended.stderr.splitlines() if line.strip()]
        if ended.returncode == 0 or len(said) != 1 or "ready" in ended.stdout:
            outcome.lost.append(f"it ended with {ended.returncode}: {said[:3]}")
    return outcome


# Damaged files


def cut(path: Path) -> None:
    """Leave the first half, as a power cut may."""
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    """Leave a name with nothing in it."""
    os.truncate(path, 0)


def fill_with_zeros(path: Path) -> None:
    """Leave the length, as some file systems do."""
    path.write_bytes(bytes(path.stat().st_size))


DAMAGES: tuple[Callable[[Path], None], ...] = (fill_with_zeros, empty, cut, Path.unlink)


def cases(data: Path) -> list[tuple[Path, Callable[[Path], None]]]:
    """Each file of a data folder, with each damage; the first ones have different files and different damages."""
    files = sorted(path.relative_to(data) for path in data.rglob("*") if path.is_file() and path.suffix != ".log")
    rounds = product(range(len(DAMAGES)), enumerate(files))
    return [(file, DAMAGES[(number + shift) % len(DAMAGES)]) for shift, (number, file) in rounds]


@event(short=3, long=1000)
def damaged_files(times: int, folder: Path) -> Outcome:
    """Each file of the data folder is cut, emptied, filled with zeros and removed in turn: all else goes on."""
    honest, damaged = folder / "honest", folder / "damaged"
    with serving(honest) as server:
        anne, bob = server.person(), server.person()
        runs = [person.open("classifier", num_steps=STEPS).play(SPEED).reach(60) for person in (anne, bob)]
        server.stop(signal.SIGKILL)
        until(lambda: not processes_of(honest), PATIENCE)
    bobs = runs[1].run
    told = {bobs: runs[1].catch_up().losses}
    chosen = [case for case in cases(honest) if bobs not in case[0].parts][:times]
    outcome = Outcome(len(chosen))
    for file, break_it in chosen:
        shutil.rmtree(damaged, ignore_errors=True)
        shutil.copytree(honest, damaged)
        (damaged / "server.log").unlink()
        break_it(damaged / file)
        wrong = []
        try:
            with serving(damaged) as server:
                for owner, page in ((anne.owner, "classifier"), (anne.owner, "saving"), (bob.owner, "classifier")):
                    wrong += server.person(owner).open(page).exceptions
                live = Live(Person(server.url, bob.owner), bobs)
                live.until(lambda live=live: live.status in ("crashed", "stopped"))  # type: ignore[misc]
                server.stop()
                wrong += [problem for problem in record_problems(damaged, told) if bobs in problem]
                wrong += [*index_problems(damaged), *faults_in_log(damaged)]
        except Exception as error:  # the server did not start, or a page did not come
            wrong.append(f"{error!r}"[:300])
        outcome.lost += [f"{file}, {break_it.__name__}: {problem}" for problem in wrong]
    return outcome
