"""Measurements are of what happened: bars and figures fit together, and a killed worker is reported."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.engine.manager import Manager
from core.loading.config import LoadingConfig
from core.loading.measure import Bar, Order, Result, measure
from core.processes.jobs import Job, Jobs, limits_of_a_job
from tests.waiting import PATIENCE, until, until_gone

SMALL = {"samples": 32, "batch_size": 8, "decode_ms": 1, "num_epochs": 2}
LONG = {"samples": 256, "decode_ms": 50, "num_workers": 2, "persistent_workers": True, "num_epochs": 5}
"""Goes on for half a minute, with the same workers all the time; each of them takes long for a batch."""
LONGEST = 80.0
"""Seconds a setting may take on a machine that is busy with much else."""


def config(**values: Any) -> LoadingConfig:
    return LoadingConfig.create({**SMALL, **values})


def results(job: Job) -> list[Result]:
    return [event["result"] for event in job.events if event["kind"] == "result"]


def bars(job: Job, setting: int = 0) -> list[Bar]:
    return [bar for event in job.events if event["kind"] == "bars" and event["setting"] == setting
            for bar in event["bars"]]  # fmt: skip


def lane(all_bars: list[Bar], number: int) -> list[Bar]:
    return sorted((bar for bar in all_bars if bar[0] == number), key=lambda bar: bar[2])


def test_bars_and_figures_tell_the_same_story(done: Callable[..., Job]) -> None:
    configs = [config(), config(num_workers=2), config(num_workers=2, persistent_workers=True)]
    job = done(measure, Order(configs, LONGEST))
    assert (job.status, job.problem) == ("finished", None)
    for number, (measured, result) in enumerate(zip(configs, results(job), strict=True)):
        all_bars = bars(job, number)
        assert (result.batches, result.samples) == (8, 64)
        assert len(result.epochs) == 2 and not result.cut
        assert {bar[0] for bar in all_bars} == set(range(measured.num_workers + 1))
        for each in range(measured.num_workers + 1):
            for before, after in pairwise(lane(all_bars, each)):
                assert after[2] >= before[3] - 0.1, "nobody does two things at once"
        fetched = [bar for bar in all_bars if bar[1] == "fetching"]
        computed = {bar[4]: bar for bar in all_bars if bar[1] == "computing"}
        assert sorted(bar[4] for bar in fetched) == sorted(computed) == list(range(8))
        assert all(bar[3] <= computed[bar[4]][2] for bar in fetched), "a batch is fetched before it is trained on"
        assert all(bar[3] - bar[2] >= 8 for bar in fetched), "8 samples of 1 ms of a core"
        times = [bar[3] - bar[2] for bar in computed.values()]
        assert sum(times) == pytest.approx(1000 * result.computed, abs=0.5)
        assert 0 < result.idle < 1
        starts = [bar for bar in all_bars if bar[1] == "starting"]
        assert len(starts) == measured.num_workers * (1 if measured.persistent_workers else 2)
        assert len(result.memory) == measured.num_workers
        assert all(0 < own < seen for own, seen in zip(result.memory, result.resident, strict=True))


def test_what_a_stream_repeats_is_counted(done: Callable[..., Job]) -> None:
    configs = [
        config(style=style, num_workers=2, persistent_workers=keep, decode_ms=0)
        for style in ("stream", "split")
        for keep in (False, True)
    ]
    job = done(measure, Order(configs, LONGEST))
    assert [result.samples for result in results(job)] == [128, 128, 64, 64]
    assert [result.batches for result in results(job)] == [16, 16, 8, 8]
    assert [len(result.memory) for result in results(job)][1::2] == [2, 2], "workers that stay can be weighed"


@pytest.mark.parametrize("dataset", ["memory", "drawn", "files"])
def test_every_data_set_every_way(dataset: str, done: Callable[..., Job]) -> None:
    configs = [
        config(dataset=dataset, file_size=64, style="tensor", shuffle=True),
        config(dataset=dataset, file_size=64, num_workers=1, collate_fn="floats", shuffle=True, drop_last=True),
        config(dataset=dataset, file_size=64, pin_memory=True, step="accelerator", step_ms=5, num_epochs=1),
    ]
    job = done(measure, Order(configs, LONGEST))
    assert (job.status, job.problem) == ("finished", None)
    tensor, floats, pinned = results(job)
    assert [result.samples for result in (tensor, floats, pinned)] == [64, 64, 32]
    assert tensor.prepared > 0 and tensor.memory == []
    assert pinned.computed >= 4 * 0.005
    assert any("no accelerator is found" in warning for warning in pinned.warnings)
    assert {bar[1] for bar in bars(job)} >= {"preparing", "fetching", "computing"}


def test_a_killed_worker_is_told_in_one_sentence(jobs: Jobs) -> None:
    job = jobs.start("anne", measure, Order([config(**LONG)], LONGEST))
    until(lambda: bars(job))
    assert job.process is not None
    main = job.process.pid
    workers = children(main)
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    assert job.over.wait(PATIENCE)
    assert job.status == "failed"
    assert str(job.problem).startswith("PyTorch says: DataLoader worker (pid")
    assert str(workers[0]) in str(job.problem) and "\n" not in str(job.problem)
    until_gone([main, *workers])


def test_a_hung_worker_is_told_in_one_sentence(manager: Manager) -> None:
    jobs = Jobs(lambda owner: True)
    job = jobs.start("anne", measure, Order([config(**LONG)], LONGEST), limits_of_a_job(silence=PATIENCE))
    until(lambda: bars(job))
    assert job.process is not None
    main = job.process.pid
    workers = children(main)
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGSTOP)
    job.process.limits = replace(job.limits, silence=4)
    assert job.over.wait(PATIENCE)
    assert job.status == "failed" and "a process hangs" in str(job.problem)
    until_gone([main, *workers])
    jobs.close()


def test_ending_it_ends_the_workers(jobs: Jobs) -> None:
    job = jobs.start("anne", measure, Order([config(**LONG)], LONGEST))
    until(lambda: bars(job))
    assert job.process is not None
    pids = [job.process.pid, *children(job.process.pid)]
    folder = job.folder
    jobs.end(job)
    assert (job.status, job.problem) == ("ended", None)
    assert len(pids) == 3
    until_gone(pids)  # those that were killed may still be about to go
    assert folder is not None and not folder.exists()


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
