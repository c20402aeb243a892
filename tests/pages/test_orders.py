"""What no page of ours could say on Streamlit's socket: the connection ends, and the log stays quiet."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from pages.shared.server.orders import is_order
from tests.pages.door import HERE, cookie_of, door, visit
from tests.pages.tabs import ANNE


def event(text: str, kind: str = "json_trigger_value") -> bytes:
    """What a component tells, as Streamlit's page sends it."""
    message = BackMsg()
    message.rerun_script.widget_states.widgets.append(WidgetState(id="x", **{kind: text}))  # type: ignore[arg-type]
    data: bytes = message.SerializeToString()
    return data


NOISE: list[str | bytes] = [
    "",
    "hello",
    b"",
    b"\xff",
    b"\xff\x00garbage",
    b"\x0a" * 100_000,
    event("[" * 5_000),
    event('{"a":' * 900 + "1" + "}" * 900, "json_value"),
    event("[" * 900 + "]" * 900),
    event("no json"),
    event("9" * 5_000),
    event(f'"{"x" * 3_000_000}"'),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A browser at the door of the app's server."""
    with door(tmp_path_factory.mktemp("door")) as made:
        yield made


@pytest.mark.parametrize("noise", NOISE, ids=lambda noise: repr(noise[:24]))
def test_noise_ends_the_connection_quietly(
    client: TestClient, noise: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"origin": HERE, "cookie": cookie_of(ANNE)}
    with client.websocket_connect("/_stcore/stream", subprotocols=["streamlit"], headers=headers) as socket:
        socket.send_text(noise) if isinstance(noise, str) else socket.send_bytes(noise)
        socket.send_bytes(event("[]"))
    assert not [record for record in caplog.records if record.exc_info or record.levelno >= logging.WARNING]
    assert visit(client, cookie_of(ANNE)) == ANNE


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_what_components_say_is_passed_on(value: Any) -> None:
    for kind in ("json_value", "json_trigger_value"):
        assert is_order(event(json.dumps(value), kind))


def test_other_messages_are_passed_on() -> None:
    for message in (BackMsg(clear_cache=True), BackMsg(stop_script=True), BackMsg(load_git_info=True)):
        assert is_order(message.SerializeToString())
    assert is_order(event("", "json_value")) and is_order(event("[[" * 5_000, "string_value"))
    assert is_order(event('"\\ud83d"'))
