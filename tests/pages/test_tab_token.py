"""A tab without cookies: its token comes with requests and sockets, through the door as the pages are served by."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from core.engine.manager import manager
from core.experiments import experiment
from pages.shared.server.owner import TAB, tab_in
from pages.shared.server.pack import TAB as SCRIPT
from pages.shared.server.passes import LASTS, MOST, Passes
from pages.shared.server.tab_token import PROTOCOL, PROTOCOLS, TabToken
from tests.pages.door import HERE, door, session, visit
from tests.pages.tabs import ANNE, BOB

TOKEN = "0123456789abcdef" * 2
OTHER = "f" * 32


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A browser at a door whose page says who its visitor is; it sends no cookies."""
    with door(tmp_path_factory.mktemp("door")) as made:
        yield made


@pytest.fixture(autouse=True)
def no_cookies(client: TestClient) -> None:
    client.cookies.clear()


def offered(token: str, *others: str) -> list[str]:
    """The protocols that a tab with this token offers."""
    return [*others, PROTOCOL, f"{PROTOCOL}.{token}"]


@pytest.mark.parametrize(
    ("protocols", "seen", "tokens"),
    [
        (f"streamlit, x, {PROTOCOL}, {PROTOCOL}.{TOKEN}", "streamlit, x", [TOKEN]),
        (f"streamlit, x, s1, {PROTOCOL}, {PROTOCOL}.{TOKEN}", "streamlit, x, s1", [TOKEN]),
        (f"{PROTOCOL},{PROTOCOL}.{TOKEN}", None, [TOKEN]),
        ("streamlit, x, s1", "streamlit, x, s1", []),
        (f"streamlit, {PROTOCOL}", "streamlit", []),
        ("", None, []),
    ],
)
def test_others_see_the_protocols_that_they_know(protocols: str, seen: str | None, tokens: list[str]) -> None:
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    headers = [(PROTOCOLS.encode(), protocols.encode())] if protocols else []
    scope = {"type": "websocket", "headers": headers, "subprotocols": []}
    asyncio.run(TabToken(app)(scope, None, None))  # type: ignore[arg-type]
    behind = Headers(scope=scopes[0])
    assert behind.get(PROTOCOLS) == seen
    assert behind.getlist(TAB) == tokens


def who(client: TestClient, token: str) -> str:
    """Who a page takes a tab for that has this token and no cookie."""
    return visit(client, "", protocols=offered(token, "streamlit", "x"))


def test_the_page_knows_a_tab_by_its_token(client: TestClient) -> None:
    assert who(client, TOKEN) == who(client, TOKEN) == tab_in([TOKEN])
    assert who(client, OTHER) == tab_in([OTHER])


def test_a_run_is_reached_by_the_token_of_its_tab_alone(client: TestClient) -> None:
    trained = experiment("classifier")
    run = manager().start(tab_in([TOKEN]), trained.config.create({"num_steps": 3}))
    address = f"/live/{run.id}"
    assert client.get(f"{address}/history", headers={TAB: TOKEN}).status_code == 200
    for headers in ({}, {TAB: OTHER}, {TAB: run.owner}, {"cookie": f"torch_playground={BOB}", TAB: TOKEN}):
        assert client.get(f"{address}/history", headers=headers).status_code == 404
    with client.websocket_connect(address, subprotocols=offered(TOKEN), headers={"origin": HERE}) as socket:
        assert socket.accepted_subprotocol == PROTOCOL, "a browser closes a socket for which none is chosen"
        assert socket.receive_json()["kind"] == "hello"
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(address, subprotocols=offered(OTHER), headers={"origin": HERE}) as socket,
    ):
        socket.receive_json()


def test_every_page_brings_the_script_before_streamlits_own(client: TestClient) -> None:
    text = client.get("/classifier", headers={"accept": "text/html"}).text
    script = SCRIPT.read_text(encoding="utf-8")
    assert script in text and text.index(script) < text.index('<script type="module">import')
    [name] = re.findall(r'const NAME = "([^"]+)"', script)
    [header] = re.findall(r'const HEADER = "([^"]+)"', script)
    assert (name, header.lower()) == (PROTOCOL, TAB)
    assert "</script" not in script


def test_a_pass_is_its_persons_until_it_is_no_longer_used() -> None:
    now = 0.0
    held = Passes(clock=lambda: now)
    word = held.issue(ANNE)
    assert held.owner(word) == ANNE and held.owner("") == held.owner("x" * 22) == ""
    now += LASTS
    assert held.owner(word) == ANNE
    now += LASTS + 1
    assert held.owner(word) == held.owner(word) == ""
    first = held.issue(ANNE)
    for _ in range(MOST):
        last = held.issue(BOB)
    assert held.owner(first) == "" and held.owner(last) == BOB


def test_a_file_is_taken_without_cookies_from_the_apps_own_page(client: TestClient) -> None:
    with session(client, "") as id:
        address, files = f"/_stcore/upload_file/{id}/file", {"file": ("a.csv", b"1,2")}
        assert client.put(address, files=files, headers={"origin": HERE}).status_code == 204
        assert client.delete(address, headers={"origin": HERE}).status_code == 204
        assert client.put(address, files=files).status_code == 403
        assert client.put(address, files=files, headers={"origin": "http://elsewhere"}).status_code == 403
        known = {"origin": HERE, "cookie": "_streamlit_xsrf=2|00000000|aa|1"}
        assert client.put(address, files=files, headers=known).status_code == 403, "a cookie has to be repeated"
