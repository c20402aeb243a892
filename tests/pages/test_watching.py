"""What those who watch over a server ask: whether it lives, whether it is ready, and its metrics."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from streamlit import config

from core.disk import DiskError
from core.engine.launcher import Cluster
from core.engine.manager import Manager, manager
from core.experiments.classifier import ClassifierConfig
from pages.shared.server import health, metrics
from pages.shared.server.health import LOOK_INTERVAL, Readiness, warmed
from pages.shared.server.metrics import METRICS, METRICS_TOKEN, problems
from pages.shared.server.origin import AllowedHosts
from pages.shared.server.owner import COOKIE
from pages.shared.server.watching import Watching, route_of
from tests.pages.door import door
from tests.pages.tabs import ANNE
from tests.waiting import until

TOKEN = "a token that is long"


@pytest.fixture
def client(tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A browser at the door of a server that is ready, and looks anew each time."""
    monkeypatch.setattr(health, "LOOK_INTERVAL", 0.0)
    was = warmed.is_set()
    warmed.set()
    with door(tmp_path) as made:
        yield made
    if not was:
        warmed.clear()


def test_a_server_that_works_is_live_and_ready(client: TestClient) -> None:
    for path in ("/healthz", "/healthz/ready"):
        answer = client.get(path, headers={"host": "10.0.0.7:1"})
        assert (answer.status_code, answer.json()) == (200, {"status": "ready", "reasons": []})
        assert answer.headers["cache-control"] == "no-store" and "set-cookie" not in answer.headers
    assert client.get("/healthz/live").json() == {"status": "live"}
    assert client.head("/healthz").status_code == 200 and client.post("/healthz").status_code != 200


def test_it_says_why_it_is_not_ready(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: Path) -> None:
        raise DiskError(28, "No space left on device")

    monkeypatch.setattr(health, "check_writable", refuse)
    monkeypatch.setattr(health, "handles_left", lambda: 3)
    monkeypatch.setattr(health, "is_ending", lambda: True)
    warmed.clear()
    monkeypatch.setattr(manager(), "cluster", lambda: Cluster(0, 0, 3, answers=False))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "reasons": [
            "ending",
            "starting",
            "the cluster does not answer",
            "the data folder can't be written: no space is left",
            "few file handles left",
        ],
    }
    assert client.get("/healthz/live").status_code == 200


def test_the_disk_is_asked_once_in_a_few_seconds(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    now = [0.0]

    def look() -> str:
        looks.append(now[0])
        return ""

    monkeypatch.setattr(health, "storage_trouble", look)
    readiness = Readiness(lambda: now[0])
    for _second in range(20):
        readiness.reasons()
        now[0] += LOOK_INTERVAL / 5
    assert looks == [0, LOOK_INTERVAL, 2 * LOOK_INTERVAL, 3 * LOOK_INTERVAL]


def test_it_answers_to_every_name_and_below_the_apps_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(_scope: object, _receive: object, _send: object) -> None:
        raise AssertionError("it goes no further")

    real = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: "class/a" if name == "server.baseUrlPath" else real(name))
    client = TestClient(Watching(AllowedHosts(nothing, ["play.example.org"])), base_url="http://10.0.0.7")
    assert client.get("/class/a/healthz/live").status_code == 200
    assert client.get("/class/a/other").status_code == 400, "by another name nothing else is answered"


def values(text: str) -> dict[str, float]:
    """What Prometheus reads: the sum over all labels of each sample."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        assert family.name.startswith("torch_playground_") and family.documentation.endswith(".")
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0) + sample.value
    return sums


def test_metrics_are_what_prometheus_reads(
    client: TestClient, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(METRICS, "on")
    monkeypatch.delenv(METRICS_TOKEN, raising=False)
    before = values(client.get("/metrics").text)
    manager.presence.arrive(ANNE)
    run = manager.start(ANNE, ClassifierConfig(num_steps=20, device="cpu"), speed=1000)
    alive = manager.start(ANNE, ClassifierConfig(num_steps=50_000, device="cpu"), speed=20)
    until(lambda: not run.alive and run.connection is None and alive.step > 2)
    client.get(f"/live/{alive.id}/history", headers={"cookie": f"{COOKIE}={ANNE}"})
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    until(lambda: values(client.get("/metrics").text).get("torch_playground_runs_alive", 0) >= 1)
    text = client.get("/metrics").text
    after = values(text)
    assert ANNE not in text and run.id not in text and alive.id not in text
    for name, least in (("runs_begun", 2), ("runs_ended", 1), ("steps", 22)):
        name = f"torch_playground_{name}_total"
        assert after[name] >= before.get(name, 0) + least
    for name in ("people_here", "places", "disk_free_bytes", "loop_lag_seconds_count"):
        assert f"torch_playground_{name}" in after
    assert 'torch_playground_runs_ended_total{cause="reached_steps",experiment="classifier"}' in text
    assert 'torch_playground_http_requests_total{route="/live/…/history",status="2xx"}' in text


def test_metrics_are_there_for_whoever_may_read_them(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(METRICS, raising=False)
    monkeypatch.delenv(METRICS_TOKEN, raising=False)
    assert "torch_playground_" not in client.get("/metrics").text
    monkeypatch.setenv(METRICS, "off")
    assert "torch_playground_" not in client.get("/metrics").text
    monkeypatch.setenv(METRICS_TOKEN, TOKEN)
    for wrong in ("", TOKEN, f"bearer {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"):
        answer = client.get("/metrics", headers={b"authorization": wrong.encode()})
        assert answer.status_code == 401 and "torch_playground_" not in answer.text
    assert "torch_playground_" in client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).text


def test_settings_that_can_not_be_used_are_named() -> None:
    assert not problems({}) and not problems({METRICS: "on", METRICS_TOKEN: TOKEN})
    assert problems({METRICS: "yes", METRICS_TOKEN: "short"}) == [
        f"{METRICS} has to be on or off, not “yes”.",
        f"{METRICS_TOKEN} has to have at least {metrics.SHORTEST} characters, not 5.",
    ]
    for token in ("ein Schlüssel mit Umlaut", "\udcff" * 20, "a line and\nanother line"):
        [sentence] = problems({METRICS_TOKEN: token})
        assert "as it stands in a header" in sentence


def test_metrics_without_their_package_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    find: Callable[[str], object] = lambda name: None  # noqa: E731
    monkeypatch.setattr(metrics, "find_spec", find)
    assert problems({METRICS: "on"}) == [f"{METRICS} needs a package: pip install -r requirements-metrics.txt."]
    assert not problems({METRICS: "off"})


def test_whatever_is_asked_for_there_are_few_kinds_of_addresses() -> None:
    assert (
        route_of("") == "/" and route_of("classifier") == "/classifier" and route_of("healthz/live") == "/healthz/live"
    )
    assert route_of("live/0123456789abcdef/kept/3") == "/live/…/kept" and route_of("live/x") == "/live/…"
    assert (
        route_of("_stcore/upload_file/a/b") == "/_stcore/upload_file"
        and route_of("_stcore/" + "x" * 99) == "/_stcore/…"
    )
    kinds = {
        route_of(f"{first}{os.urandom(4).hex()}") for first in ("", "live/", "assets/", "x/y/", "tensorboard/") * 20
    }
    assert kinds == {"other", "/live/…", "/assets/…", "/tensorboard/…"}
