"""The programs that people run and take home do what the lessons say of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.engine.manager import Manager
from core.processes.jobs import Jobs
from core.processes.programs import CORE, Program, run_program
from tests.core.scripts import Scripts

NEXT = ("compiled", "distributed", "schedule", "mixed_precision", "own_layer", "profiler", "exported", "attention")
PITFALLS = (
    "main_guard",
    "main_guard_cured",
    "random_numbers",
    "error_in_worker",
    "killed_worker",
    "unbalanced",
    "streams",
)
LOGGING = ("first", "one_folder", "no_flush", "tensor")
FOLDERS = {
    **dict.fromkeys(NEXT, "next"),
    **dict.fromkeys(PITFALLS, "loading/pitfalls"),
    **dict.fromkeys(LOGGING, "tensorboard/programs"),
}


PLAIN = ("schedule", "mixed_precision", "own_layer", "exported", "attention", *LOGGING)
"""Those that start no processes and measure nothing: they need no process of their own."""


@pytest.fixture
def ran(tmp_path_factory: pytest.TempPathFactory, run_script: Scripts) -> Callable[[str], tuple[int, str]]:
    """The exit code of a program and what it prints, in an empty folder, with nothing of the app's."""

    folder = tmp_path_factory.mktemp("program")  # a short name: of a socket's path few letters may be used

    def run(name: str) -> tuple[int, str]:
        if name in PLAIN:
            return 0, run_script.printed(Program(FOLDERS[name], name).text, folder)
        (folder / f"{name}.py").write_text(Program(FOLDERS[name], name).text)
        ran = subprocess.run(
            [sys.executable, f"{name}.py"],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return ran.returncode, ran.stdout

    return run


def test_the_lists_are_whole() -> None:
    for folder, names in (("next", NEXT), ("loading/pitfalls", PITFALLS), ("tensorboard/programs", LOGGING)):
        assert {path.stem for path in (CORE / folder).glob("*.py")} == {"__init__", *names}


@pytest.mark.parametrize("name", FOLDERS)
def test_needs_nothing_of_the_app(name: str) -> None:
    text = Program(FOLDERS[name], name).text
    imported = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))
    assert imported <= {"torch", "numpy", "tensorboard", *sys.stdlib_module_names}
    assert "type: ignore" not in text


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("schedule", [r"step   0  lr 0\.050", r"step  10  lr 0\.500", r"step  90  lr 0\.015"]),
        ("mixed_precision", [r"mixed False  output torch\.float32", r"mixed True ", r"weights stay torch\.float32"]),
        ("own_layer", [r"gradcheck: True", r"equal to nn\.SiLU: True", r"'1\.scale', \(8,\), True"]),
        ("profiler", [r"Self CPU", r"backward", r"trace\.json is written"]),
        ("exported", [r"torch\.ops\.aten\.linear", r"same output for 500 points: True"]),
        ("attention", [r"step   0 .* accuracy on new sequences \d\d?%", r"step 600 .* (9\d|100)%"]),
        ("main_guard_cured", [r"tensor\(\[0, 1, 2, 3\]\)\ntensor\(\[4, 5, 6, 7\]\)"]),
        ("streams", [r"^Countdown, num_workers=2: \[\[10, 9, 8, 7, 6\], \[10, 9, 8, 7, 6\]",
                     r"SharedCountdown, num_workers=2: \[\[10, 8, 6, 4, 2\], \[9, 7, 5, 3, 1\]\]"]),
        ("unbalanced", [r"rare class: +50 of 1000", r"rare class: +(4|5)\d\d of 1000", r"of the rare class: 0 of 20"]),
        ("first", [r"one file of \d{4} bytes", r"\(3, 6\.0\)\] … \(99, 198\.0\)"]),
        ("one_folder", [r"^runs/all: .*step 3 0\.262, step 0 1\.000", r"^runs/lr0\.4: step 0 1\.000.*step 3 0\.000$"]),
        ("no_flush", [r"runs/forgotten: 0 of 5", r"runs/flushed: 5 of 5", r"runs/closed: 5 of 5"]),
        ("tensor", [r"step 1000: total \+= loss holds 3001 operations, loss\.item\(\) 0", r"not one of three: Assert"]),
    ],
)  # fmt: skip
def test_runs_to_its_end(name: str, words: list[str], ran: Callable[[str], tuple[int, str]]) -> None:
    code, output = ran(name)
    assert code == 0, output
    for word in words:
        assert re.search(word, output, re.MULTILINE), output


