"""How fast bfloat16 is here is measured in a process of its own, for each experiment that offers it."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from core.config import Problem
from core.machine import bfloat16
from core.processes import confined
from core.processes.confined import Unable


@pytest.fixture(autouse=True)
def nothing_measured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(bfloat16, "_speeds", {})
    yield


def test_each_experiment_with_the_choice_is_measured() -> None:
    assert bfloat16.speed("cnn") is None
    bfloat16.measure()
    for name in ("cnn", "vgg"):
        speed = bfloat16.speed(name)
        assert speed is not None and 0.001 < speed < 100
    assert bfloat16.speed("classifier") is None


def test_what_can_not_be_measured_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(*_arguments: object, **_options: object) -> bytes:
        raise Unable(Problem("", "This takes too long."))

    monkeypatch.setattr(bfloat16, "confined", unable)
    bfloat16.measure()
    assert bfloat16.speed("cnn") is None


def test_the_fastest_of_a_few_tries_counts_and_a_long_one_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.1, 1.0, 1.05, 2.0, 2.2])
    monkeypatch.setattr("time.process_time", lambda: next(clock))
    assert bfloat16.fastest(lambda: None) == pytest.approx(0.05)
    clock = iter([0.0, 5.0])
    assert bfloat16.fastest(lambda: None) == 5


def test_the_first_step_counts_in_neither_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds, taken = [0.0], {False: 0, True: 0}

    def loss() -> torch.Tensor:
        half = torch.is_autocast_enabled("cpu")
        seconds[0] += 0.1 if taken[half] else 10
        taken[half] += 1
        return torch.zeros(1, requires_grad=True).sum()

    bench = SimpleNamespace(loss=loss, optimizer=torch.optim.SGD([torch.zeros(1)]))
    known = SimpleNamespace(bench=lambda _config: bench, config=SimpleNamespace(create=lambda values: values))
    monkeypatch.setattr(bfloat16, "experiment", lambda _name: known)
    monkeypatch.setattr("time.process_time", lambda: seconds[0])
    assert bfloat16.speedup("cnn") == pytest.approx(1)


def test_no_file_of_a_persons_waits_for_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "_places", threading.BoundedSemaphore(1))
    with confined._places:
        bfloat16.measure()
    assert bfloat16.speed("cnn") is not None
