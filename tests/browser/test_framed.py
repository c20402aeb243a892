"""The app in a frame of another site, with and without TLS, and in a browser that has all cookies off."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Frame, Page, expect

from pages.shared.server.owner import COOKIE
from tests.browser.app import App, free_port
from tests.browser.conftest import VISITOR, prepared
from tests.browser.essentials import (
    PAGE,
    a_file_is_taken,
    in_vain,
    is_kept,
    tensorboard_is_drawn,
    tensorboard_is_drawn_in_a_tab,
    train_and_pause,
)
from tests.browser.proxy import HOST, WEBSOCKETS, nginx, program, tls

SANDBOX = "allow-scripts allow-same-origin allow-forms allow-popups allow-downloads"
COURSE = """
location /class/ {{
  proxy_pass {app};
  proxy_set_header X-Forwarded-Proto $scheme;
  {passed_on}
}}
location /course {{
  default_type text/html;
  return 200 '<!doctype html><link rel="icon" href="data:,"><title>Course</title>
    <iframe src="$scheme://127.0.0.1:$server_port/class/a{page}" width="1240" height="760"
      sandbox="{sandbox}"></iframe>';
}}
"""
"""The app at 127.0.0.1 and a page that frames it; opened at localhost that page is another site's."""
NO_COOKIES = {"default_content_setting_values": {"cookies": 2}}
NO_COOKIES_OF_OTHERS = {"block_third_party_cookies": True, "cookie_controls_mode": 1}


@dataclass(frozen=True)
class Place:
    """Where someone has the app.

    Attributes:
        scheme: how they reach it.
        framed: whether in a frame on another site.
        settings: of Chromium's profile.
        cookie: what the app's cookie is like, None where the browser keeps none.
        forgets: what the page says where it can store nothing that outlives the page around it; "" elsewhere.
    """

    scheme: str
    framed: bool
    settings: dict[str, Any]
    cookie: dict[str, Any] | None = None
    forgets: str = ""


PLACES = {
    "a frame over https": Place("https", True, NO_COOKIES_OF_OTHERS, {"secure": True, "sameSite": "None"}),
    "cookies off": Place("http", False, NO_COOKIES),
    "a frame over http": Place("http", True, {}, forgets="until whoever runs this server has set up https"),
    "a frame, cookies off": Place("https", True, NO_COOKIES, forgets="Allow cookies for this page"),
}
FIRST = list(PLACES)[:2]
"""Those of which the essential is tried apart, the first at every check."""


@pytest.fixture(scope="module")
def ports(class_app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """At which port the app and the course are, by scheme."""
    if program() is None and "CI" not in os.environ:
        pytest.skip("nginx is not here: apt install nginx-light")
    port = free_port()
    text = COURSE.format(app=class_app.site, passed_on=HOST + WEBSOCKETS, page=PAGE, sandbox=SANDBOX)
    with nginx(tls(port, tmp_path_factory.mktemp("course")) + text) as address:
        yield {"http": int(address.rpartition(":")[2]), "https": port}


@dataclass(frozen=True)
class Visit:
    """Someone at a place.

    Attributes:
        root: the app's address.
    """

    page: Page
    place: Place
    root: str

    def app(self) -> Frame:
        """Where the app is: in the page's frame, if it has one."""
        if not self.place.framed:
            return self.page.main_frame
        element = self.page.locator("iframe").element_handle()
        frame = element.content_frame()
        assert frame is not None
        return frame

    def follow_a_run(self) -> None:
        """Train, pause and reload, the frame alone where the page says so; the cookie is as it has to be."""
        run, step = train_and_pause(self.app())
        kept = {cookie["name"]: cookie for cookie in self.page.context.cookies()}.get(COOKIE)
        assert (kept is None) == (self.place.cookie is None), kept
        assert (self.place.cookie or {}).items() <= (kept or {}).items()
        said = self.app().locator(".st-key-forgetful")
        if self.place.forgets:
            expect(said).to_contain_text(self.place.forgets)
            self.app().evaluate("location.reload()")
        else:
            expect(said.filter(visible=True)).to_have_count(0)
            self.page.reload()
        is_kept(self.app(), run, step)


@pytest.fixture
def visit(
    ports: dict[str, int], browser_type: BrowserType, browser_type_launch_args: dict[str, Any], tmp_path: Path
) -> Callable[[str], AbstractContextManager[Visit]]:
    """Has someone open the app at a place; what they did in vain fails the test."""

    @contextmanager
    def opened(name: str) -> Iterator[Visit]:
        place = PLACES[name]
        with browser(browser_type, browser_type_launch_args, place.settings, tmp_path / "profile") as context:
            here = f"{place.scheme}://127.0.0.1:{ports[place.scheme]}"
            root = f"{here}/class/a"
            course = f"{here.replace('127.0.0.1', 'localhost')}/course"
            errors: list[str] = []
            context.on("weberror", lambda error: errors.append(str(error.error)))
            with in_vain(context, root, course) as problems:
                page = context.new_page()
                page.goto(course if place.framed else root + PAGE)
                yield Visit(page, place, root)
                assert problems == errors == []

    return opened


@contextmanager
def browser(
    browser_type: BrowserType, arguments: dict[str, Any], settings: dict[str, Any], folder: Path
) -> Iterator[BrowserContext]:
    """A browser with these settings of its profile, while inside."""
    (folder / "Default").mkdir(parents=True)
    (folder / "Default" / "Preferences").write_text(json.dumps({"profile": settings}))
    context = browser_type.launch_persistent_context(folder, **arguments, **VISITOR, ignore_https_errors=True)
    yield prepared(context)
    context.close()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", FIRST)
def test_a_run_is_followed_and_found_again(name: str, visit: Callable[[str], AbstractContextManager[Visit]]) -> None:
    with visit(name) as someone:
        someone.follow_a_run()
        tensorboard_is_drawn(someone.app(), someone.root)


@pytest.mark.long
@pytest.mark.parametrize("name", PLACES)
def test_everything_works(name: str, visit: Callable[[str], AbstractContextManager[Visit]]) -> None:
    with visit(name) as someone:
        someone.follow_a_run()
        tensorboard_is_drawn(someone.app(), someone.root)
        tensorboard_is_drawn_in_a_tab(someone.app())
        a_file_is_taken(someone.app(), someone.root)
