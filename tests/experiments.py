"""All experiments, for the tests that go over them: one list, and of each the smallest config that it names itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.experiments import experiment, experiments

NAMES = experiments()
"""Every experiment by name."""
HARDEST = {"cell": "LSTM", "num_layers": 2, "dropout": 0.3, "batch_norm": True, "shift": 2}
"""What draws random numbers or keeps more than weights, where an experiment has such a setting."""

Test = Callable[..., None]

general = pytest.mark.general
"""Marks a test that a new experiment has to pass as well: `pytest --experiment NAME` runs it."""


def over_all(test: Test) -> Test:
    """Run a test for every experiment, as its argument `name`."""
    marked: Test = general(pytest.mark.parametrize("name", NAMES)(test))
    return marked


def smallest(name: str, **values: Any) -> Any:
    """The smallest config that an experiment names, on the CPU, with other values for some settings."""
    trained = experiment(name)
    return trained.config.create({**trained.smallest, "device": "cpu", **values})


def hardest(name: str, **values: Any) -> Any:
    """The smallest config with all that makes a step hard to repeat."""
    fields = experiment(name).config.model_fields
    return smallest(name, **{**{field: value for field, value in HARDEST.items() if field in fields}, **values})


def choices(name: str, field: str) -> list[Any]:
    """What can be chosen for a setting; nothing where an experiment does not have it."""
    settings = experiment(name).config.settings()
    return list(settings[field].choices or ()) if field in settings else []
