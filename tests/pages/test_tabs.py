"""Whose session a tab finds again when it lost its connection."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.datastructures import Headers

from pages.shared.server import tabs
from pages.shared.server.owner import COOKIE
from pages.shared.server.tab_token import PROTOCOLS
from tests.pages.tabs import ANNE, BOB


def protocols_behind(cookie: str, asked: str, owners: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str | None:
    """The protocols that Streamlit sees of a socket that asks for those."""
    monkeypatch.setattr(tabs, "_owners", owners)
    seen: list[str | None] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(Headers(scope=scope).get(PROTOCOLS))

    headers = [(b"cookie", cookie.encode()), (PROTOCOLS.encode(), asked.encode())]
    asyncio.run(tabs.OwnSession(app)({"type": "websocket", "headers": headers}, None, None))  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.parametrize(
    ("cookie", "owners", "seen"),
    [
        (f"{COOKIE}={ANNE}", {"s1": ANNE}, "streamlit, x, s1"),
        (f"{COOKIE}={BOB}", {"s1": ANNE}, "streamlit, x"),
        ("", {"s1": ANNE}, "streamlit, x"),
        (f"{COOKIE}={BOB}", {"s1": ""}, "streamlit, x"),
        ("", {"s1": ""}, "streamlit, x, s1"),
        (f"{COOKIE}={BOB}", {}, "streamlit, x, s1"),
    ],
)
def test_a_session_is_found_again_by_its_owner_alone(
    cookie: str, owners: dict[str, str], seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert protocols_behind(cookie, "streamlit, x, s1", owners, monkeypatch) == seen


def test_a_new_tab_asks_for_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    assert protocols_behind(f"{COOKIE}={BOB}", "streamlit", {"s1": ANNE}, monkeypatch) == "streamlit"
