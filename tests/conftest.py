"""What all tests share: the tests that go over all experiments can be run for one of them."""

from __future__ import annotations

import pytest

from tests.experiments import NAMES


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--experiment", metavar="NAME", help="only what a new experiment has to pass, of this one")


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
