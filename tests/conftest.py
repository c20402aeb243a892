"""What all tests share: which of them are run, and a minute that can be kept to."""

from __future__ import annotations

import time
from collections import Counter

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take one of a few of a test's parameters, or all that one experiment has to pass and nothing else."""
    chosen = config.getoption("--experiment")
    if chosen is None:
        thin_out(items)
    else:
        leave_out_others(config, items, chosen)


def thin_out(items: list[pytest.Item]) -> None:
    """Leave to the long form what `one_in` does not take: of each test the first parameter is taken."""
    seen: Counter[str] = Counter()
    for item in items:
        marker = item.get_closest_marker("one_in")
        if marker is not None:
            name = item.nodeid.partition("[")[0]
            if seen[name] % marker.args[0]:
                item.add_marker("long")
            seen[name] += 1


def leave_out_others(config: pytest.Config, items: list[pytest.Item], chosen: str) -> None:
    """Of the general tests, leave out those of other experiments, and all other tests."""
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        of_another = parameters.get("name") in set(NAMES) - {chosen}
        wanted = item.get_closest_marker("general") is not None and not of_another
        (kept if wanted else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept
