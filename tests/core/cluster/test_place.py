"""What becomes of a run at a place that calls, or does not, at whatever moment it is lost; Ray is played here."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from core.cluster import place as module
from core.cluster import wire
from core.cluster.place import Place
from core.cluster.wire import Item, Switchboard, Wire
from tests.waiting import until

ITEMS = [Item([], b'M{"kind": "beat"}'), Item([], b"F picture"), Item([], None, 0)]


class RayError(Exception):
    """As `ray.exceptions.RayError`."""


class RayTaskError(RayError):
    """As `ray.exceptions.RayTaskError`."""


class PlayedRay:
    """A Ray whose one place does `work` in a thread; what this returns or raises is the place's answer."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self, work: Callable[..., None]):
        method = SimpleNamespace(options=lambda **_options: SimpleNamespace(remote=self.started))
        ready = SimpleNamespace(options=lambda **_options: SimpleNamespace(remote=lambda *_given: None))
        self.actor = SimpleNamespace(train=method, ready=ready)
        self.work = work

    def started(self, *given: Any) -> Future[None]:
        done = Future[None]()

        def run() -> None:
            try:
                self.work(*given)
            except Exception as error:
                done.set_exception(error)
            else:
                done.set_result(None)

        threading.Thread(target=run, daemon=True).start()
        return done

    def wait(self, references: list[Future[None]], timeout: float) -> tuple[list[Future[None]], list[Future[None]]]:
        with suppress(TimeoutError, RayError):
            references[0].result(timeout)
        return (references, []) if references[0].done() else ([], references)

    def get(self, reference: Future[None]) -> None:
        reference.result(0)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Iterator[Switchboard]:
    monkeypatch.setattr(module, "CALL_INTERVAL", 0.05)
    made = Switchboard("127.0.0.1")
    yield made
    assert not made._expected, "a secret is still good"
    made.close()


class Bridge:
    """Remembers who trains it."""

    def __init__(self) -> None:
        self.placed_by: list[object] = []

    def placed(self, place: object, send: object, tell_again: object) -> None:
        self.placed_by.append(place)


def trained(work: Callable[..., None], board: Switchboard) -> tuple[Place, Bridge, Iterator[Item]]:
    ray = PlayedRay(work)
    place, bridge = Place(ray, ray.actor, "node", False, board), Bridge()
    return place, bridge, place.train("runs/1", b"assignment", bridge)  # type: ignore[arg-type]


def calling(say: Callable[[Wire], None]) -> Callable[..., None]:
    """The work of a place that calls the server as it should, and says something."""

    def work(run: str, assignment: bytes, host: str, port: int, token: bytes) -> None:
        assert (run, assignment) == ("runs/1", b"assignment")
        server = wire.call(host, port, token)
        try:
            say(server)
        finally:
            server.close()

    return work


def say_all(server: Wire) -> None:
    for item in ITEMS:
        server.send(item)
    server.finish()
    assert list(server.received()) == []


def test_all_that_a_place_says_arrives(board: Switchboard) -> None:
    place, bridge, items = trained(calling(say_all), board)
    assert list(items) == ITEMS
    assert bridge.placed_by == [place] and place.wire is None


def test_one_that_has_ended_before_it_is_looked_at_is_heard_as_well(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, _, items = trained(calling(say_all), board)
    called = Future[Wire].result
    slow: list[float] = []

    def late(future: Future[Wire], timeout: float | None = None) -> Wire:
        if not slow and timeout == module.CALL_INTERVAL:
            slow.append(timeout)
            until(future.done)
            raise TimeoutError
        return called(future, timeout)

    monkeypatch.setattr(Future, "result", late)
    monkeypatch.setattr(PlayedRay, "wait", lambda _ray, references, timeout: (references, []))
    assert list(items) == ITEMS and slow and place.wire is None


def test_one_that_cant_call_is_lost_with_its_reason(board: Switchboard) -> None:
    def work(*_given: object) -> None:
        raise RayTaskError("ConnectionRefusedError: Nobody is there.")

    _, bridge, items = trained(work, board)
    with pytest.raises(RayTaskError, match="Nobody is there"):
        list(items)
    assert not bridge.placed_by


def test_one_that_ends_without_a_call_is_lost(board: Switchboard) -> None:
    _, _, items = trained(lambda *_given: None, board)
    with pytest.raises(ConnectionError, match="does not call"):
        list(items)


def test_one_that_hangs_up_before_the_end_is_lost_and_the_log_says_why(
    board: Switchboard, caplog: pytest.LogCaptureFixture
) -> None:
    def work(*given: Any) -> None:
        calling(lambda server: server.send(ITEMS[0]))(*given)
        raise RayTaskError("OSError: The disk can't be read.")

    _, _, items = trained(work, board)
    heard: list[Item] = []
    with caplog.at_level(logging.WARNING), pytest.raises(ConnectionError, match="has hung up"):
        heard.extend(iter(items.__next__, None))
    assert heard == ITEMS[:1]
    assert "could not train a run: OSError: The disk can't be read." in caplog.text


@pytest.mark.parametrize("calls", [False, True], ids=["before it calls", "while it trains"])
def test_nobody_waits_for_one_that_is_given_up(board: Switchboard, calls: bool) -> None:
    over = threading.Event()

    def stay(server: Wire) -> None:
        server.send(ITEMS[0])
        list(server.received())
        over.set()

    def wait(*_given: object) -> None:
        over.wait(30)

    place, _, items = trained(calling(stay) if calls else wait, board)
    if calls:
        assert next(items) == ITEMS[0]
    place.hang_up()
    with pytest.raises(ConnectionError):
        next(items)
    assert not calls or over.wait(10)
