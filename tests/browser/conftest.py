"""A server and a Chromium for the tests in this folder, each of which drives the app as a person does."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, ConsoleMessage, Page, WebError, expect

from pages.shared.server.framing import FRAME_ANCESTORS
from tests.browser.app import App, chromium, free_port
from tests.browser.screen import BEHIND, PATIENCE, Screen, listen

VISITOR: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "color_scheme": "light"}
HOST_KEY = "a key that opens the host's page"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and run them last: the others are quicker to tell what is wrong."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker("browser")
        if chromium() is None:
            item.add_marker(pytest.mark.skip(reason="there is no Chromium here: apt install chromium"))
    items[:] = [item for item in items if item not in here] + here


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """This machine's own Chromium."""
    expect.set_options(timeout=PATIENCE)
    return {**browser_type_launch_args, "executable_path": chromium(), "args": ["--disable-gpu"]}


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The server of all tests that do not end it."""
    made = App(tmp_path_factory.mktemp("app"), environment={"TORCH_PLAYGROUND_HOST_KEY": HOST_KEY})
    yield made
    made.end()


@pytest.fixture(scope="session")
def hasty_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A server that waits only six seconds for a person to come back."""
    made = App(tmp_path_factory.mktemp("hasty"), grace=6)
    yield made
    made.end()


@pytest.fixture(scope="session")
def other_port() -> int:
    """Where the proxy listens that does not pass Host on; `class_app` is told of it when it starts."""
    return free_port()


@pytest.fixture(scope="session")
def class_app(other_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A server that Streamlit's settings put below a path; it knows pages of another origin, any site may frame it."""
    options = {"baseUrlPath": "class/a", "corsAllowedOrigins": f"http://127.0.0.1:{other_port}"}
    made = App(tmp_path_factory.mktemp("class"), environment={FRAME_ANCESTORS: "*"}, options=options)
    yield made
    made.end()


@pytest.fixture
def own_app(tmp_path: Path) -> Iterator[App]:
    """A server that the test may end."""
    made = App(tmp_path)
    yield made
    if made.process.poll() is None:
        made.end()


class Person:
    """One person's browser, with cookies of its own."""

    def __init__(self, context: BrowserContext, url: str):
        self.context = context
        self.url = url
        self.pages: list[Page] = []
        self.errors: list[str] = []
        context.on("weberror", self._fell)
        context.on("console", self._said)

    def _fell(self, error: WebError) -> None:
        self.errors.append(str(error.error))

    def _said(self, message: ConsoleMessage) -> None:
        source = message.location["url"]
        ours = "/assets/" in source or "/live/" in source or source.startswith("blob:")  # a module of the pack
        if message.type == "error" and ours:
            self.errors.append(f"{message.text} ({source})")

    def tab(self) -> Screen:
        """An empty tab; whoever had this browser before has left nothing in it."""
        page = self.context.new_page()
        listen(page)
        if not self.pages:
            site = "/".join(self.url.split("/")[:3])
            kept = {"origin": site, "storageTypes": "local_storage"}
            self.context.new_cdp_session(page).send("Storage.clearDataForOrigin", kept)
        self.pages.append(page)
        return Screen(page, self.url)

    def open(self, path: str = "/classifier") -> Screen:
        """A tab at that address."""
        return self.tab().open(path)

    def leave(self) -> None:
        """Close all tabs."""
        for page in self.pages:
            page.close()
        self.context.remove_listener("weberror", self._fell)
        self.context.remove_listener("console", self._said)


def prepared(context: BrowserContext) -> BrowserContext:
    """A browser in which every page can be looked behind."""
    context.set_default_timeout(PATIENCE)
    context.add_init_script(BEHIND)
    return context


@pytest.fixture(scope="session")
def used_context(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser with warm caches, as a returning visitor has; without its cookies it is someone new."""
    folder = tmp_path_factory.mktemp("browser")
    context = browser_type.launch_persistent_context(folder, **browser_type_launch_args, **VISITOR)
    yield prepared(context)
    context.close()


@pytest.fixture(scope="session")
def contexts(browser: Browser, used_context: BrowserContext) -> Iterator[dict[str, list[BrowserContext]]]:
    """All browsers by their options: a start with cold caches takes seconds, so later tests use them again."""
    made = {json.dumps({}): [used_context]}
    yield made
    for known in made.values():
        for context in known:
            if context is not used_context:
                context.close()


@pytest.fixture
def person(browser: Browser, app: App, contexts: dict[str, list[BrowserContext]]) -> Iterator[Callable[..., Person]]:
    """Makes people, each with cookies of their own. An error in anyone's browser fails the test."""
    people: list[Person] = []
    used: Counter[str] = Counter()

    def make(url: str = app.url, **options: Any) -> Person:
        kind = json.dumps(options, sort_keys=True)
        known = contexts.setdefault(kind, [])
        if used[kind] == len(known):
            known.append(prepared(browser.new_context(**{**VISITOR, **options})))
        context = known[used[kind]]
        used[kind] += 1
        context.clear_cookies()
        people.append(Person(context, url))
        return people[-1]

    yield make
    for visitor in people:
        visitor.leave()
    app.end_workers()
    assert [visitor.errors for visitor in people if visitor.errors] == []


@pytest.fixture
def screen(person: Callable[..., Person]) -> Screen:
    """A new person's tab with the classifier, opened by a link to the tutorial's settings."""
    return person().open("/classifier?dataset=clouds")
