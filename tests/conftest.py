"""What all tests share: those that go over all experiments can be run for one of them, and a minute can be kept to."""

from __future__ import annotations

import time

import pytest

from tests.experiments import NAMES


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--experiment", metavar="NAME", help="only what a new experiment has to pass, of this one")
    parser.addoption("--begin-before", type=float, metavar="TIME", help="begin no test after it; seconds since 1970")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what `sh scripts/check --fast` has no time for."""
    last = item.config.getoption("--begin-before")
    if last is not None and time.time() > last:
        pytest.skip("no time was left for it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the general tests, leave out those of other experiments, and all other tests."""
    chosen = config.getoption("--experiment")
    if chosen is None:
        return
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        of_another = parameters.get("name") in set(NAMES) - {chosen}
        wanted = item.get_closest_marker("general") is not None and not of_another
        (kept if wanted else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept
