"""Answers leave at once."""

from __future__ import annotations

import socket
from contextlib import closing

from streamlit.web.server.starlette.starlette_server import _bind_socket

from pages.shared.server.nagle import hold_nothing_back


def waits(listening: socket.socket) -> bool:
    """Whether a connection that is accepted now holds parts of an answer back."""
    with socket.create_connection(listening.getsockname()):
        listening.setblocking(True)
        accepted, _ = listening.accept()
        with closing(accepted):
            return not accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_what_streamlit_accepts_waits_for_no_acknowledgement() -> None:
    with closing(_bind_socket("127.0.0.1", 0, 5)) as listening, closing(_bind_socket("127.0.0.1", 0, 5)) as closed:
        closed.close()
        assert waits(listening), "Streamlit does it by itself now"
        hold_nothing_back()
        assert not waits(listening)
