"""What a place and the server tell each other while a run trains: over a connection of their own, beside Ray.

Ray's own streams cost the server 2 ms for each message, which is more than all else that is done with it.
"""

from __future__ import annotations

import logging
import secrets
import select
import socket
import threading
import time
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
MOST_CALLERS = 256
"""Who may be about to say it; whoever calls beyond that is sent away."""
RETRY_INTERVAL = 0.5
"""Seconds before calls are taken again when one could not be."""
ROOM = 64 * 1024
"""Bytes asked for at each end for what is on its way, of which Linux takes twice as many: with more room pictures would
be shown late."""


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
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
        self._socket = made
        self._connection = Connection(made.dup().detach())
        self._sending = threading.Lock()
        self._ending = threading.Lock()

    def send(self, content: object) -> None:
        """Send something, and wait as long as there is no room (raises ConnectionError: the other end has hung up)."""
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
        self._send_at_once(data)

    def tell_again(self, known: Mapping[str, int]) -> None:
        """Have the place send all changes again but those that are known, see `Mirror.restart`."""
        self._send_at_once(dict(known))

    def _send_at_once(self, content: object) -> None:
        """Send something little, and never wait: a place that does not read a thousand commands is given up."""
        data = msgpack.packb(content)
        with self._sending, suppress(OSError):
            asking = select.poll()
            asking.register(self._connection, select.POLLOUT)
            if asking.poll(0):
                self._connection.send_bytes(data)
                return
        self.hang_up()

    def finish(self) -> None:
        """Send nothing more; all that is on its way arrives, if the other end's commands are read until it hangs up."""
        self._shut_down(socket.SHUT_WR)

    def hang_up(self) -> None:
        """End it, from any thread: whoever waits for the other end is told that it is gone."""
        self._shut_down(socket.SHUT_RDWR)

    def _shut_down(self, how: int) -> None:
        with self._ending, suppress(OSError):
            self._socket.shutdown(how)

    def close(self) -> None:
        """Give it back, once no thread receives any more."""
        self.hang_up()
        with self._ending:
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

    Raises:
        OSError: it can't listen there.
    """

    def __init__(self, host: str):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, 0), family=family, backlog=128)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)  # each connection takes this over
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._expected: dict[bytes, Future[Wire]] = {}
        self._lock = threading.Lock()
        self._callers = threading.BoundedSemaphore(MOST_CALLERS)
        self._closing = threading.Event()
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
        if called is not None:
            called.cancel()

    def close(self) -> None:
        """Take no calls any more."""
        self._closing.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # else the thread that accepts stays there
        self._socket.close()

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                made, _ = self._socket.accept()
            except OSError as error:  # there may be too many open files for a moment
                if not self._closing.is_set():
                    logging.warning("A place of the cluster could not be let in: %s", error)
                    self._closing.wait(RETRY_INTERVAL)
                continue
            if not self._callers.acquire(blocking=False):
                made.close()
                continue
            threading.Thread(target=self._admit, args=(made,), daemon=True).start()

    def _admit(self, made: socket.socket) -> None:
        try:
            token = _first_bytes(made, TOKEN, ADMISSION)
        finally:
            self._callers.release()
        with self._lock:
            called = self._expected.pop(token, None)
        if called is None:
            made.close()
        else:
            called.set_result(Wire(made))


def _first_bytes(made: socket.socket, size: int, seconds: float) -> bytes:
    """The first bytes that come over a connection; fewer if it ends or takes longer."""
    end = time.monotonic() + seconds
    data = b""
    with suppress(OSError):
        while len(data) < size and (left := end - time.monotonic()) > 0:
            made.settimeout(left)
            part = made.recv(size - len(data))
            if not part:
                break
            data += part
    return data
