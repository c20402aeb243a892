"""Fixtures of the tests that run pages and routes without a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.state import session_state_proxy

import core.engine.jobs
from core.engine import manager as engine
from core.engine.manager import Manager
from core.engine.store import Store
from core.processes.jobs import Jobs
from pages.shared.server import first_picture
from tests.pages.tabs import ANNE, Tab


@contextmanager
def serving(folder: Path) -> Iterator[Manager]:
    """The server's manager, with that data folder, while inside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_PLAYGROUND_DATA", str(folder))
        made = Manager(Store(folder))
        patch.setattr(engine, "_manager", made)
        yield made
        made.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """The server's manager, with a data folder of its own."""
    with serving(tmp_path) as made:
        yield made


@pytest.fixture
def server_jobs(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    """The server's jobs. AppTest closes no tab, so its people are always there."""
    made = Jobs(lambda owner: True, at_once=1, admit=manager.presence.admit)
    monkeypatch.setattr(core.engine.jobs, "_jobs", made)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def app_of_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest takes pages/ for Streamlit's old automatic pages; the door switches those off for the server."""
    make = PagesManager.__init__

    def without_automatic_pages(self: PagesManager, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", without_automatic_pages)


@pytest.fixture(autouse=True)
def nothing_of_the_test_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest writes labels in the test's own thread, whose session is the same for all tests: its language, too.

    Each test gets a new one. Streamlit makes it at its first use, and would say each time that no server runs.
    """
    monkeypatch.setattr(session_state_proxy, "_mock_session_state", None)
    monkeypatch.setattr(session_state_proxy, "_state_use_warning_already_displayed", True)


@pytest.fixture(autouse=True)
def no_browser_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest has no browser that could say that it has drawn the picture."""
    monkeypatch.setattr(first_picture, "PATIENCE", 0)


@pytest.fixture
def open_tab(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Tab]:
    """Makes tabs: `open_tab()` for Anne, `open_tab(BOB)` for someone else."""
    st.cache_resource.clear()  # all of AppTest's tabs have one session, that of the tests before included
    return lambda owner=ANNE: Tab(monkeypatch, manager, owner)


@pytest.fixture
def classifier(open_tab: Callable[..., Tab]) -> Tab:
    """Anne's classifier page, just opened by a link to the tutorial's settings."""
    return open_tab().open("classifier", dataset="clouds")
