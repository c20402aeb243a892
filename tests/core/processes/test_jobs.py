"""Jobs: one a person, a line for the others, and nothing left behind however they end."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from core.engine.manager import Manager
from core.loading.config import LoadingConfig
from core.loading.measure import Order, measure
from core.processes.jobs import MOST_WAITING, Job, Jobs, Target, Tell
from core.processes.limited import Limits
from core.processes.programs import Program, run_program
from core.refused import Refused
from tests.full_disk import needs_limits
from tests.waiting import PATIENCE, gone, until, until_gone


def answer(tell: Tell, folder: Path, argument: Any) -> None:
    (folder / "file.txt").write_text(str(argument))
    tell({"kind": "answer", "value": 2 * argument, "folder": str(folder), "pid": os.getpid()})


def hang(tell: Tell, folder: Path, argument: Any) -> None:
    """Start a child, say so, and hang, as a DataLoader does whose worker hangs."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    tell({"kind": "hanging", "pids": [os.getpid(), child.pid], "folder": str(folder)})
    child.wait()


def fail(tell: Tell, folder: Path, argument: Any) -> None:
    raise RuntimeError("DataLoader worker (pid 1) is killed by signal: Killed.\nmore")


def chatter(tell: Tell, folder: Path, argument: Any) -> None:
    while True:
        tell({"kind": "word"})


def fill_memory(tell: Tell, folder: Path, argument: Any) -> None:
    """Report the limit of a child, as of a DataLoader's worker, then take 600 MB."""
    child = "import resource; print(resource.getrlimit(resource.RLIMIT_AS)[0])"
    tell({"kind": "limit", "bytes": int(subprocess.check_output([sys.executable, "-c", child]))})
    tell({"kind": "bytes", "count": len(bytes(600 * 2**20))})


def left(job: Job) -> list[Path]:
    """What is left of a job's folder, once its processes are gone."""
    [event] = job.events
    until_gone(event["pids"])
    return [path for path in [Path(event["folder"])] if path.exists()]


@pytest.fixture
def present() -> dict[str, bool]:
    return {}


@pytest.fixture
def make(manager: Manager, present: dict[str, bool]) -> Iterator[Callable[..., Jobs]]:
    """Makes Jobs. The manager has warmed the process server."""
    made: list[Jobs] = []

    def jobs(**how: Any) -> Jobs:
        made.append(Jobs(lambda owner: present.get(owner, True), **how))
        return made[-1]

    yield jobs
    for each in made:
        each.close()


def hanging(jobs: Jobs, owner: str = "anne") -> Job:
    job = jobs.start(owner, hang, None)
    until(lambda: job.events)
    return job


def test_a_job_answers_and_takes_its_folder_with_it(make: Callable[..., Jobs]) -> None:
    job = make().start("anne", answer, 21)
    assert job.over.wait(PATIENCE)
    assert (job.status, job.problem) == ("finished", None)
    [event] = job.events
    assert event["value"] == 42
    assert event["pid"] != os.getpid() and gone(event["pid"])
    assert not Path(event["folder"]).exists()


SENTENCE = "The files for this work can't be written to disk: no space is left."


def on_a_full_disk(tell: Tell, folder: Path, argument: tuple[Target, Any]) -> None:
    """Work whose own files, and those of its children, can't grow."""
    import resource  # Windows has none

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    target, inner = argument
    target(tell, folder, inner)


@needs_limits
@pytest.mark.parametrize(
    ("target", "argument"),
    [(run_program, Program("next", "schedule")), (measure, Order([LoadingConfig(dataset="files", num_workers=0)]))],
    ids=["a program", "files"],
)
def test_a_full_disk_is_said_in_one_sentence(target: Target, argument: Any, make: Callable[..., Jobs]) -> None:
    job = make().start("anne", on_a_full_disk, (target, argument))
    assert job.over.wait(PATIENCE)
    assert (job.status, str(job.problem)) == ("failed", SENTENCE)


@pytest.mark.parametrize("name", ["core.processes.jobs.tempfile.mkdtemp", "core.processes.limited.start"])
def test_a_job_that_can_not_begin_for_want_of_space_says_so(
    name: str, make: Callable[..., Jobs], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: Any, **_how: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(name, full)
    job = make().start("anne", answer, 1)
    assert job.over.wait(PATIENCE)
    assert (job.status, str(job.problem)) == ("failed", SENTENCE)


def test_an_error_is_one_sentence(make: Callable[..., Jobs]) -> None:
    job = make().start("anne", fail, None)
    assert job.over.wait(PATIENCE)
    assert job.status == "failed"
    assert str(job.problem) == "PyTorch says: DataLoader worker (pid 1) is killed by signal: Killed."


@pytest.mark.parametrize(("limit", "words"), [("silence", "a process hangs"), ("seconds", "the time limit")])
def test_what_hangs_is_ended_and_told(make: Callable[..., Jobs], limit: str, words: str) -> None:
    job = hanging(make())
    assert job.process is not None
    job.process.limits = replace(job.limits, **cast(Any, {limit: 0.3}))
    assert job.over.wait(PATIENCE)
    assert job.status == "failed" and words in str(job.problem)
    assert left(job) == []


def test_who_never_stops_talking_is_ended_in_time_too(make: Callable[..., Jobs]) -> None:
    job = make().start("anne", chatter, None, Limits(seconds=0.5, silence=30))
    assert job.over.wait(PATIENCE)
    assert job.status == "failed" and "the time limit" in str(job.problem)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know no such limit")
def test_what_takes_too_much_memory_is_told_and_its_children_are_limited_too(make: Callable[..., Jobs]) -> None:
    job = make().start("anne", fill_memory, None, Limits(seconds=PATIENCE, memory=100))
    assert job.over.wait(PATIENCE)
    [limit] = job.events
    assert 100 * 2**20 < limit["bytes"] < 2**40
    assert str(job.problem) == "This needs more than 100 MB of memory and was given up."


def test_one_job_a_person_and_purpose(make: Callable[..., Jobs]) -> None:
    jobs = make(at_once=1)
    first = hanging(jobs)
    cost = jobs.start("anne", answer, 1, purpose="cost")
    assert first.alive and jobs.before(cost) == 1, "a job of another purpose waits in the same line"
    newer = jobs.start("anne", answer, 2, purpose="cost")
    assert cost.over.wait(PATIENCE) and cost.status == "ended"
    assert first.alive
    jobs.end(first)
    assert newer.over.wait(PATIENCE) and newer.status == "finished"


def test_what_is_killed_is_told(make: Callable[..., Jobs]) -> None:
    job = hanging(make())
    os.kill(job.events[0]["pids"][0], signal.SIGKILL)
    assert job.over.wait(PATIENCE)
    assert job.status == "failed" and "ended from outside" in str(job.problem)
    assert left(job) == []


def test_who_leaves_takes_the_job_along(make: Callable[..., Jobs], present: dict[str, bool]) -> None:
    job = hanging(make(absence=0.3))
    time.sleep(0.5)
    assert job.alive, "the person is there"
    present["anne"] = False
    assert job.over.wait(PATIENCE)
    assert (job.status, job.problem) == ("ended", None)
    assert left(job) == []


def test_one_a_person_and_a_line_for_the_others(make: Callable[..., Jobs], present: dict[str, bool]) -> None:
    jobs = make(at_once=1, absence=0.3)
    first = hanging(jobs)
    bob, carol, dave = (jobs.start(name, answer, 1) for name in ("bob", "carol", "dave"))
    assert [jobs.before(job) for job in (first, bob, carol, dave)] == [0, 1, 2, 3]
    present["carol"] = False
    assert carol.over.wait(PATIENCE) and carol.status == "ended", "who leaves the line loses the place"
    assert (bob.status, dave.status) == ("waiting", "waiting")
    jobs.end(dave)
    assert dave.status == "ended" and dave.events == []
    again = jobs.start("anne", answer, 3)
    assert first.over.wait(PATIENCE) and first.status == "ended", "a new job ends the person's old one"
    assert left(first) == []
    assert bob.over.wait(PATIENCE) and again.over.wait(PATIENCE)
    assert [job.status for job in (bob, again)] == ["finished", "finished"]


def test_a_full_line_says_so(make: Callable[..., Jobs]) -> None:
    jobs = make(at_once=1)
    hanging(jobs)
    for number in range(MOST_WAITING - 1):
        jobs.start(f"pupil {number}", answer, number)
    with pytest.raises(Refused, match="40 people are waiting in line"):
        jobs.start("one more", answer, 0)
    jobs.close()


SERVER = """
import sys, time
from core.processes.jobs import Jobs
from tests.core.processes.test_jobs import hang

if __name__ == "__main__":
    job = Jobs(lambda owner: True).start("anne", hang, None)
    while not job.events:
        time.sleep(0.01)
    print(*job.events[0]["pids"], flush=True)
    time.sleep(600)
"""


def test_a_killed_server_leaves_nothing_running(tmp_path: Path) -> None:
    program = tmp_path / "server.py"
    program.write_text(SERVER)
    root = str(Path(__file__).parents[3])
    server = subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root}
    )
    assert server.stdout is not None
    pids = [int(word) for word in server.stdout.readline().split()]
    assert len(pids) == 2 and not any(map(gone, pids))
    server.kill()
    server.wait()
    until_gone(pids)
