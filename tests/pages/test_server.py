"""The server's own routes: whose run is shown to whom, and the files of the live view."""

from __future__ import annotations

import gzip
import json
import math
import re
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import plotly
import pytest
import streamlit
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from core.engine.manager import Manager
from core.engine.run import Run
from core.engine.store import new_id
from core.experiments.classifier import ClassifierConfig
from core.experiments.cnn import CNNConfig
from core.frames import decode
from pages.shared.server import live_routes, viewer
from pages.shared.server.assets import PAGES, PLOTLY, TYPES, asset, pages_hash, plotly_address
from pages.shared.server.owner import COOKIE
from pages.shared.server.routes import front, middleware, routes
from tests.pages.door import door
from tests.pages.tabs import ANNE, BOB
from tests.waiting import until

HERE = "http://testserver"
FORGED = [
    "../../x",
    "..%2f..%2fx",
    "%2e%2e%2f%2e%2e%2fx",
    "..",
    "%00",
    "a%00b",
    "0123456789abcde%00",
    "x" * 4096,
    "٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥",
    "'%20OR%201=1--",
    "0123456789abcdef",
]


@contextmanager
def browser() -> Iterator[TestClient]:
    """A browser that has no cookie yet, while inside."""

    async def html(_request: Any) -> HTMLResponse:
        return HTMLResponse("<p>")

    async def data(_request: Any) -> JSONResponse:
        return JSONResponse({})

    app = Starlette(routes=[*routes, Route("/", html), Route("/data", data)], middleware=[*front, *middleware])
    with TestClient(app, raise_server_exceptions=True) as made:
        yield made


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A browser that has no cookie yet."""
    with browser() as made:
        yield made


def as_person(owner: str | None, origin: str | None = HERE) -> dict[str, str]:
    """The headers of a person's browser on our own page."""
    headers = {"origin": origin} if origin else {}
    return {**headers, "cookie": f"other=1; {COOKIE}={owner}"} if owner else headers


@pytest.fixture
def run(manager: Manager) -> Run:
    """A run of Anne's that has ended."""
    made = manager.start(ANNE, ClassifierConfig(num_steps=20), speed=200)
    until(lambda: made.connection is None)  # its last picture may come after the word that it has ended
    assert made.status == "finished"
    return made


@pytest.fixture
def running(manager: Manager) -> Run:
    """A run of Anne's that goes on for a long time."""
    made = manager.start(ANNE, ClassifierConfig(num_steps=50_000), speed=100)
    until(lambda: made.step > 2)
    return made


def refused(client: TestClient, id: str, headers: dict[str, str]) -> bool:
    """Whether the live socket does not open."""
    try:
        with client.websocket_connect(f"/live/{id}", headers=headers):
            return False
    except WebSocketDisconnect:
        return True


def next_message(socket: WebSocketTestSession, kind: str) -> Any:
    """The next message of a kind: "hello", "metrics", "status" or "frame"."""
    while True:
        message = socket.receive()
        if message["type"] == "websocket.close":
            raise AssertionError("the socket was closed")
        if message.get("bytes") is not None:
            if kind == "frame":
                return decode(message["bytes"])
        elif json.loads(message["text"])["kind"] == kind:
            return json.loads(message["text"])


def next_kind(socket: WebSocketTestSession) -> str:
    """The kind of the next message: "hello", "metrics", "status" or "frame"."""
    message = socket.receive()
    assert message["type"] != "websocket.close"
    return "frame" if message.get("bytes") is not None else str(json.loads(message["text"])["kind"])


# Who is who


def test_cookie_comes_with_the_first_page_only(client: TestClient) -> None:
    cookie = client.get("/").headers["set-cookie"]
    assert re.match(rf"{COOKIE}=[0-9a-f]{{32}};", cookie)
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes
    assert "set-cookie" not in client.get("/").headers, "the browser has it now"


def test_every_browser_gets_its_own_cookie(client: TestClient) -> None:
    first = client.get("/").cookies[COOKIE]
    client.cookies.clear()
    assert client.get("/").cookies[COOKIE] != first


def test_no_cookie_with_data_or_files(client: TestClient) -> None:
    for path in ("/data", plotly_address(), asset("shared/live/js/live.js")):
        assert "set-cookie" not in client.get(path).headers


@pytest.mark.parametrize("value", ["", "short", "x" * 33, "../" * 11, "a" * 31 + "é", '"' + "a" * 30, "a" * 31 + ";"])
def test_cookie_of_someone_elses_making_is_replaced(client: TestClient, value: str) -> None:
    answer = client.get("/", headers={b"cookie": f"{COOKIE}={value}".encode("latin-1")})
    assert re.match(rf"{COOKIE}=[0-9a-f]{{32}};", answer.headers["set-cookie"])


# Only one's own runs


def test_own_history_and_kept_frame(client: TestClient, run: Run) -> None:
    answer = client.get(f"/live/{run.id}/history", headers=as_person(ANNE))
    assert answer.json()["history"]["run"]["loss/train"]["step"] == list(range(1, 21))
    step = run.kept[1]
    answer = client.get(f"/live/{run.id}/kept/{step}", headers=as_person(ANNE, origin=None))
    assert answer.status_code == 200
    assert decode(answer.content)[0]["step"] == step
    assert "private" in answer.headers["cache-control"]


@pytest.mark.parametrize("owner", [BOB, None, "", "a" * 31, "a" * 33, "../" * 10 + "ab", "A" * 32])
def test_others_see_nothing(client: TestClient, run: Run, owner: str | None) -> None:
    headers = as_person(owner)
    for path in (f"/live/{run.id}/history", f"/live/{run.id}/kept/{run.kept[0]}"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 404
        assert len(answer.content) < 100
    assert refused(client, run.id, headers)
    assert not refused(client, run.id, as_person(ANNE))


def test_nobody_can_tell_a_strangers_run_from_none(client: TestClient, run: Run) -> None:
    strange = client.get(f"/live/{run.id}/history", headers=as_person(BOB))
    missing = client.get("/live/0123456789abcdef/history", headers=as_person(BOB))
    assert (strange.status_code, strange.content) == (missing.status_code, missing.content)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "http://evil.example",
        "http://testserver.evil.example",
        "http://testserver:8501",
        "http://user@evil.example",
        "http://[",
        "testserver",
    ],
)
def test_socket_wants_our_own_page_as_origin(client: TestClient, run: Run, origin: str | None) -> None:
    headers = {"cookie": f"{COOKIE}={ANNE}", **({} if origin is None else {"origin": origin})}
    assert refused(client, run.id, headers)


def test_foreign_page_gets_no_history(client: TestClient, run: Run) -> None:
    headers = as_person(ANNE, origin="http://evil.example")
    assert client.get(f"/live/{run.id}/history", headers=headers).status_code == 403
    assert client.get(f"/live/{run.id}/kept/{run.kept[0]}", headers=headers).status_code == 403


def test_a_foreign_name_for_this_server_leads_to_nobodys_runs(client: TestClient, run: Run) -> None:
    """DNS rebinding: the browser has another cookie for that name, and the page there may ask in its own name."""
    headers = {"host": "evil.example:8501", "origin": "http://evil.example:8501"}
    headers["cookie"] = client.get("/", headers=headers).headers["set-cookie"].partition(";")[0]
    assert client.get(f"/live/{run.id}/history", headers=headers).status_code == 404
    assert client.get(f"/live/{run.id}/kept/{run.kept[0]}", headers=headers).status_code == 404
    assert refused(client, run.id, headers)


@pytest.mark.parametrize("id", FORGED, ids=lambda id: id[:20])
def test_forged_ids_lead_nowhere(client: TestClient, run: Run, id: str) -> None:
    headers = as_person(ANNE)
    assert client.get(f"/live/{id}/history", headers=headers).status_code == 404
    assert client.get(f"/live/{id}/kept/0", headers=headers).status_code == 404
    assert refused(client, id, headers)


@pytest.mark.parametrize(
    "step", ["7777", "-1", "1e3", "..%2frun.json", "000000.frame", "9" * 4000, "9" * 5000, "٣", "%00"]
)
def test_frames_that_were_not_kept(client: TestClient, run: Run, step: str) -> None:
    assert client.get(f"/live/{run.id}/kept/{step}", headers=as_person(ANNE)).status_code == 404


# Live


def test_finished_run_is_told_whole(client: TestClient, run: Run) -> None:
    with client.websocket_connect(f"/live/{run.id}", headers=as_person(ANNE)) as socket:
        hello = next_message(socket, "hello")
        assert hello["status"] == "finished"
        assert hello["history"]["run"]["loss/train"]["step"] == list(range(1, 21))
        assert hello["kept"] == run.kept
        header, arrays = next_message(socket, "frame")
        assert header["step"] == 20
        assert arrays["run/decision"].shape == (100, 100)


