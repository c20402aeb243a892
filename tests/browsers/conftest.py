"""The app behind nginx, which puts a script into its pages, and the browsers that look at it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.browser.app import App
from tests.browser.proxy import HOST, WEBSOCKETS, nginx, program
from tests.browser.screen import BEHIND
from tests.browsers.programs import firefox, firefox_program, minibrowser, webkit
from tests.browsers.tab import FAULTS, Tab
from tests.browsers.wires import Wire

BROWSERS: dict[str, Callable[[Path], AbstractContextManager[Wire]]] = {"firefox": firefox, "webkit": webkit}


def missing(browser: str) -> str:
    """What has to be installed for a browser's tests; empty if nothing has to be."""
    if program() is None:
        return "there is no nginx here: apt install nginx-light"
    if browser == "firefox":
        return "" if firefox_program() else "there is no Firefox here: apt install firefox-esr"
    whole = minibrowser() and shutil.which("WebKitWebDriver") and shutil.which("xvfb-run")
    return "" if whole else "there is no WebKitGTK here: apt install webkit2gtk-driver xvfb"


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The server of these tests; it waits long for a slow browser to come back."""
    made = App(tmp_path_factory.mktemp("app"), grace=120)
    yield made
    made.end()


@pytest.fixture(scope="session")
def script() -> Iterator[Path]:
    """What every page is looked behind with; nginx's own user may read it."""
    with tempfile.NamedTemporaryFile("w", suffix=".js") as file:
        file.write(FAULTS + BEHIND)
        file.flush()
        path = Path(file.name)
        path.chmod(0o644)
        yield path


@pytest.fixture(scope="session")
def url(app: App, script: Path) -> Iterator[str]:
    """Where the app's pages have that script before all of theirs."""
    pages = f"""
    location / {{
      proxy_pass {app.url};
      {HOST}{WEBSOCKETS}
      proxy_set_header Accept-Encoding "";
      sub_filter "<head>" '<head><script src="/behind.js"></script>';
    }}
    location = /behind.js {{ alias {script}; }}
    """
    with nginx(pages) as address:
        yield address


@pytest.fixture(scope="session", params=BROWSERS)
def wire(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Each browser once, for all its tests."""
    if lacking := missing(request.param):
        pytest.skip(lacking)
    with BROWSERS[request.param](tmp_path_factory.mktemp(request.param)) as made:
        yield made


@pytest.fixture
def tab(wire: Wire, url: str, app: App) -> Iterator[Tab]:
    """A browser's tab. The runs that were started in it end with the test."""
    yield Tab(wire, url)
    wire.send("WebDriver:Navigate", {"url": "about:blank"})
    app.end_workers()
