"""What a network between browser and server breaks: it works by another way, or a true sentence says what to set."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.app import App
from tests.browser.conftest import Person
from tests.browser.proxy import HOST, WEBSOCKETS, nginx, program
from tests.browser.screen import Screen

needs_nginx = pytest.mark.skipif(
    program() is None and not os.environ.get("CI"), reason="there is no nginx here: apt install nginx-light"
)


def passing(app: App, settings: str = HOST + WEBSOCKETS) -> str:
    """A location of nginx that passes everything on with these settings."""
    return f"location / {{ {settings} proxy_pass {app.url}; }}"


def forgive(person: Person, *what: str) -> None:
    """The browser complains of what the network lets through no more: expected, and nothing else is."""
    assert [error for error in person.errors if not any(part in error for part in what)] == []
    person.errors.clear()


def polls(screen: Screen) -> bool:
    """Whether the run on the screen comes without a WebSocket."""
    return bool(screen.look("!!behind.connection()?.transport.page"))


def follow_without_a_socket(me: Person) -> None:
    """Train, pause, go on, change what acts at once, reload: all by polling."""
    screen = me.open("/classifier?num_steps=50000")
    run = screen.play(speed=30)
    assert polls(screen)
    at = screen.look("behind.connection().received")
    screen.until("behind.connection().received > it", at + 10)
    screen.press("play")
    screen.status("paused")
    at = screen.step
    screen.press("step")
    screen.reach(at + 1)
    screen.part("speed").select_option("200")
    screen.press("play")
    screen.status("running")
    screen.until("behind.connection().speed === 200")
    before = screen.look("behind.connection().lr")
    screen.slide("Learning rate", "ArrowRight")
    screen.until("behind.connection().lr > it", before)
    screen.reach(at + 30)
    screen.whole(at + 30)
    screen.reload()
    assert screen.other_run(None) == run
    screen.status("running")
    assert polls(screen)
    at = screen.step
    screen.reach(at + 10)
    screen.whole()


@needs_nginx
def test_where_no_socket_passes_for_a_run_its_picture_comes_by_polling(person: Callable[..., Person], app: App) -> None:
    with nginx(passing(app) + f"location /live/ {{ {HOST} proxy_pass {app.url}; }}") as url:
        me = person(url)
        follow_without_a_socket(me)
        forgive(me, "WebSocket")
        me.pages[0].close()


@needs_nginx
def test_where_nothing_of_the_page_passes_the_first_html_says_what_to_set(
    person: Callable[..., Person], app: App
) -> None:
    with nginx(passing(app, HOST)) as blocked, nginx(passing(app, WEBSOCKETS)) as renamed:
        here, there = person(blocked), person(renamed)
        chinese = person(blocked, locale="zh-CN")
        pages = [(me, me.tab().page) for me in (here, chinese, there)]
        for me, page in pages:
            page.goto(f"{me.url}/classifier")
        sentences = (
            "no WebSocket gets through, and this app needs one. The host's proxy must pass on the headers Upgrade and "
            "Connection for /_stcore/stream.",
            "管理员须让代理为 /_stcore/stream 转发 Upgrade 和 Connection 请求头。",
            f"The host must pass on the Host header, or name {renamed} in server.corsAllowedOrigins.",
        )
        for (_me, page), sentence in zip(pages, sentences, strict=True):
            expect(page.get_by_test_id("not-arrived")).to_contain_text(sentence)
        for me, _page in pages:
            me.errors.clear()


def refuse(route: Route) -> None:
    """Answer as a proxy that has nothing at this address."""
    route.fulfill(status=404, content_type="text/html", body="<h1>Not found</h1>")


def test_a_view_whose_scripts_lead_nowhere_says_so_and_comes_when_they_do(person: Callable[..., Person]) -> None:
    me = person()
    screen = me.tab()
    screen.page.route("**/assets/**", refuse)
    screen.page.goto(f"{me.url}/classifier")
    note = screen.part("not-loaded")
    expect(note).to_contain_text("/live.js does not lead to this app (status 404). The host's proxy must pass it on")
    below = screen.page.get_by_role("radiogroup", name="Sections")
    expect(below).to_be_visible()
    at = below.bounding_box()
    screen.page.unroute("**/assets/**")
    screen.shown()
    expect(note).to_have_count(0)
    assert at is not None
    forgive(me, "404", "Failed to fetch dynamically imported module")
