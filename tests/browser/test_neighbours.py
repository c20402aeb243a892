"""Another program on the same host, on another port: its cookies harm nobody, its pages get nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Person

LARGE = [f"kept{number}={'x' * 3000}" for number in range(6)]
"""More than the 8 kB that sockets' handshakes take by themselves."""
COOKIES = ['prefs={"mode":"dark"}', "a=b c", "novalue", 'open="', "torch_playground=short; Path=/live", *LARGE]
OPENED = """(address) => new Promise((resolve) => {
    const socket = new WebSocket(address, address.includes("_stcore") ? ["streamlit"] : []);
    socket.onopen = () => { resolve(true); socket.close(); };
    socket.onclose = () => resolve(false);
})"""
READ = """async ([address, options]) => {
    try { return (await fetch(address, { credentials: "include", ...options })).text(); } catch { return ""; }
}"""


class Neighbour(BaseHTTPRequestHandler):
    """A page that sets its cookies."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        for cookie in COOKIES:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(b"<title>Neighbour</title>")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def neighbour() -> Iterator[str]:
    """The address of that program."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Neighbour)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_cookies_of_others_take_nobodys_runs_away(person: Callable[..., Person], neighbour: str) -> None:
    me = person()
    first = me.open("/classifier?num_steps=50000")
    run = first.play(speed=30)
    first.page.close()
    other = me.tab()
    other.page.goto(neighbour)
    assert {"prefs", "a"} <= {cookie["name"] for cookie in me.context.cookies(neighbour)}
    again = me.open()
    assert again.other_run(None) == run
    again.status("running")
    again.press("play")
    again.status("paused")


def test_pages_of_others_get_nothing(person: Callable[..., Person], neighbour: str) -> None:
    me = person()
    mine = me.open()
    run = mine.play(speed=30)
    there = me.tab().page
    there.goto(neighbour)
    socket = me.url.replace("http", "ws")
    for path in ("/_stcore/stream", f"/live/{run}"):
        assert mine.page.evaluate(OPENED, socket + path)
        assert not there.evaluate(OPENED, socket + path)
    for path in (f"/live/{run}/history", "/tensorboard/data/runs", "/_stcore/health"):
        assert mine.page.evaluate(READ, [me.url + path, {}])
        for options in ({}, {"mode": "no-cors"}, {"method": "POST", "body": "x"}):
            assert there.evaluate(READ, [me.url + path, options]) == ""
    there.set_content(f'<a href="{me.url}/">over there</a>')
    there.get_by_role("link").click()
    expect(there.get_by_role("heading", name="Torch Playground")).to_be_visible()
    me.errors.clear()
