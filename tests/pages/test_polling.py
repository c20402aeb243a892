"""A run over plain requests: what the socket tells, to the same people, and a page that stops asking is gone."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.engine.manager import Manager
from core.engine.run import Run
from core.engine.store import new_id
from core.experiments.classifier import ClassifierConfig
from core.frames import decode
from pages.shared.server import polling
from pages.shared.server.owner import COOKIE
from pages.shared.server.routes import front, middleware, routes
from tests.pages.tabs import ANNE, BOB
from tests.waiting import until

HERE = "http://testserver"
PAGE = "1234567890"


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A browser at the app's routes."""
    with TestClient(Starlette(routes=routes, middleware=[*front, *middleware])) as made:
        yield made


@pytest.fixture
def running(manager: Manager) -> Run:
    """A run of Anne's that goes on for a long time."""
    made = manager.start(ANNE, ClassifierConfig(num_steps=50_000), speed=100)
    until(lambda: made.step > 2)
    return made


def person(owner: str, origin: str | None = HERE) -> dict[str, str]:
    """The headers of a person's browser on our own page."""
    return {"cookie": f"{COOKIE}={owner}", **({"origin": origin} if origin else {})}


def messages(body: bytes) -> list[str | bytes]:
    """The messages of an answer."""
    found: list[str | bytes] = []
    while body:
        length = int.from_bytes(body[1:5], "little")
        content = body[5 : 5 + length]
        found.append(content if body[0] else content.decode())
        body = body[5 + length :]
    return found


def ask(client: TestClient, run: str, *said: dict[str, object], query: str = "") -> list[str | bytes]:
    """What is new."""
    answer = client.post(f"/live/{run}/news/{PAGE}{query}", headers=person(ANNE), content=json.dumps(said))
    assert answer.status_code == 200 and "no-store" in answer.headers["cache-control"]
    return messages(answer.content)


def kinds(found: list[str | bytes]) -> list[str]:
    """The kinds of messages; "frame" is one of them."""
    return ["frame" if isinstance(message, bytes) else json.loads(message)["kind"] for message in found]


def test_a_page_is_told_all_and_then_what_is_new_without_a_gap(client: TestClient, running: Run) -> None:
    hello, *rest = ask(client, running.id, query="?first=1")
    told = json.loads(hello)
    assert (told["kind"], told["run"]) == ("hello", running.id)
    steps = told["history"]["run"]["loss/train"]["step"]
    frames, drawn = [message for message in rest if isinstance(message, bytes)], 0
    while len(steps) < 40 or len(frames) < 5:
        drawn = len(frames)
        for message in ask(client, running.id, {"command": "drawn", "value": drawn}):
            if isinstance(message, bytes):
                frames.append(message)
            elif (known := json.loads(message))["kind"] == "metrics":
                steps += known["history"].get("run", {}).get("loss/train", {"step": []})["step"]
    assert steps == list(range(1, len(steps) + 1))
    shown: list[Any] = [decode(frame)[0]["step"] for frame in frames]
    assert shown == sorted(set(shown))


def test_what_is_said_acts_with_a_question_and_beside_one(client: TestClient, running: Run) -> None:
    ask(client, running.id, query="?first=1")
    ask(client, running.id, {"command": "pause"})
    until(lambda: running.status == "paused")
    at = running.step
    beside = {"content": json.dumps([{"command": "change", "value": {"lr": 0.5}}, {"command": "step"}])}
    assert client.post(f"/live/{running.id}/orders/{PAGE}", headers=person(ANNE), **beside).status_code == 204  # type: ignore[arg-type]
    until(lambda: running.step == at + 1 and running.value_now("lr") == 0.5)


def test_pictures_wait_for_the_page(client: TestClient, running: Run) -> None:
    found = ask(client, running.id, query="?first=1&packed=1")
    for _question in range(4):
        found += ask(client, running.id)
    packed = [message for message in found if isinstance(message, bytes)]
    assert all(zlib.decompress(message) for message in packed)
    frames = [message for message in packed if not zlib.decompress(message).startswith(b"{")]
    assert len(frames) <= 2


