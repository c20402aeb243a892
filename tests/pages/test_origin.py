"""The rule of origin and host at the door: for the app's routes and Streamlit's own, and for every socket."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit import config

from pages.shared.page.layers import layers
from pages.shared.server import origin
from pages.shared.server.assets import asset
from pages.shared.server.framing import Framing
from pages.shared.server.owner import COOKIE
from pages.shared.server.watching import Watching
from tests.pages.door import HERE, cookie_of, door, visit
from tests.pages.tabs import ANNE

FOREIGN = [
    "null",
    "",
    "http://localhost:8888",
    "http://127.0.0.1:8501",
    "http://0.0.0.0",
    "http://testserver:8501",
    "http://testserver.evil.example",
    "http://user@testserver",
    "http://testserver/",
    "http://evil.example",
    "testserver",
    "file://",
    "ftp://testserver",
    "http://[",
    "http://[::1",
    "http://]testserver[",
    "http://testserver:port",
    "http://testserver\\@evil.example",
    "http://tests\u00e9rver",
    "http://testserver http://evil.example",
    "x" * 4000,
]
"""What a foreign page, or no page at all, may say of where it comes from. Streamlit lets the local ones in."""
ROUTES = [
    "/",
    "/classifier",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/media/x",
    "/tensorboard/",
]
"""Of the app and of Streamlit."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A browser at a door whose page says who its visitor is."""
    with door(tmp_path_factory.mktemp("door")) as made:
        yield made


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda text: text[:30])
def test_a_foreign_page_opens_no_socket_of_streamlits(
    client: TestClient, foreign: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(WebSocketDisconnect):
        visit(client, cookie_of(ANNE), foreign)
    assert visit(client, cookie_of(ANNE)) == ANNE
    assert not [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]


def test_a_socket_wants_an_origin(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream", headers={}):
        raise AssertionError("the socket was opened")


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda text: text[:30])
def test_a_foreign_page_is_answered_by_no_route(client: TestClient, foreign: str) -> None:
    headers = {b"origin": foreign.encode("latin-1"), b"cookie": cookie_of(ANNE).encode()}
    for path in (*ROUTES, asset("shared/live/js/live.js")):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.text) == (403, "This was asked for by a page that is not of this app."), path
        assert "access-control-allow-origin" not in answer.headers
    assert client.put("/_stcore/upload_file/session/file", headers=headers, content=b"x").status_code == 403
    assert client.options("/_stcore/upload_file/session/file", headers=headers).status_code == 403


def test_our_own_page_is_answered(client: TestClient) -> None:
    for here in (HERE, "https://testserver"):
        assert client.get("/_stcore/health", headers={"origin": here}).status_code == 200
        assert visit(client, cookie_of(ANNE), here) == ANNE


def test_programs_that_name_no_page_are_answered(client: TestClient) -> None:
    assert client.get("/_stcore/health").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_is_followed_and_nothing_else_from_elsewhere(client: TestClient, site: str) -> None:
    from_there = {"sec-fetch-site": site}
    assert client.get("/", headers={**from_there, "sec-fetch-mode": "navigate"}).status_code == 200
    for mode in ("no-cors", "cors", "websocket"):
        assert client.get("/_stcore/health", headers={**from_there, "sec-fetch-mode": mode}).status_code == 403
    assert client.post("/tensorboard/", headers={**from_there, "sec-fetch-mode": "navigate"}).status_code == 403
    for ours in ("same-origin", "none"):
        assert client.get("/_stcore/health", headers={"sec-fetch-site": ours}).status_code == 200


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_an_origin_is_ours_if_it_is_the_host_and_only_then(page: str, host: str) -> None:
    headers = Headers(raw=[(b"host", host.encode("latin-1"))])
    assert origin.is_ours(page, headers) is (page in (f"http://{host}", f"https://{host}"))
    assert origin.is_ours(f"https://{host}", headers)


def test_two_hosts_or_two_origins_are_none() -> None:
    twice = Headers(raw=[(b"host", b"a"), (b"host", b"b"), (b"origin", b"http://a")])
    assert not origin.may_ask("GET", twice)
    mixed = Headers(raw=[(b"host", b"a"), (b"origin", b"http://a"), (b"origin", b"http://evil.example")])
    assert not origin.may_ask("GET", mixed) and not origin.may_open_socket(mixed)


