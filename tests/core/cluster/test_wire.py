"""What a place and the server tell each other, over real sockets."""

from __future__ import annotations

import errno
import math
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any

import pytest

from core.cluster import wire as module
from core.cluster.mirror import Change
from core.cluster.seat import Seat
from core.cluster.wire import TOKEN, Item, Switchboard, Wire, call
from tests.waiting import until


@pytest.fixture
def board() -> Iterator[Switchboard]:
    made = Switchboard("127.0.0.1")
    yield made
    made.close()


@pytest.fixture
def ends(board: Switchboard) -> Iterator[tuple[Wire, Wire]]:
    """The server's end and the place's."""
    token, called = board.expect()
    theirs = call(board.host, board.port, token)
    ours = called.result(10)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_items_and_orders_arrive_as_they_were_sent(ends: tuple[Wire, Wire]) -> None:
    ours, theirs = ends
    large = bytes(range(256)) * 20_000
    sent = [
        Item([Change("append", "run/metrics.jsonl", 7, b"{}\n"), Change("last", "run/kept/1.pt", 0, large, 10**18)]),
        Item([], b"F\x00\xff" + large),
        Item([], None, -9),
    ]

    def speak() -> None:
        for item in sent:
            theirs.send(item)
        theirs.hang_up()

    speaking = threading.Thread(target=speak)
    speaking.start()
    ours.order(b'{"command": "pause"}')
    ours.tell_again({"run/kept/1.pt": 3})
    assert list(ours.items()) == sent
    speaking.join()
    ours.hang_up()
    assert list(theirs.received()) == [b'{"command": "pause"}', {"run/kept/1.pt": 3}]


def test_who_waits_is_told_when_the_other_end_is_given_up(ends: tuple[Wire, Wire]) -> None:
    ours, _ = ends
    heard = threading.Thread(target=lambda: list(ours.items()))
    heard.start()
    ours.hang_up()
    heard.join(10)
    assert not heard.is_alive()
    ours.order(b"to nobody")


def test_no_more_is_on_its_way_than_would_be_shown_soon(ends: tuple[Wire, Wire]) -> None:
    _, theirs = ends
    frame = bytes(16_000)
    sent = 0

    def speak() -> None:
        nonlocal sent
        with suppress(OSError):
            while sent < 1000:
                theirs.send(Item([], frame))
                sent += 1

    speaking = threading.Thread(target=speak, daemon=True)
    speaking.start()
    until(lambda: sent > 0)
    speaking.join(1)
    assert speaking.is_alive() and sent < 40
    theirs.hang_up()


def test_the_last_items_arrive_whatever_is_ordered_meanwhile(ends: tuple[Wire, Wire]) -> None:
    ours, theirs = ends
    sent = [*(Item([], bytes(16_000)) for _ in range(6)), Item([], None, 0)]
    for item in sent:
        theirs.send(item)
    theirs.finish()
    reading = threading.Thread(target=lambda: list(theirs.received()), daemon=True)
    reading.start()
    for _ in range(5):
        ours.order(b'{"command": "answer"}')
    assert list(ours.items()) == sent
    ours.close()
    reading.join(10)
    assert not reading.is_alive()


def test_a_place_that_reads_no_orders_is_given_up_and_nobody_waits_for_it(ends: tuple[Wire, Wire]) -> None:
    ours, _ = ends

    def flood() -> None:
        for _ in range(100_000):
            ours.order(bytes(100))

    flooding = threading.Thread(target=flood, daemon=True)
    flooding.start()
    flooding.join(30)
    assert not flooding.is_alive()
    assert list(ours.items()) == []


def test_a_call_that_could_not_be_taken_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = threading.Event()

    class Short(socket.socket):
        """Has too many open files at first."""

        def accept(self) -> tuple[socket.socket, Any]:
            if not failed.is_set():
                failed.set()
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    made = socket.create_server
    monkeypatch.setattr(module, "RETRY_INTERVAL", 0.05)
    monkeypatch.setattr(socket, "create_server", lambda *given, **how: Short(fileno=made(*given, **how).detach()))
    board = Switchboard("127.0.0.1")
    token, called = board.expect()
    theirs = call(board.host, board.port, token)
    assert failed.is_set()
    called.result(10).close()
    theirs.close()
    board.close()


def test_more_callers_than_it_takes_are_sent_away_and_later_ones_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CALLERS", 2)
    board = Switchboard("127.0.0.1")
    strangers = [socket.create_connection((board.host, board.port)) for _ in range(3)]
    strangers[2].settimeout(10)
    assert strangers[2].recv(1) == b""
    for stranger in strangers:
        stranger.close()

    def let_in() -> bool:
        token, called = board.expect()
        theirs = call(board.host, board.port, token)
        with suppress(TimeoutError):
            called.result(0.5).close()
        theirs.close()
        return called.done()

    until(let_in)
    board.close()


def test_only_who_knows_a_secret_is_let_in_and_only_once(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ADMISSION", 0.2)
    token, called = board.expect()
    for said in (b"", b"GET / HTTP/1.1\r\n\r\n", bytes(TOKEN), token[:-1]):
        with socket.create_connection((board.host, board.port)) as stranger:
            stranger.sendall(said)
            stranger.settimeout(10)
            assert stranger.recv(1) == b""
    assert not called.done()
    theirs = call(board.host, board.port, token)
    ours = called.result(10)
    again = call(board.host, board.port, token)
    assert list(again.received()) == []
    for end in (ours, theirs, again):
        end.close()


def test_who_calls_too_late_is_not_heard(board: Switchboard) -> None:
    token, called = board.expect()
    board.forget(token)
    with pytest.raises(CancelledError):
        called.result(0)
    late = call(board.host, board.port, token)
    assert list(late.received()) == []
    late.close()


def test_a_place_that_cant_reach_the_server_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    seat = Seat(math.inf)
    with pytest.raises(ConnectionError, match=rf"It can't reach the server at 127\.0\.0\.1, port {port} \(Connection"):
        seat.ready("127.0.0.1", port)
