"""TensorBoard's routes: a person's own runs, and nothing of anybody else's."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
import torch
from starlette.testclient import TestClient
from torch.utils.tensorboard import SummaryWriter

from core.engine.manager import Manager
from core.models import Net
from core.tensorboard import host, link
from core.tensorboard.first import FOLDER, FirstConfig, write
from core.tensorboard.host import Board, Host, Request, Shelf
from core.tensorboard.link import Gone
from pages.shared.server.owner import TAB
from pages.shared.server.passes import passes
from tests.pages.conftest import serving
from tests.pages.tabs import ANNE, BOB
from tests.pages.test_server import HERE, as_person, browser
from tests.waiting import until, until_gone

RUN = "classifier/annes-run"
SECRETS = ("annes-label", "annes-words", "annes-setting", "annes-metric")
"""What is in the run and in no question."""
ODD = ["../../x", "..", "/etc/passwd", "a\0b", "x" * 4096, "<script>alert(1)</script>", "[x](javascript:alert(1))", "%"]
"""Run names that nobody has."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    """The server of all tests that only ask it."""
    with serving(tmp_path_factory.mktemp("server")) as made:
        yield made


@pytest.fixture(scope="module")
def client(server: Manager) -> Iterator[TestClient]:
    """A browser, for any person."""
    with browser() as made:
        yield made


@pytest.fixture(scope="module")
def logs(server: Manager) -> Path:
    """Anne has a run with something of every kind."""
    folder = server.store.logs(ANNE)
    with SummaryWriter(str(folder / RUN)) as writer:
        writer.add_scalar("annes-tag", 1.5, 1)
        writer.add_histogram("annes-histogram", torch.arange(9.0), 1)
        writer.add_images("annes-images", torch.rand(2, 1, 4, 4), 1)
        writer.add_pr_curve("annes-pr_curve", torch.tensor([0, 1]), torch.tensor([0.1, 0.9]), 1)
        writer.add_text("annes-text", "annes-words", 1)
        writer.add_hparams({"annes-setting": 1}, {"annes-metric": 2.0}, run_name=".")
        writer.add_embedding(torch.rand(3, 2), metadata=["annes-label"] * 3, tag="annes-tag")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            writer.add_graph(Net(2, (3,), 2), torch.rand(1, 2))
    return folder


def get(client: TestClient, path: str, owner: str | None = ANNE, origin: str | None = HERE) -> httpx2.Response:
    return client.get("/tensorboard" + path, headers=as_person(owner, origin), follow_redirects=False)


def routes(folder: Path) -> list[str]:
    """All that TensorBoard answers."""
    app = Board(str(folder), with_files=True)._app
    return [*app.exact_routes, *(f"{route}x" for route in app.prefix_routes)]  # type: ignore[attr-defined]


def questions(folder: Path) -> Iterator[str]:
    """Every route, asked for Anne's run and tag in each way that TensorBoard asks."""
    run = quote(RUN, safe="")
    for route in routes(folder):
        for tag in ("tag", "histogram", "images", "pr_curve", "text/text_summary"):
            yield f"{route}?run={run}&tag=annes-{tag}&sample=0&step=0&name=annes-tag%3A00000&index=0&experiment="
            yield f"/experiment/defaultExperimentId{route}?run={run}&tag=annes-{tag}"


def test_a_new_run_is_read_at_once_however_short_ago_the_others_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "RELOAD_INTERVAL", 3600.0)
    shelf = Shelf()
    for name, names in (("first", ["first"]), ("second", ["first", "second"])):
        write(FirstConfig(run=name), tmp_path / name)
        answer = shelf.answer(str(tmp_path), Request("GET", "/data/runs", ""))
        assert sorted(json.loads(gzip.decompress(answer.body))) == names


def test_a_person_sees_their_own_runs(client: TestClient, logs: Path) -> None:
    assert get(client, "/data/runs").json() == [RUN]
    assert list(get(client, "/data/plugin/scalars/tags").json()) == [RUN]
    points = get(client, f"/data/plugin/scalars/scalars?run={quote(RUN)}&tag=annes-tag").json()
    assert [(step, value) for _time, step, value in points] == [(1, 1.5)]
    for plugin in ("histograms", "images", "pr_curves"):
        assert RUN in get(client, f"/data/plugin/{plugin}/tags").json()
    assert "annes-label" in get(client, f"/data/plugin/projector/metadata?run={quote(RUN)}&name=annes-tag%3A00000").text


