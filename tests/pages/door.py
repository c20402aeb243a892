"""The door's own web server without a browser: Streamlit's routes behind the app's middleware, and its socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st
from starlette.testclient import TestClient
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime

from pages.home import film
from pages.shared.page.layers import layers
from pages.shared.server.owner import COOKIE
from pages.shared.server.routes import routes
from pages.shared.server.start import take_uploads

HERE = "http://testserver"
WHO = "import streamlit as st\nfrom pages.shared.person import session\nst.text(session.owner())\n"
"""A page that says who its visitor is."""


@contextmanager
def door(folder: Path, script: str = WHO) -> Iterator[TestClient]:
    """A browser at the door of a server whose pages are that script, while inside."""
    page = folder / "page.py"
    page.write_text(script, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runtime, "_instance", None)
        take_uploads()
        with TestClient(st.App(page, routes=[*film.routes, *routes], middleware=layers)) as client:
            yield client


def visit(client: TestClient, cookies: str, origin: str = HERE, protocols: Sequence[str] = ("streamlit",)) -> str:
    """Open Streamlit's socket as a browser does, and read the first text of the page.

    Raises:
        WebSocketDisconnect: the socket was not opened.
    """
    headers = {b"origin": origin.encode("latin-1"), b"cookie": cookies.encode("latin-1")}
    with client.websocket_connect("/_stcore/stream", subprotocols=protocols, headers=headers) as socket:
        message = BackMsg()
        message.rerun_script.query_string = ""
        socket.send_bytes(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(socket.receive_bytes())
            if answer.delta.new_element.HasField("text"):
                return str(answer.delta.new_element.text.body)


@contextmanager
def session(client: TestClient, cookies: str) -> Iterator[str]:
    """The id of a session of Streamlit's, open while inside."""
    headers = {b"origin": HERE.encode(), b"cookie": cookies.encode("latin-1")}
    with client.websocket_connect("/_stcore/stream", subprotocols=["streamlit"], headers=headers) as socket:
        message = BackMsg()
        message.rerun_script.query_string = ""
        socket.send_bytes(message.SerializeToString())
        answer = ForwardMsg()
        while not answer.HasField("new_session"):
            answer.ParseFromString(socket.receive_bytes())
        yield str(answer.new_session.initialize.session_id)


def cookie_of(owner: str) -> str:
    """A person's Cookie header."""
    return f"{COOKIE}={owner}"
