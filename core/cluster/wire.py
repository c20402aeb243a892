"""What a place and the server tell each other while a run trains: over a connection of their own, beside Ray.

Ray's own streams cost the server 2 ms for each message, which is more than all else that is done with it.
"""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import msgpack

from core.cluster.mirror import Change

TOKEN = 32
"""Bytes of the secret that a place gets through Ray, and says first when it calls."""
ADMISSION = 5.0
"""Seconds that whoever calls has to say it."""
WAITING = 256 * 1024
"""Bytes that may be on their way: no more, or pictures would be shown late."""


class Item(NamedTuple):
    """What a place sends to the server.

    Attributes:
        changes: what the worker wrote before it said `message`.
        message: what the worker sent; None at a beat, and beside changes that were too many for one item.
        exitcode: how the worker ended; only in the last item.
    """

    changes: list[Change]
    message: bytes | None = None
    exitcode: int | None = None


class Wire:
    """One end of a connection. What is sent is made of bytes, numbers, text, lists and dictionaries.

    Args:
        made: the connection; it is the wire's from now on.
    """

    def __init__(self, made: socket.socket):
        made.settimeout(None)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WAITING)
        self._socket = made
        self._connection = Connection(made.dup().detach())
        self._sending = threading.Lock()

    def send(self, content: object) -> None:
        """Send something (raises OSError: nobody takes it any more)."""
        data = msgpack.packb(content)
        with self._sending:
            self._connection.send_bytes(data)

    def received(self) -> Iterator[Any]:
        """All that the other end sends, until it hangs up; a tuple comes as a list."""
        with suppress(EOFError, OSError):
            while True:
                yield msgpack.unpackb(self._connection.recv_bytes())

    def items(self) -> Iterator[Item]:
        """The items that a place sends, until it hangs up."""
        for changes, message, exitcode in self.received():
            yield Item([Change(*change) for change in changes], message, exitcode)

    def order(self, data: bytes) -> None:
        """Send a command for the worker; to nobody if the place is gone, which is noticed elsewhere."""
        with suppress(OSError):
            self.send(data)

    def tell_again(self, known: Mapping[str, int]) -> None:
        """Have the place send all changes again but those that are known, see `Mirror.restart`."""
        with suppress(OSError):
            self.send(dict(known))

    def hang_up(self) -> None:
        """End it, from any thread: whoever waits for the other end is told that it is gone."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give it back; called from the thread that receives."""
        self.hang_up()
        self._socket.close()
        with self._sending:
            self._connection.close()


def call(host: str, port: int, token: bytes) -> Wire:
    """Call the server from a place (raises OSError)."""
    made = socket.create_connection((host, port), ADMISSION)
    made.sendall(token)
    return Wire(made)


class Switchboard:
    """Where places call in, each with a secret that is good once.

    Args:
        host: the address of this machine in the cluster; the board listens at no other.
    """

    def __init__(self, host: str):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, 0), family=family, backlog=128)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WAITING)  # each connection takes this over
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._expected: dict[bytes, Future[Wire]] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, name="switchboard", daemon=True).start()

    def expect(self) -> tuple[bytes, Future[Wire]]:
        """A new secret, and what will be the wire of whoever calls with it."""
        token, called = secrets.token_bytes(TOKEN), Future[Wire]()
        with self._lock:
            self._expected[token] = called
        return token, called

    def forget(self, token: bytes) -> None:
        """Nobody is expected any more with this secret."""
        with self._lock:
            called = self._expected.pop(token, None)
        if called is None:
            return
        called.cancel()

    def close(self) -> None:
        """Take no calls any more."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # else the thread that accepts stays there
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                made, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._admit, args=(made,), daemon=True).start()

    def _admit(self, made: socket.socket) -> None:
        made.settimeout(ADMISSION)
        try:
            token = made.recv(TOKEN, socket.MSG_WAITALL)
        except OSError:
            token = b""
        with self._lock:
            called = self._expected.pop(token, None)
        if called is None:
            made.close()
        else:
            called.set_result(Wire(made))
