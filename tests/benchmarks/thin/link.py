"""A thin link in front of the app: so many bits a second each way, and a delay.

All connections share it, as all of a pupil's do. Nothing can hide in it: what it has taken and not yet delivered is
what a real wire would have under way, and the buffers of its own sockets hold a few packets.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.benchmarks.thin.wire import Socket, Tap

PACKET = 1448
"""Bytes of a packet, as Ethernet has them; loopback's own are 64 kB."""
BUFFER = 2 * PACKET
"""Bytes that a socket of the proxy may buffer; Linux doubles it, and counts its own administration in."""
ROOM = 64
"""Packets under way at most, where the rate sets no bound."""


class Direction:
    """One way of the link.

    Attributes:
        rate: bytes a second; None for as many as come.
        delay: seconds from the last bit sent to its arrival.
        bytes: how many have gone this way.
    """

    def __init__(self) -> None:
        self.rate: float | None = None
        self.delay = 0.0
        self.bytes = 0
        self._free = 0.0

    @property
    def room(self) -> int:
        """Packets that a connection may have under way."""
        return ROOM if self.rate is None else min(ROOM, int(self.rate * self.delay / PACKET) + 1)

    async def send(self, size: int) -> float:
        """Wait until so many bytes are sent; returns when they arrive."""
        loop = asyncio.get_running_loop()
        self.bytes += size
        if self.rate is None:
            return loop.time() + self.delay
        self._free = max(self._free, loop.time()) + size / self.rate
        sent = self._free
        await asyncio.sleep(sent - loop.time())
        return sent + self.delay


class Link:
    """A proxy in a thread of its own.

    Args:
        port: the app's.

    Attributes:
        url: what a browser opens instead of the app.
        up: the way to the app.
        down: the way to the browser.
        sockets: every WebSocket that has been opened through it.
    """

    def __init__(self, port: int):
        self.port = port
        self.up, self.down = Direction(), Direction()
        self.sockets: list[Socket] = []
        self._loop = asyncio.new_event_loop()
        self._listening = _small(socket.socket())
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(128)
        self._listening.setblocking(False)
        self._connections: set[asyncio.Task[None]] = set()
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def be(self, rate: float | None = None, delay: float = 0.0) -> None:
        """Change both ways: bits a second, and seconds of delay each way."""
        for direction in (self.up, self.down):
            direction.rate, direction.delay = None if rate is None else rate / 8, delay

    def live_sockets(self) -> list[Socket]:
        """Those of live views."""
        return [opened for opened in self.sockets if opened.path.startswith("/live/")]

    def close(self) -> None:
        """Cut every connection."""
        self._loop.call_soon_threadsafe(self._accepting.cancel)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._accepting = self._loop.create_task(self._accept())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._accepting)
        for task in self._connections:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._connections, return_exceptions=True))
        self._listening.close()
        self._loop.close()

    async def _accept(self) -> None:
        while True:
            browser, _address = await self._loop.sock_accept(self._listening)
            task = self._loop.create_task(self._connect(browser))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def _connect(self, browser: socket.socket) -> None:
        """Carry one connection until both sides have closed it, or one has broken it."""
        app = _small(socket.socket())
        tap = Tap(self.sockets.append)
        try:
            for side in (browser, app):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                side.setblocking(False)
            await self._loop.sock_connect(app, ("127.0.0.1", self.port))
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._carry(browser, app, self.up, tap.up))
                ways.create_task(self._carry(app, browser, self.down, tap.down))
        except* OSError:
            pass
        finally:
            browser.close()
            app.close()

    async def _carry(
        self, source: socket.socket, target: socket.socket, way: Direction, look: Callable[[bytes], None]
    ) -> None:
        """Carry one way of a connection, until its source ends it."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                arrival, data = await under_way.get()
                await asyncio.sleep(arrival - self._loop.time())
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                await self._loop.sock_sendall(target, data)
                look(data)
                under_way.task_done()
                arrived.set()

        arrived = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(deliver())
            while data := await self._loop.sock_recv(source, PACKET):
                while under_way.qsize() >= way.room:
                    arrived.clear()
                    await arrived.wait()
                under_way.put_nowait((await way.send(len(data)), data))
            under_way.put_nowait((self._loop.time() + way.delay, b""))


def _small(made: socket.socket) -> socket.socket:
    """Let a socket buffer little."""
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        made.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, PACKET)
    return made