def test_a_viewer_may_be_there_before_the_run(client: TestClient, manager: Manager) -> None:
    """Play tells the browser the run's id before there is a run."""
    id = new_id()

    def start() -> None:
        manager.start(ANNE, ClassifierConfig(num_steps=5), id=id)

    starting = threading.Timer(0.3, start)
    starting.start()
    try:
        with client.websocket_connect(f"/live/{id}?coming=1", headers=as_person(ANNE)) as socket:
            hello = json.loads(socket.receive_text())
        assert (hello["kind"], hello["run"]) == ("hello", id)
    finally:
        starting.join()


def test_nobody_waits_for_a_run_of_someone_else(
    client: TestClient, running: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_routes, "COMING", 0.05)
    for id, person in ((running.id, BOB), (new_id(), ANNE)):
        with client.websocket_connect(f"/live/{id}?coming=1", headers=as_person(person)) as socket:
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_text()
            assert closed.value.code == 4404


def test_live_run_is_told_without_a_gap(client: TestClient, running: Run) -> None:
    with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
        steps = next_message(socket, "hello")["history"]["run"]["loss/train"]["step"]
        while len(steps) < 60:
            steps += next_message(socket, "metrics")["history"].get("run", {}).get("loss/train", {"step": []})["step"]
        assert steps == list(range(1, len(steps) + 1))


def test_frames_move_on(client: TestClient, running: Run) -> None:
    with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
        first = next_message(socket, "frame")[0]["step"]
        assert next_message(socket, "frame")[0]["step"] >= first
        assert next_message(socket, "frame")[0]["step"] > first


def test_commands(client: TestClient, running: Run) -> None:
    with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
        socket.send_json({"command": "pause"})
        until(lambda: running.status == "paused")
        at = running.step
        socket.send_json({"command": "step"})
        until(lambda: running.step == at + 1)
        socket.send_json({"command": "speed", "value": 200})
        socket.send_json({"command": "play"})
        until(lambda: running.status == "running" and running.step > at + 5)
        assert running.speed == 200


def trains_with(run: Run, lr: float) -> bool:
    """Whether it has trained with that learning rate: the next change is then of a later step."""
    return run.value_now("lr") == lr and run.step >= max(run.changes)


def test_a_setting_that_is_dragged_acts_at_once_and_is_recorded(client: TestClient, running: Run) -> None:
    with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
        for lr in (0.05, 0.1, 0.1, 0.5):
            socket.send_json({"command": "change", "value": {"lr": lr, "hidden_sizes": [3]}})
            until(partial(trains_with, running, lr))
    assert list(running.changes.values()) == [{"lr": 0.05}, {"lr": 0.1}, {"lr": 0.5}]
    assert running.status == "running"


def messages_until(socket: WebSocketTestSession, kind: str, **values: object) -> list[str]:
    """The kinds of what comes, up to a message of this kind with these values; "frame" is one of them."""
    kinds: list[str] = []
    while True:
        message = socket.receive()
        assert message["type"] != "websocket.close"
        content = {"kind": "frame"} if message.get("bytes") is not None else json.loads(message["text"])
        kinds.append(content["kind"])
        if content["kind"] == kind and all(content[name] == value for name, value in values.items()):
            return kinds


def test_pictures_wait_for_the_page_and_nothing_else_waits_for_them(
    client: TestClient, running: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer, "PATIENCE", math.inf)
    monkeypatch.setattr(viewer, "LONG_PATIENCE", math.inf)
    with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
        kinds = [next_kind(socket) for _ in range(20)]
        while kinds.count("metrics") < 30:
            kinds.append(next_kind(socket))
        assert kinds.count("frame") == viewer.AHEAD
        socket.send_json({"command": "pause"})
        assert "frame" not in messages_until(socket, "status", status="paused")
        socket.send_json({"command": "drawn", "value": viewer.AHEAD})
        while next_message(socket, "frame")[0]["step"] < running.step:
            pass


def test_a_page_that_says_nothing_gets_pictures_all_the_same(client: TestClient, running: Run) -> None:
    with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
        for _ in range(viewer.AHEAD + 2):
            next_message(socket, "frame")


def test_a_hidden_tab_gets_status_alone_and_all_at_once_when_it_is_back(client: TestClient, running: Run) -> None:
    with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
        known = next_message(socket, "hello")["history"]["run"]["loss/train"]["step"][-1]
        socket.send_json({"command": "visible", "value": False})
        for command, status in (("pause", "paused"), ("play", "running")):
            socket.send_json({"command": command})
            messages_until(socket, "status", status=status)
        at = running.step
        until(lambda: running.step > at + 20)
        socket.send_json({"command": "pause"})
        assert set(messages_until(socket, "status", status="paused")) == {"status"}
        socket.send_json({"command": "visible", "value": True})
        steps = next_message(socket, "metrics")["history"]["run"]["loss/train"]["step"]
        assert steps[0] <= at + 1 and steps[-1] == running.step and known < running.step
        while next_message(socket, "frame")[0]["step"] < running.step:
            pass


def test_a_frame_has_what_its_page_shows(client: TestClient, running: Run) -> None:
    with (
        client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket,
        client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as other,
    ):
        assert "run/units" in next_message(socket, "frame")[1], "who has not said what it shows gets all"
        other.send_json({"command": "shows", "value": []})
        socket.send_json({"command": "shows", "value": []})
        while "run/units" in (arrays := next_message(socket, "frame")[1]):
            pass
        assert set(arrays) == {"run/decision", "run/gradient_norm"}
        socket.send_json({"command": "pause"})
        messages_until(socket, "status", status="paused")
        other.send_json({"command": "shows", "value": ["units"]})
        while "run/units" not in (arrays := next_message(socket, "frame")[1]):
            pass
        assert "run/weights" not in arrays, "also while it rests"
    until(lambda: running.kept[-1] == running.step)
    answer = client.get(f"/live/{running.id}/kept/{running.step}", headers=as_person(ANNE))
    assert {"run/units", "run/weights"} <= set(decode(answer.content)[1]), "kept ones are whole"


def test_a_page_that_can_unpack_gets_less(client: TestClient, running: Run) -> None:
    with client.websocket_connect(f"/live/{running.id}?packed=1", headers=as_person(ANNE)) as socket:
        socket.send_json({"command": "pause"})
        packed = plain = b"{"
        while plain.startswith(b"{"):  # a text, packed as well once it is long
            packed = socket.receive().get("bytes") or b""
            plain = zlib.decompress(packed) if packed else b"{"
        assert "run/decision" in decode(plain)[1]
        assert len(packed) < 0.6 * len(plain)


def test_a_long_history_comes_thinned_and_in_full_where_one_zooms_in(client: TestClient, manager: Manager) -> None:
    run = manager.start(ANNE, ClassifierConfig(num_steps=4000, evaluate_every=1000), speed=0)
    until(lambda: run.status == "finished")
    path, headers = f"/live/{run.id}", as_person(ANNE)
    with client.websocket_connect(path, headers=headers) as socket:
        series = next_message(socket, "hello")["history"]["run"]["loss/train"]
    assert len(series["step"]) < 2000 and series["step"][-1] == 4000
    exact = dict(zip(*run.history["run"]["loss/train"].values(), strict=True))
    shown = dict(zip(*series.values(), strict=True))
    assert all(shown[step] == pytest.approx(exact[step], rel=1e-6) for step in run.kept if step)
    answer = client.get(f"{path}/history?from=1000&to=1999.5", headers=headers)
    assert answer.json()["history"]["run"]["loss/train"]["step"] == list(range(1000, 2000))
    for strange in ("from=x", "to=nan", "from=1&to="):
        assert client.get(f"{path}/history?{strange}", headers=headers).status_code == 400
    assert (
        client.get(f"{path}/history?from=9&to=1", headers=headers).json()["history"]["run"]["loss/train"]["step"] == []
    )


