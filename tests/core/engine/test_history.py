"""What a run has measured: exact, in order, and small."""

from __future__ import annotations

import math
import random
import tracemalloc

import numpy as np
import pytest
import torch

from core.engine.history import Column, History, extremes


def column(*values: tuple[int, float | None]) -> Column:
    made = Column()
    for step, value in values:
        made.append(step, value)
    return made


EXTREMES = [0.0, -0.0, 0.1, 1 / 3, 1e300, -1e300, 5e-324, 1e-45, 3.4028235e38, 3.5e38, 16777217.0, None, 2.0**-149]


@pytest.mark.parametrize("first", EXTREMES)
@pytest.mark.parametrize("second", EXTREMES)
def test_values_are_exact(first: float | None, second: float | None) -> None:
    values = column((1, first), (2, second), (3, 0.5)).values()
    assert list(map(repr, values)) == list(map(repr, [first, second, 0.5])), "-0.0 too"


def test_losses_take_four_bytes() -> None:
    losses = torch.rand(1000, generator=torch.manual_seed(0)).tolist()
    made = column(*enumerate(losses))
    assert made.values() == losses and made._values.itemsize == 4
    made.append(1000, 0.1)
    assert made.values() == [*losses, 0.1] and made._values.itemsize == 8


def test_steps_of_any_kind_come_back() -> None:
    chance = random.Random(0)
    for _ in range(200):
        steps, step = [], 0
        for _ in range(chance.randrange(1, 60)):
            step += chance.choice((1, 1, 1, 1, 10, 10, chance.randrange(1, 1000)))
            steps.append(step)
        made = column(*((step, step / 7) for step in steps))
        begin = chance.randrange(len(steps) + 1)
        assert list(made.steps(begin)) == steps[begin:] and len(made) == len(steps)
        assert made.values(begin) == [step / 7 for step in steps[begin:]]
        assert made.last == (steps[-1], steps[-1] / 7)


def test_what_came_since_is_added_to_what_is_known() -> None:
    history = History()
    known = history.lengths()
    whole: dict[tuple[str, str], list[tuple[int, float | None]]] = {}
    for step in range(1, 101):
        history.add(
            "run", {"step": step, "epoch": 1, "loss/train": step / 3, **({"acc": 1.0} if step % 5 == 0 else {})}
        )
        if step % 3 == 0:
            history.add("beside", {"step": step, "epoch": 1, "loss/train": None})
        if step % 7 == 0 or step == 100:
            for lane, metrics in history.since(known).items():
                for name, part in metrics.items():
                    pairs = zip(part["step"], part["value"], strict=True)
                    whole.setdefault((lane, name), []).extend(pairs)
            known = history.lengths()
            assert history.since(known) == {}
    assert whole == {
        (lane, name): list(zip(part["step"], part["value"], strict=True))
        for lane, metrics in history.since({}).items()
        for name, part in metrics.items()
    }
    assert [step for step, _ in whole["run", "loss/train"]] == list(range(1, 101))
    assert [step for step, _ in whole["run", "acc"]] == list(range(5, 101, 5))
    assert history.last("run") == {"loss/train": 100 / 3, "acc": 1.0} and history.last("beside") == {"loss/train": None}
    assert history.last("nobody") == {}


def test_it_is_small() -> None:
    tracemalloc.start()
    try:
        history = History()
        for step in range(1, 20_001):
            history.add("run", {"step": step, "epoch": 1, "loss/train": step / 4})
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert used < 8 * 20_000


@pytest.mark.parametrize("length", [1501, 1502, 2999, 3000, 50_000])
def test_a_thinned_plot_has_every_peak_and_gap(length: int) -> None:
    values = np.random.default_rng(length).normal(size=length)
    values[[7, length // 2, length - 2]] = 100, -100, np.nan
    chosen = extremes(values, 1500)
    assert chosen[[0, 7, length // 2, length - 2, length - 1]].all()
    assert 700 < chosen.sum() < 1560


def test_a_viewer_gets_a_long_history_thinned() -> None:
    history = History()
    for step in range(1, 20_001):
        accuracy = {} if step % 10 else {"acc": 1.0}
        history.add("run", {"step": step, "epoch": 1, "loss/train": math.sin(step), **accuracy})
    kept = [500, 12_345, 19_999]
    series = history.since({}, 1500, kept)["run"]["loss/train"]
    assert len(series["step"]) < 1560 and series["step"] == sorted(set(series["step"]))
    assert set(kept) <= set(series["step"]) and series["step"][-1] == 20_000
    for step, value in zip(series["step"], series["value"], strict=True):
        assert value == pytest.approx(math.sin(step), abs=1e-6)
    zoomed = history.since({}, 1500, kept, (5000, 5999))["run"]
    assert zoomed["loss/train"]["step"] == list(range(5000, 6000))
    assert zoomed["loss/train"]["value"] == history.since({})["run"]["loss/train"]["value"][4999:5999], "exact"
    assert zoomed["acc"]["step"] == list(range(5000, 6000, 10))
    nothing = history.since({}, 1500, kept, (30_000, math.inf))["run"]
    assert [part["step"] for part in nothing.values()] == [[], []]


def test_a_lone_gap_stays() -> None:
    made = column(*((step, None if step == 5000 else 1.0) for step in range(10_000)))
    thin = made.thinned(100, ())
    assert (5000, None) in zip(thin["step"], thin["value"], strict=True)