@pytest.mark.parametrize("owner", [BOB, "", "a" * 31])
def test_others_get_nothing(client: TestClient, running: Run, owner: str) -> None:
    ask(client, running.id, query="?first=1")
    for what in ("news", "orders"):
        for query in ("", "?first=1"):
            answer = client.post(
                f"/live/{running.id}/{what}/{PAGE}{query}", headers=person(owner), content='[{"command": "pause"}]'
            )
            assert answer.status_code == 404
    client.post(f"/live/{running.id}/leave/{PAGE}", headers=person(owner))
    assert running.watched and running.status == "running"


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://testserver:8501"])
def test_only_our_own_page_may_follow_and_order(client: TestClient, running: Run, origin: str | None) -> None:
    ask(client, running.id, query="?first=1")
    for what in ("news", "orders", "leave"):
        answer = client.post(
            f"/live/{running.id}/{what}/{PAGE}", headers=person(ANNE, origin), content='[{"command": "pause"}]'
        )
        assert answer.status_code in (403, 404)
    assert running.watched and running.status == "running"
    assert client.get(f"/live/{running.id}/news/{PAGE}?first=1", headers=person(ANNE)).status_code == 405


@pytest.mark.parametrize("body", ["{", '"play"', "[1]", "[[]]", "1", '[{"command": "change", "value": {"lr": 1e9}}]'])
def test_noise_harms_nobody(client: TestClient, running: Run, body: str) -> None:
    ask(client, running.id, query="?first=1")
    answer = client.post(f"/live/{running.id}/orders/{PAGE}", headers=person(ANNE), content=body)
    assert answer.status_code == 400
    assert (
        client.post(f"/live/{running.id}/orders/{PAGE}", headers=person(ANNE), content="x" * 65_000).status_code == 400
    )
    assert running.status == "running" and running.changes == {}
    until(lambda: ask(client, running.id))


def test_a_page_may_be_there_before_the_run(client: TestClient, manager: Manager) -> None:
    id = new_id()
    starting = threading.Timer(0.3, lambda: manager.start(ANNE, ClassifierConfig(num_steps=5), id=id))
    starting.start()
    try:
        assert json.loads(ask(client, id, query="?first=1&coming=1")[0])["run"] == id
    finally:
        starting.join()


def test_a_page_may_go_before_its_run_has_come(client: TestClient) -> None:
    there = f"/live/{new_id()}/leave/{PAGE}"
    assert client.post(f"{there}?coming=1", headers=person(ANNE)).status_code == 204
    assert client.post(f"{there}?coming=1", headers=person(ANNE, None)).status_code == 404
    assert client.post(there, headers=person(ANNE)).status_code == 404


def test_a_page_that_goes_or_asks_no_more_is_gone(
    client: TestClient, manager: Manager, running: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client, running.id, query="?first=1")
    assert running.watched and manager.presence.present(ANNE)
    assert client.post(f"/live/{running.id}/leave/{PAGE}", headers=person(ANNE)).status_code == 204
    assert not running.watched and not manager.presence.present(ANNE)
    assert client.post(f"/live/{running.id}/news/{PAGE}", headers=person(ANNE)).status_code == 410
    monkeypatch.setattr(polling, "GONE", 0.2)
    ask(client, running.id, query="?first=1")
    until(lambda: not running.watched)
    assert not manager.presence.present(ANNE)


def test_one_person_asks_from_so_many_pages_at_once(
    client: TestClient, running: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "MOST", 2)
    for page in ("first", "second", "third"):
        assert client.post(f"/live/{running.id}/news/{page}?first=1", headers=person(ANNE)).status_code == 200
    answers = [client.post(f"/live/{running.id}/news/{page}", headers=person(ANNE)) for page in ("first", "third")]
    assert [answer.status_code for answer in answers] == [410, 200]


def test_a_tab_behind_others_is_answered_at_once_and_stays(
    client: TestClient, running: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "WAIT", 1000.0)
    ask(client, running.id, query="?first=1")
    found = ask(client, running.id, {"command": "visible", "value": False})
    monkeypatch.setattr(polling, "GONE", 0.0)
    for _question in range(3):
        found = ask(client, running.id)
    assert "frame" not in kinds(found)
    assert running.watched


def test_the_reason_for_a_refusal(client: TestClient, running: Run) -> None:
    def reason(path: str, headers: dict[str, str], page: str = HERE) -> str:
        answer = client.get(f"/live/{path}", params={"page": page}, headers=headers)
        assert answer.headers["cache-control"] == "no-store"
        return str(answer.json()["reason"])

    mine = {"cookie": f"{COOKIE}={ANNE}"}
    assert reason("reach", {}) == ""
    assert reason("reach", {}, "https://play.example.org") == "origin"
    assert reason(f"{running.id}/reach", mine) == ""
    assert reason(f"{running.id}/reach", mine, "http://play.example.org") == "origin"
    assert reason(f"{running.id}/reach", {}) == "cookie"
    assert (
        reason(f"{running.id}/reach", {"cookie": f"{COOKIE}={BOB}"}) == reason("0123456789abcdef/reach", mine) == "run"
    )
