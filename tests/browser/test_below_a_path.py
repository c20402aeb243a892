"""The app below a path and behind nginx, as a school's host may serve it: what a page needs is found wherever it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.app import App, free_port
from tests.browser.conftest import Person
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
from tests.browser.screen import PATIENCE

DIRECTLY = "Streamlit's own path"
PLACES = ["nginx takes the path away", DIRECTLY, "nginx keeps the path", "nginx names another host", "nginx has TLS"]


@pytest.fixture(params=PLACES)
def root(request: pytest.FixtureRequest, app: App, class_app: App, other_port: int, tmp_path: Path) -> Iterator[str]:
    """The app's address as a browser has it, at each of the places."""
    if request.param == DIRECTLY:
        yield class_app.url
        return
    passed_on = HOST + WEBSOCKETS
    port, secure_port, path = None, free_port(), "/class/a"
    kept = f"location /class/ {{ proxy_pass {class_app.site}; {passed_on} }}"
    if request.param == "nginx takes the path away":
        path = "/user/x/proxy/8501"
        lines = f"location {path}/ {{ proxy_pass {app.site}/; {passed_on} }}"
    elif request.param == "nginx keeps the path":
        lines = kept
    elif request.param == "nginx names another host":
        port, lines = other_port, kept.replace(HOST, "")
    else:
        lines = tls(secure_port, tmp_path) + kept.replace(HOST, HOST + "proxy_set_header X-Forwarded-Proto $scheme;")
    with behind_nginx(lines, tmp_path, port) as site:
        yield (f"https://127.0.0.1:{secure_port}" if "ssl" in lines else site) + path


@contextmanager
def behind_nginx(lines: str, folder: Path, port: int | None = None) -> Iterator[str]:
    """nginx with these lines; whoever asks for what is outside the app's path fails the test."""
    if program() is None and "CI" not in os.environ:
        pytest.skip("nginx is not here: apt install nginx-light")
    outside = folder / "outside.log"
    with nginx(f"{lines} location / {{ access_log {outside}; return 404; }}", port) as site:
        yield site
    assert outside.read_text() == ""


@pytest.mark.one_in(5)
def test_a_run_is_followed_and_found_again(person: Callable[..., Person], root: str) -> None:
    me = person(root, ignore_https_errors=True)
    screen = me.tab()
    with in_vain(me.context, root) as problems:
        screen.open(PAGE)
        run, step = train_and_pause(screen.page.main_frame)
        screen.reload()
        is_kept(screen.page.main_frame, run, step)
        screen.page.get_by_test_id("stPopoverButton").click()
        link = screen.page.get_by_test_id("stPopoverBody").get_by_test_id("stCode")
        expect(link).to_contain_text(f"{root}/classifier?dataset=circles&")
        tensorboard_is_drawn(screen.page.main_frame, root)
        assert problems == []


@pytest.mark.long
def test_everything_is_found(person: Callable[..., Person], root: str) -> None:
    everything_is_found(person(root, ignore_https_errors=True))


@pytest.mark.long
def test_nginx_names_another_host_and_streamlit_lets_all_pages_ask(
    person: Callable[..., Person], tmp_path: Path
) -> None:
    app = App(tmp_path, options={"enableCORS": "false"})
    with behind_nginx(f"location /play/ {{ proxy_pass {app.site}/; {WEBSOCKETS} }}", tmp_path) as site:
        me = person(f"{site}/play")
        everything_is_found(me)
        me.pages[0].close()
    app.end()


def everything_is_found(me: Person) -> None:
    """Train, hand the link on, follow links, go astray, look into TensorBoard, upload: nothing is asked for in vain."""
    screen = me.tab()
    page, root = screen.page, me.url
    with in_vain(me.context, root) as problems:
        screen.open(PAGE)
        run, step = train_and_pause(page.main_frame)
        screen.reload()
        is_kept(page.main_frame, run, step)

        page.get_by_test_id("stPopoverButton").click()
        link = page.get_by_test_id("stPopoverBody").get_by_test_id("stCode")
        expect(link).to_contain_text(f"{root}/classifier?dataset=circles&")
        handed_on = me.open(link.inner_text().strip().removeprefix(root))
        expect(handed_on.part("play")).to_be_enabled(timeout=PATIENCE)
        handed_on.page.close()
        page.keyboard.press("Escape")

        sheet = page.get_by_role("link", name="Worksheet to print")
        term = page.get_by_test_id("stMarkdown").locator("a[href*='glossary']").first
        for place, address in ((sheet, "/worksheets/classifier/lesson?lang=en"), (term, "/glossary?lang=en#")):
            target = place.evaluate("(link) => link.href")
            assert target.startswith(root + address)
            tab = me.tab().page
            tab.goto(target)
            tab.get_by_role("heading").first.wait_for()
            tab.close()

        page.goto(f"{root}/a/b/c")
        page.get_by_role("link", name="To the home page").click()
        card = page.get_by_test_id("home-cards").locator("a[href='cnn']")
        expect(card).to_be_visible(timeout=PATIENCE)
        card.click()
        page.wait_for_url(f"{root}/cnn*")
        expect(screen.part("play")).to_be_enabled(timeout=PATIENCE)
        page.goto(f"{root}/tensorboard?lang=en")
        assert page.url == f"{root}/logging?lang=en"

        tensorboard_is_drawn(page.main_frame, root)
        tensorboard_is_drawn_in_a_tab(page.main_frame)
        a_file_is_taken(page.main_frame, root)
        assert problems == [f"404: {root}/a/b/c"]