def lists(client: TestClient, owner: str, runs: list[str]) -> bool:
    """Whether TensorBoard lists just these runs of a person."""
    return bool(get(client, "/data/runs", owner).json() == runs)


def test_what_is_logged_later_is_there_when_it_is_asked_for(client: TestClient, server: Manager) -> None:
    carl = "c" * 32
    for runs in (["rnn/first"], ["rnn/first", "rnn/later"]):
        with SummaryWriter(str(server.store.logs(carl) / runs[-1])) as writer:
            writer.add_scalar("loss", 1.0, 1)
        until(partial(lists, client, carl, runs))


def test_what_was_written_anew_is_shown_alone(client: TestClient, server: Manager) -> None:
    """TensorBoard by itself goes on showing what a file held that is gone."""
    dora = "d" * 32
    folder = server.store.logs(dora) / FOLDER / "first"
    for points in (5, 3):
        write(FirstConfig(points=points), folder)
        rows = get(client, f"/data/plugin/scalars/scalars?tag=Example%2Fy&run={FOLDER}%2Ffirst", dora).json()
        assert [(step, value) for _time, step, value in rows] == [(i, 2.0 * i) for i in range(points)]


def test_its_page_loads_a_script_of_this_app_first(client: TestClient) -> None:
    for packed in ("gzip", "identity"):
        headers = {**as_person(ANNE, HERE), "Accept-Encoding": packed}
        page = client.get("/tensorboard/index.html", headers=headers).text
        assert page.index('<script src="start.js">') < page.index('<script src="index.js')
    assert "timeSeriesSettingsPaneOpened" in get(client, "/start.js").text


def test_tensorboards_fonts_are_fonts(client: TestClient) -> None:
    """At the root of the server, where its page looks for them by itself, a browser would get this app's own page."""
    page = get(client, "/index.html").text
    fonts = re.findall(r"url\(([^)]+\.woff2)\)", page)
    assert len(fonts) > 50
    assert not [font for font in fonts if font.startswith("/")], "they are looked for beside the page"
    assert get(client, f"/{fonts[0]}").content[:4] == b"wOF2"


def test_nobody_sees_anothers_runs_on_any_route(client: TestClient, logs: Path) -> None:
    everything = list(questions(logs))
    assert len(everything) > 60
    seen_by_anne = ""
    for question in everything:
        seen_by_anne += get(client, question).text
        for owner, origin in ((BOB, HERE), (ANNE, "http://elsewhere"), (ANNE, "null"), (None, HERE)):
            answer = get(client, question, owner, origin)
            assert not [word for word in SECRETS if word in answer.text], (question, owner, origin)
            assert answer.is_error or "annes-" not in answer.text, (question, owner, origin)
            if (owner, origin) != (BOB, HERE):
                assert answer.status_code == (404 if origin == HERE else 403)
    assert "annes-label" in seen_by_anne and "annes-words" in seen_by_anne
    for owner, sees in ((ANNE, True), (BOB, False)):
        table = client.post(
            "/tensorboard/data/plugin/hparams/experiment", headers=as_person(owner), json={"experimentName": ""}
        ).text
        assert ("annes-setting" in table) is ("annes-metric" in table) is sees


def test_another_persons_folder_cannot_be_named(client: TestClient, logs: Path, server: Manager) -> None:
    theirs = server.store.logs(BOB)
    for name in (f"../{logs.name}/{RUN}", str(logs / RUN), f"{theirs}/../{logs.name}/{RUN}"):
        for route in ("scalars/scalars", "projector/metadata", "projector/tensor", "projector/sprite_image"):
            answer = get(client, f"/data/plugin/{route}?run={quote(name, safe='')}&tag=annes-tag&name=annes-tag", BOB)
            assert answer.is_error and "annes-label" not in answer.text


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_refused_in_a_sentence(client: TestClient, logs: Path, name: str) -> None:
    for question in (
        "/data/plugin/scalars/scalars?tag=annes-tag&run=",
        "/data/plugin/scalars/scalars?run=x&tag=",
        "/data/plugin/images/images?tag=annes-tag&run=",
        "/data/plugin/graphs/graph?run=",
        "/data/plugin/projector/tensor?name=x&run=",
        "/data/plugin_entry.html?name=",
        "/",
    ):
        answer = get(client, question + quote(name, safe=""))
        assert answer.status_code in (200, 400, 404), question
        assert "Traceback" not in answer.text
        if answer.is_error:
            assert answer.headers["content-type"].startswith("text/plain")