@pytest.mark.long
def test_compile_counts_when_it_pays_or_says_what_is_missing(ran: Callable[[str], tuple[int, str]]) -> None:
    code, output = ran("compiled")
    assert code == 0, output
    if any(map(shutil.which, ("c++", "g++", "clang++"))):
        assert "same output: True" in output and "first call" in output and "pa" in output.splitlines()[-1]
    else:
        assert "no C++ compiler" in output


@pytest.mark.long
def test_two_processes_keep_the_same_weights(ran: Callable[[str], tuple[int, str]]) -> None:
    code, output = ran("distributed")
    assert code == 0, output
    reports = re.findall(r"epoch (\d)  rank (\d)  200 samples  loss (\S+)  first weight (\S+)", output)
    assert len(reports) == 6
    for epoch in "012":
        losses, weights = zip(*[(loss, weight) for at, _rank, loss, weight in reports if at == epoch], strict=True)
        assert len(set(weights)) == 1 and len(set(losses)) == 2
    assert len({weight for *_rest, weight in reports}) == 3


def test_no_thread_of_the_process_group_is_left_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "distributed.py").write_text(Program("next", "distributed").text)
    alone = (
        "import os, distributed; distributed.WORLD_SIZE = 1; distributed.train(0, os.path.abspath('meeting_point'))\n"
        "print([open(f'/proc/self/task/{task}/comm').read().strip() for task in os.listdir('/proc/self/task')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", alone], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "python" in ran.stdout and "gloo" not in ran.stdout


def test_what_today_repeats_in_workers_and_what_does_not(ran: Callable[[str], tuple[int, str]]) -> None:
    code, output = ran("random_numbers")
    assert code == 0, output
    counted = re.findall(r"^  (\S+) .*?(\d) of 8 are different$", output, re.MULTILINE)
    as_it_is, by_number, cured = (dict(counted[start : start + 4]) for start in (0, 4, 8))
    assert as_it_is == {"torch.rand": "8", "random.random": "8", "np.random.rand": "8", "self.rng.random": "2"}
    assert by_number == {"torch.rand": "8", "random.random": "8", "np.random.rand": "4", "self.rng.random": "2"}
    assert set(cured.values()) == {"8"}


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("main_guard", ["finished its bootstrapping phase", "if __name__ == '__main__':", "DataLoader worker"]),
        ("error_in_worker", ["Caught ValueError in DataLoader worker process 0", "Original Traceback",
                             "ValueError: not enough values to unpack"]),
        ("killed_worker", [r"DataLoader worker \(pid.*\) (is killed by signal: Killed|exited unexpectedly)"]),
    ],
)  # fmt: skip
def test_fails_as_its_lesson_says(name: str, words: list[str], ran: Callable[[str], tuple[int, str]]) -> None:
    code, output = ran(name)
    assert code == 1
    for word in words:
        assert re.search(word, output), output
    if name == "error_in_worker":
        assert output.strip().splitlines()[-1].startswith("ValueError"), "read from the bottom"


def test_a_job_tells_the_output_without_this_machines_folders(manager: Manager) -> None:
    jobs = Jobs(lambda owner: True, at_once=1)
    job = jobs.start("anne", run_program, Program("loading/pitfalls", "error_in_worker"))
    assert job.over.wait(100)
    assert (job.status, job.problem) == ("finished", None)
    output = "".join(event["text"] for event in job.events if event["kind"] == "output")
    assert job.events[-1] == {"kind": "exit", "code": 1}
    assert 'File "error_in_worker.py", line' in output and 'File "…/torch/utils/data/dataloader.py"' in output
    assert sys.prefix not in output and str(job.folder) not in output and str(Path.home()) not in output
    jobs.close()
