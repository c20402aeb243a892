"""What a WebSocket carries, counted on the way: messages as they are on the wire, packed or not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

TEXT, BINARY = 1, 2
OPENING = re.compile(rb"GET (/\S*) HTTP/1\.1\r\n.*\r\nUpgrade: websocket\r\n", re.DOTALL | re.IGNORECASE)
"""The first bytes of a connection that becomes a WebSocket."""


@dataclass
class Socket:
    """The messages that one WebSocket has brought from the server.

    Attributes:
        path: its address.
        messages: kind and size of each that has arrived whole; heads are counted, and pings left out.
    """

    path: str
    messages: list[tuple[int, int]] = field(default_factory=list)
    _held: bytearray = field(default_factory=bytearray)
    _open: bool = False
    _kind: int = 0
    _size: int = 0

    def sizes(self, kind: int) -> list[int]:
        """Bytes of each message of one kind."""
        return [size for other, size in self.messages if other == kind]

    def feed(self, data: bytes) -> None:
        """Take the next bytes from the server."""
        self._held += data
        if not self._open:
            head, end, rest = bytes(self._held).partition(b"\r\n\r\n")
            if not end:
                return
            self._open, self._held = True, bytearray(rest if b" 101 " in head.partition(b"\r\n")[0] else b"")
        while (whole := self._first()) is not None:
            opcode, last, size = whole
            del self._held[:size]
            if opcode >= 8:  # a ping, a pong, a close
                continue
            self._kind, self._size = opcode or self._kind, self._size + size
            if last:
                self.messages.append((self._kind, self._size))
                self._size = 0

    def _first(self) -> tuple[int, bool, int] | None:
        """Kind, whether it ends a message, and bytes of the first part held; None if it is not whole yet."""
        if len(self._held) < 2:
            return None
        length, head = self._held[1] & 127, 2
        if length > 125:
            head += 2 if length == 126 else 8
            if len(self._held) < head:
                return None
            length = int.from_bytes(self._held[2:head])
        if len(self._held) < head + length:
            return None
        return self._held[0] & 15, self._held[0] >= 128, head + length


class Tap:
    """Looks at a connection from both sides, and knows it if it is a WebSocket."""

    def __init__(self, opened: Callable[[Socket], None]):
        self._opened = opened
        self._asked = b""
        self._socket: Socket | None = None

    def up(self, data: bytes) -> None:
        """Look at what goes to the server."""
        if self._socket is None and len(self._asked) < 8192:
            self._asked += data
            if opening := OPENING.match(self._asked):
                self._socket = Socket(opening[1].decode())
                self._opened(self._socket)

    def down(self, data: bytes) -> None:
        """Look at what comes from the server."""
        if self._socket is not None:
            self._socket.feed(data)
