"""What becomes of runs in line where machines can't train or go, with a Ray that is played here."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.cluster import head, joining
from core.cluster import places as module
from core.cluster.address import ClusterError
from core.cluster.launcher import ClusterLauncher
from core.cluster.places import MOST_DEATHS, Places
from core.engine.manager import Manager
from core.engine.run import Run
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig
from tests.waiting import until

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")


HEAD, FIRST, SECOND = "0" * 56, "1" * 56, "2" * 56
"""Machines, by names as Ray gives them."""
Handed = Callable[["PlayedRay"], tuple[Run, Places]]


class Died(Exception):
    """As `ray.exceptions.ActorDiedError`."""


class Unavailable(Exception):
    """As `ray.exceptions.ActorUnavailableError`."""


class Unschedulable(Exception):
    """As `ray.exceptions.ActorUnschedulableError`."""


class PlayedRay:
    """A cluster of a head without cores and of machines with one each; what becomes of places is `answer`'s."""

    exceptions = SimpleNamespace(
        ActorDiedError=Died, ActorUnavailableError=Unavailable, ActorUnschedulableError=Unschedulable, RayError=Died
    )

    def __init__(self, *machines: str):
        self.machines = list(machines)
        self.head = socket.create_server(("127.0.0.1", 0))
        host, port = self.head.getsockname()
        self.address = f"{host}:{port}"
        self.answer: Callable[[str], dict[str, Any]] | None = None
        self.asked: list[str] = []

    def get_runtime_context(self) -> Any:
        return SimpleNamespace(gcs_address=self.address, get_node_id=lambda: HEAD)

    def remote(self, **_options: object) -> Callable[[object], Any]:
        return lambda _made: SimpleNamespace(options=self.place)

    def place(self, scheduling_strategy: Any = None, **_options: object) -> Any:
        node = scheduling_strategy.node_id if scheduling_strategy else ""
        self.asked.append(node)
        method = SimpleNamespace(options=lambda **_options: SimpleNamespace(remote=lambda *_given: node))
        return SimpleNamespace(remote=lambda _code: SimpleNamespace(ready=method, beat=method))

    def nodes(self) -> list[dict[str, Any]]:
        sizes = {HEAD: 0, **dict.fromkeys(self.machines, 1)}
        return [
            {"NodeID": name, "Alive": True, "NodeManagerAddress": "127.0.0.1", "Resources": {"CPU": cores}}
            for name, cores in sizes.items()
        ]

    def wait(self, references: list[str], timeout: float) -> tuple[list[str], list[str]]:
        return (references, []) if self.answer is not None and references[0] else ([], references)

    def get(self, reference: str) -> dict[str, Any]:
        assert self.answer is not None
        return self.answer(reference)

    def kill(self, _actor: object) -> None:
        """Nothing runs."""

    def shutdown(self) -> None:
        """Nothing runs."""


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Handed]:
    """Hands a run in on such a cluster."""
    made: list[Manager] = []

    def hand(ray: PlayedRay) -> tuple[Run, Places]:
        monkeypatch.setattr(module, "joined", lambda _address: ray)
        places = Places("head:6379")
        places.join()
        manager = Manager(Store(tmp_path), grace=3600, launcher=ClusterLauncher(places))
        made.append(manager)
        return manager.start("pupil", ClassifierConfig(num_steps=10, device="cpu")), places

    yield hand
    for manager in made:
        manager.close()


def raising(error: Exception) -> Callable[[str], dict[str, Any]]:
    def answer(_node: str) -> dict[str, Any]:
        raise error

    return answer


def test_where_every_machine_has_another_pytorch_a_run_fails_in_a_sentence(handed: Handed) -> None:
    ray = PlayedRay(FIRST, SECOND)
    ray.answer = lambda node: {"torch": "1.0", "root": "/", "node": node}
    run, _ = handed(ray)
    until(lambda: not run.alive, state=run.state)
    assert run.message is not None and run.message["code"] == "cluster_torch"
    assert (run.message["theirs"], run.message["ours"]) == ("1.0", version("torch"))


def test_machines_that_cant_reach_the_server_are_named_and_not_asked_again_and_again(
    handed: Handed, caplog: pytest.LogCaptureFixture
) -> None:
    why = "It can't reach the server at 10.0.0.1, port 4 (no route to host)."
    ray = PlayedRay(FIRST, SECOND)
    ray.answer = lambda node: {"error": why, "node": node or SECOND}
    run, _ = handed(ray)
    until(lambda: not run.alive, state=run.state)
    assert run.message == {"code": "cluster_unfit", "error": why}
    assert f"127.0.0.1 can't train: {why}" in caplog.text
    assert len(ray.asked) <= 4


@pytest.mark.parametrize("error", [Died(), Unavailable(), Unschedulable()], ids=lambda error: type(error).__name__)
def test_a_run_waits_where_the_last_machine_goes_while_a_place_starts(error: Exception, handed: Handed) -> None:
    ray = PlayedRay(FIRST)
    run, places = handed(ray)
    until(lambda: (run.message or {}).get("code") == "queued", state=run.state)
    ray.machines.clear()
    ray.answer = raising(error)
    until(lambda: not any(place.node for place in places._places))
    ray.answer = None
    ray.machines.append(SECOND)
    until(lambda: SECOND in ray.asked, state=run.state)
    assert run.alive and run.message == {"code": "queued", "ahead": 0, "cause": "first"}


def test_a_machine_whose_places_die_again_and_again_is_given_up(handed: Handed) -> None:
    ray = PlayedRay(FIRST)
    ray.answer = raising(Died("The place ended."))
    run, _ = handed(ray)
    until(lambda: not run.alive, state=run.state)
    assert run.message is not None and run.message["code"] == "cluster_unfit"
    assert ray.asked.count(FIRST) == MOST_DEATHS


def test_a_head_that_does_not_answer_is_said_to_who_waits(handed: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_INTERVAL", 0.05)
    monkeypatch.setattr(head, "SILENT", 0.2)
    ray = PlayedRay(FIRST)
    run, places = handed(ray)
    in_line = {"code": "queued", "ahead": 0, "cause": "first"}
    until(lambda: run.message == in_line, state=run.state)
    assert places.about().answers
    ray.head.close()
    until(lambda: run.message == {"code": "queued", "cause": "headless"}, state=run.state)
    assert not places.about().answers and run.alive
    ray.head = socket.create_server(("127.0.0.1", int(ray.address.rpartition(":")[2])))
    until(lambda: run.message == in_line, state=run.state)


def test_what_the_host_is_told_of_the_machines(handed: Handed) -> None:
    ray = PlayedRay(FIRST, SECOND)
    ray.answer = lambda node: {"torch": "1.0" if node == SECOND else version("torch"), "root": "/", "node": node}
    _, places = handed(ray)
    until(lambda: places.about().machines == 1, state=places.about)
    assert places.about().cores == 1
    places.warm()  # comes back, since the first machine has a place


def test_an_address_where_nobody_answers_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for address in (f"127.0.0.1:{port}", f"no-such-name.invalid:{port}"):
        with pytest.raises(ClusterError, match=f"there is no answer from {address} "):
            Places(address).join()


def test_a_cluster_that_takes_nobody_in_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JOIN_PATIENCE", 0.1)
    waiting = threading.Event()
    monkeypatch.setattr(module, "joined", lambda _address: waiting.wait())
    with pytest.raises(ClusterError, match=r"did not take this server in within 0 seconds\. RAY_AUTH_MODE"):
        Places("head:6379").join()
    waiting.set()
    assert joining.advice("local") == ""