def test_a_long_question_is_refused(client: TestClient, logs: Path) -> None:
    answer = client.post(
        "/tensorboard/data/plugin/hparams/session_groups", headers=as_person(ANNE), content=b"x" * 100_000
    )
    assert answer.status_code == 413


def test_the_page_itself_is_the_same_for_everybody(client: TestClient, logs: Path) -> None:
    assert get(client, "/").text == get(client, "/", BOB).text
    assert "index.js" in get(client, "/").text
    assert get(client, "/index.js").headers["content-type"].startswith(("text/javascript", "application/javascript"))


def test_it_comes_back_after_its_process_was_killed_and_ends_with_the_server(manager: Manager, tmp_path: Path) -> None:
    board: Host = manager.tensorboard
    assert board.ask(tmp_path, Request("GET", "/data/runs", "")).status == 200
    first = board.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(partial(answers, board, tmp_path))
    second = board.pid
    assert second is not None and second != first
    os.kill(second, signal.SIGSTOP)
    manager.close()
    until_gone([first, second])
    with pytest.raises(Gone):
        board.ask(tmp_path, Request("GET", "/data/runs", ""))


def answers(board: Host, folder: Path) -> bool:
    """Whether TensorBoard answers."""
    try:
        return board.ask(folder, Request("GET", "/data/runs", "")).status == 200
    except Gone:
        return False


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows stops no process")
def test_while_it_hangs_all_else_is_answered_and_then_it_is_started_again(
    client: TestClient, server: Manager, logs: Path
) -> None:
    assert get(client, "/data/runs").json() == [RUN]
    hanging = server.tensorboard.pid
    assert hanging is not None
    os.kill(hanging, signal.SIGSTOP)
    body = {"experimentName": "x" * 60_000}  # a few of them fill the pipe
    ask = partial(client.post, "/tensorboard/data/plugin/hparams/experiment", headers=as_person(ANNE), json=body)
    with ThreadPoolExecutor(60) as people:
        waiting = [people.submit(ask) for _ in range(60)]
        run = client.get(f"/live/{'0' * 16}/history", headers=as_person(BOB, HERE))
        assert run.status_code == 404 and not any(asked.done() for asked in waiting)
        statuses = {asked.result().status_code for asked in waiting}
    assert 503 in statuses and statuses <= {200, 503}
    assert get(client, "/data/runs").json() == [RUN]
    until_gone([hanging])


def test_a_persons_endless_question_ends_with_the_process(
    client: TestClient, server: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "SILENCE", 5.0)
    emil = "e" * 32
    with SummaryWriter(str(server.store.logs(emil) / RUN)) as writer:
        writer.add_hparams({"words": "a" * 60}, {"metric": 2.0}, run_name=".")
    assert get(client, "/data/runs", emil).json() == [RUN]
    column = {"hparam": "words", "filterRegexp": "(a|a)*b"}
    statuses = [f"STATUS_{name}" for name in ("UNKNOWN", "SUCCESS", "FAILURE", "RUNNING")]
    question = {"allowedStatuses": statuses, "colParams": [column], "sliceSize": 10}
    path = "/tensorboard/data/plugin/hparams/session_groups"
    assert client.post(path, headers=as_person(emil), json=question).status_code == 503
    assert get(client, "/data/runs", emil).json() == [RUN]


def test_a_pass_opens_it_where_the_browser_does_not_say_who_asks(client: TestClient, logs: Path) -> None:
    word = passes.issue(ANNE)
    assert "TensorBoard" in get(client, f"/pass/{word}/", owner=None).text
    for owner in (None, BOB):
        assert RUN in get(client, f"/pass/{word}/data/runs", owner).json()
    for wrong in ("/pass/wrong/data/runs", "/pass/", "/pass//data/runs", "/data/runs"):
        client.cookies.clear()  # that of TensorBoard's own page
        assert get(client, wrong, owner=None).status_code == 404
    assert client.get("/tensorboard/data/runs", headers={TAB: word}).status_code == 404, "it is no token"
