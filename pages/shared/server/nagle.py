"""Answers leave at once: TCP holds no part of them back until the one before has been acknowledged."""

from __future__ import annotations

import gc
import socket
from contextlib import suppress


def hold_nothing_back() -> None:
    """Turn Nagle's algorithm off for all connections that are accepted from now on.

    asyncio does so for sockets that name their protocol, and Streamlit makes its listening socket without one. The head
    and the body of an answer are sent one by one, and the body waited 40 ms for the other side to acknowledge the head.
    A connection inherits the option from the socket that accepts it.
    """
    for found in gc.get_objects():
        if type(found) is socket.socket:  # isinstance asks each object, and some answer with a warning
            with suppress(OSError):  # closed, or no TCP
                if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