@pytest.mark.parametrize(
    "order",
    [
        {"command": "stop"},
        {"command": "lr", "value": 1e9},
        {"command": "watch", "value": False},
        {"command": "speed", "value": -1},
        {"command": "speed", "value": "fast"},
        {"command": "speed"},
        {"command": "change"},
        {"command": "change", "value": {}},
        {"command": "change", "value": {"lr": 1e9}},
        {"command": "change", "value": {"lr": "fast"}},
        {"command": "change", "value": {"num_steps": 7, "dataset": "moons"}},
        {"command": "drawn", "value": -1e300},
        {"command": "shows", "value": [[]]},
        {"command": ["play"]},
        {"command": {"a": 1}},
        {},
    ],
    ids=str,
)
def test_orders_that_a_viewer_may_not_give(client: TestClient, running: Run, order: dict[str, object]) -> None:
    with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
        socket.send_json(order)
        at = running.step
        until(lambda: running.step > at + 3)
    assert running.status == "running"
    assert running.speed == 100
    assert running.changes == {}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"play"', "1", "NaN", "x" * 1_000_000, "[" * 100_000])
def test_noise_on_the_socket_harms_nobody(client: TestClient, running: Run, text: str) -> None:
    with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
        next_message(socket, "hello")
        socket.send_text(text)
        at = running.step
        until(lambda: running.step > at + 3)
    assert not refused(client, running.id, as_person(ANNE))


def test_bytes_on_the_socket_harm_nobody(client: TestClient, running: Run) -> None:
    with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
        next_message(socket, "hello")
        socket.send_bytes(b"\0\xff")
        at = running.step
        until(lambda: running.step > at + 3)
    assert not refused(client, running.id, as_person(ANNE))


def test_leaving_is_noticed(client: TestClient, running: Run) -> None:
    for _visit in range(3):
        with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
            next_message(socket, "hello")
            assert running.watched
        until(lambda: not running.watched)


def test_run_goes_on_while_someone_looks_and_ends_after(client: TestClient, manager: Manager, running: Run) -> None:
    with client.websocket_connect(f"/live/{running.id}", headers=as_person(ANNE)) as socket:
        next_message(socket, "hello")
        manager.grace = 0.5  # not before: until now nobody looked
        begin = time.monotonic()
        while time.monotonic() < begin + 3:
            next_message(socket, "metrics")
        assert running.status == "running"
    until(lambda: running.status == "stopped")
    assert [row["step"] for row in running.folder.rows("run")] == list(range(1, running.step + 1))


# Files


def test_plotly_is_packed_and_kept_for_ever(client: TestClient) -> None:
    answer = client.get(plotly_address(), headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert int(answer.headers["content-length"]) < 500_000
    assert answer.content == gzip.decompress(PLOTLY.read_bytes())
    version = answer.content.decode().splitlines()[1].split()[-1]
    assert plotly_address() == f"assets/plotly-basic-{version.removeprefix('v')}.min.js"


def test_every_script_and_style_of_every_page(client: TestClient) -> None:
    files = [path for path in PAGES.rglob("*") if path.suffix in TYPES]
    folders = {path.relative_to(PAGES).parts[0] for path in files}
    assert {"shared", "classifier", "cnn", "rnn"} <= folders
    for path in files:
        answer = client.get(asset(str(path.relative_to(PAGES))))
        assert answer.content == path.read_bytes()
        assert "immutable" in answer.headers["cache-control"]


def test_file_of_another_version_is_not_kept(client: TestClient) -> None:
    answer = client.get("/assets/pages/0123456789ab/shared/live/js/live.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "index.py",
        "../streamlit_app.py",
        "..%2fstreamlit_app.py",
        "%2e%2e/%2e%2e/%2e%2e/streamlit_app.py",
        "....//streamlit_app.py",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "shared/pictures",
        "shared/pictures/",
        "",
        "shared/live/text.py",
        "classifier/lesson.en.md",
        "classifier/zh.po",
        "shared/live/js/live.js%00.css",
        "shared/live/js/live.js/x.js",
        "missing.js",
        "shared/live/js/types.d.ts",
        "a" * 5000 + ".js",
        "..%5cstreamlit_app.py",
    ],
    ids=lambda path: path[:30],
)
def test_no_other_file_gets_out(client: TestClient, path: str) -> None:
    answer = client.get(f"/assets/pages/{pages_hash()}/{path}")
    assert answer.status_code == 404
    assert b"import" not in answer.content


def test_no_script_from_elsewhere_gets_out(client: TestClient) -> None:
    elsewhere = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    up = "%2e%2e/" * (len(PAGES.parts) - 1)
    for path in (str(elsewhere), str(elsewhere).replace("/", "%2f"), up + str(elsewhere)[1:]):
        answer = client.get(f"/assets/pages/{pages_hash()}/{path}")
        assert answer.status_code == 404
        assert len(answer.content) < 100