def test_streamlits_settings_let_named_pages_in(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a proxy that names another host than the browser does."""
    named = "https://play.example.org"
    options = {"server.enableCORS": True, "server.corsAllowedOrigins": [named]}
    read = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: options[name] if name in options else read(name))
    headers = {"origin": named}
    assert client.get("/_stcore/health", headers=headers).headers["access-control-allow-origin"] == named
    assert client.get("/_stcore/health", headers={"origin": "http://play.example.org"}).status_code == 403
    options["server.enableCORS"] = False
    assert client.get("/_stcore/health", headers={"origin": "http://anywhere.example"}).status_code == 200


def test_a_foreign_name_has_a_cookie_of_its_own_and_nobodys_runs(client: TestClient) -> None:
    """DNS rebinding: a foreign page makes its own name lead here. Browsers keep cookies by name, so it is nobody."""
    client.cookies.clear()
    headers = {"host": "evil.example:8501", "origin": "http://evil.example:8501"}
    answer = client.get("/", headers=headers)
    assert COOKIE in answer.headers["set-cookie"] and "domain" not in answer.headers["set-cookie"].lower()
    assert ANNE not in answer.headers["set-cookie"]


def test_foreign_names_are_refused_where_hosts_are_named(tmp_path: Path) -> None:
    named = {origin.ALLOWED_HOSTS: " play.example.org, *.school.org,[::1] ,"}
    app = Starlette(
        routes=[Route("/", lambda _request: PlainTextResponse("here"))], middleware=origin.middleware(named)
    )
    client = TestClient(app)
    for host in ("play.example.org", "PLAY.example.org:8501", "a.school.org", "a.b.school.org:80", "[::1]:8501"):
        assert client.get("/", headers={"host": host}).text == "here", host
    for host in ("evil.example", "school.org", "play.example.org.evil.example", "xplay.example.org", "[", "a b", ""):
        answer = client.get("/", headers={"host": host})
        assert answer.status_code == 400 and answer.text.startswith("This server has another name"), host
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/", headers={"host": host}):
            raise AssertionError("the socket was opened")


@pytest.mark.parametrize("base", ["", "play", "/play/"])
def test_a_probe_of_the_servers_health_may_ask_by_any_name(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"server.baseUrlPath": base}
    real = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: options[name] if name in options else real(name))
    above = f"/{base.strip('/')}" if base else ""
    paths = [f"{above}/_stcore/{name}" for name in ("health", "metrics", "stream", "healthy", "health/x")]
    app = Starlette(
        routes=[Route(path, lambda _request: PlainTextResponse("here"), methods=["GET", "POST"]) for path in paths],
        middleware=origin.middleware({origin.ALLOWED_HOSTS: "play.example.org"}),
    )
    client = TestClient(app)
    probe = {"host": "127.0.0.1:8501"}
    assert client.get(paths[0], headers=probe).text == "here"
    assert client.head(paths[0], headers=probe).status_code == 200
    assert client.post(paths[0], headers=probe).status_code == 400
    assert [client.get(path, headers=probe).status_code for path in paths[1:]] == [400] * 4
    assert client.get(paths[0], headers={**probe, "origin": "http://evil.example"}).status_code == 403


def test_every_name_is_answered_to_by_default() -> None:
    in_front: list[object] = [entry.cls for entry in origin.middleware({})]
    everything: list[object] = [entry.cls for entry in layers]
    assert in_front == [origin.Gate]
    assert everything[: everything.index(origin.Gate)] == [Watching, Framing], "nothing else answers before it"
    assert origin.AllowedHosts not in everything


def test_what_is_no_name_of_a_host_is_named_at_the_start() -> None:
    assert origin.problems({}) == origin.problems({origin.ALLOWED_HOSTS: "a.example, *.b.example,localhost,"}) == []
    [sentence] = origin.problems({origin.ALLOWED_HOSTS: "a.example,http://b.example"})
    assert "“http://b.example”" in sentence
    assert len(origin.problems({origin.ALLOWED_HOSTS: "*,*b.example,b.*"})) == 3
    wrong = "play.example.org:8501,a b,*.,schule.münchen.de,.example.org"
    assert len(origin.problems({origin.ALLOWED_HOSTS: wrong})) == 5
    assert origin.problems({origin.ALLOWED_HOSTS: "[::1],xn--mnchen-3ya.de"}) == []
    assert origin.problems({origin.ALLOWED_HOSTS: " , "}) == [f"{origin.ALLOWED_HOSTS} names no host."]
