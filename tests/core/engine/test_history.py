"""What a run has measured: exact, in order, and small."""

from __future__ import annotations

import random
import tracemalloc

import pytest
import torch

from core.engine.history import Column, History


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