@pytest.mark.parametrize(
    "name", ["plotly.min.js", "plotly-0.0.0.min.js", "..%2f..%2fstreamlit_app.py", "%00", "x" * 5000]
)
def test_no_other_bundle(client: TestClient, name: str) -> None:
    assert client.get(f"/assets/{name}").status_code == 404


def test_streamlit_scripts_are_packed_and_kept_for_ever(tmp_path: Path) -> None:
    with door(tmp_path) as client:
        # as a page asks that got no pack
        index = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
        named = re.findall(r'(?:src|href)="\.(/static/(?:js|css)/[^"]+)"', index)
        assert len(named) > 10
        for address in named:
            answer = client.get(address, headers={"accept-encoding": "gzip, br"})
            assert answer.headers["content-encoding"] == "gzip", address
            assert "immutable" in answer.headers["cache-control"]
            assert answer.headers["content-type"].startswith(TYPES[Path(address).suffix])
            raw = client.get(address, headers={"accept-encoding": "identity"})
            assert "content-encoding" not in raw.headers
            assert raw.content == answer.content
            head = client.head(address, headers={"accept-encoding": "gzip"})
            assert head.headers["content-length"] == answer.headers["content-length"] and not head.content


@pytest.mark.parametrize("name", ["js/missing.01234567.js", "js/../../index.html", "js%00", "../../../etc/passwd"])
def test_no_other_file_of_streamlit_is_packed(tmp_path: Path, name: str) -> None:
    with door(tmp_path) as client:
        answer = client.get(f"/static/{name}", headers={"accept-encoding": "gzip"})
        assert "script" not in answer.headers.get("content-type", "") and "root:" not in answer.text
        assert "immutable" not in answer.headers.get("cache-control", "")


# Looking at something else


@pytest.fixture
def cnn(manager: Manager) -> Run:
    """A CNN of Anne's that has ended."""
    made = manager.start(ANNE, CNNConfig.create({"num_epochs": 1, "train_size": 100}))
    until(lambda: made.status == "finished")
    return made


def test_a_kept_step_is_looked_at_in_another_way(client: TestClient, cnn: Run) -> None:
    address, headers = f"/live/{cnn.id}/kept/{cnn.kept[-1]}", as_person(ANNE)
    plain, arrays = decode(client.get(address, headers=headers).content)
    assert plain["part"] == "layers"
    answer = client.post(address, headers=headers, content=json.dumps({"part": "layers", "image": 7, "version": 3}))
    assert answer.headers["cache-control"] == "no-store"
    looked, others = decode(answer.content)
    assert (looked["step"], looked["image"], looked["version"]) == (cnn.kept[-1], 7, 3)
    assert (others["run/filters"] == arrays["run/filters"]).all(), "not the weights of that step"
    assert (others["run/input"] != arrays["run/input"]).any()
    tested, _ = decode(client.post(address, headers=headers, content='{"part": "test"}').content)
    assert tested["tested"] == 1000


@pytest.mark.parametrize(
    "content", ["", "[", "[]", '{"part": "weights"}', '{"image": 1e9}', "[" * 50_000, "x" * 70_000]
)
def test_what_can_not_be_looked_at(client: TestClient, cnn: Run, content: str) -> None:
    answer = client.post(f"/live/{cnn.id}/kept/0", headers=as_person(ANNE), content=content)
    assert answer.status_code == 400


def test_nobody_elses_run_is_looked_at(client: TestClient, cnn: Run) -> None:
    elsewhere = as_person(ANNE, origin="https://elsewhere.example")
    for headers, status in ((as_person(BOB), 404), (as_person(None), 404), (elsewhere, 403)):
        answer = client.post(f"/live/{cnn.id}/kept/0", headers=headers, content='{"part": "test"}')
        assert answer.status_code == status


def test_a_running_network_is_looked_at_through_the_socket(client: TestClient, manager: Manager) -> None:
    run = manager.start(ANNE, CNNConfig.create({"num_epochs": 50}), speed=20)
    with client.websocket_connect(f"/live/{run.id}", headers=as_person(ANNE)) as socket:
        next_message(socket, "hello")
        socket.send_text(json.dumps({"command": "focus", "value": {"part": "convolution", "channel": 5}}))
        while next_message(socket, "frame")[0]["part"] != "convolution":
            pass
        assert next_message(socket, "frame")[0]["channel"] == 5
