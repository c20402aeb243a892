"""The server's start: what stops it, and what it says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit import config, net_util

from core import limits, logs
from pages.shared.server.origin import ALLOWED_HOSTS
from pages.shared.server.start import DATA, say_ready, unknown_settings
from tests.waiting import PATIENCE, until

ROOT = Path(__file__).parents[2]


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "TORCH_PLAYGROUND_PEOPLE",
            "none",
            "TORCH_PLAYGROUND_PEOPLE has to be a whole number from 1 to 100000, not “none”.",
        ),
        (
            ALLOWED_HOSTS,
            "localhost, http://play.example.org",
            f"{ALLOWED_HOSTS} has to hold names without a port, such as play.example.org or *.example.org (other "
            "letters as xn--...), not “http://play.example.org”.",
        ),
    ],
)
def test_a_server_with_a_wrong_setting_stops_with_one_sentence(
    tmp_path: Path, variable: str, value: str, sentence: str
) -> None:
    order = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.port", "0"]
    environment = {**os.environ, "TORCH_PLAYGROUND_DATA": str(tmp_path), variable: value}
    ended = subprocess.run(order, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [sentence]
    assert "ready" not in ended.stdout and "http" not in ended.stdout


def test_a_server_with_a_cluster_that_cant_be_used_stops_with_one_sentence(tmp_path: Path) -> None:
    order = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.port", "0"]
    environment = {**os.environ, "TORCH_PLAYGROUND_DATA": str(tmp_path), "TORCH_PLAYGROUND_CLUSTER": "ray://head:10001"}
    ended = subprocess.run(order, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 2 and len(ended.stderr.splitlines()) == 1 and "ray://head:10001" in ended.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="sees by /proc what a process has loaded")
def test_ctrl_c_while_pytorch_is_imported_ends_it_without_a_word(tmp_path: Path) -> None:
    order = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.port", "0"]
    environment = {**os.environ, DATA: str(tmp_path)}
    starting = subprocess.Popen(
        order, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until(lambda: "libtorch" in Path(f"/proc/{starting.pid}/maps").read_text())
    starting.send_signal(signal.SIGINT)
    output, errors = starting.communicate(timeout=PATIENCE)
    assert (starting.returncode, output, errors) == (128 + signal.SIGINT, "", "")


def test_a_misspelt_setting_is_named_with_the_nearest_name() -> None:
    known = {row.variable: "1" for row in limits.LIMITS.values()}
    assert unknown_settings({**known, DATA: "/here", ALLOWED_HOSTS: "", "TORCH_HOME": "/x", "HOME": "/y"}) == []
    for name, nearest in (
        ("TORCH_PLAYGROUND_POEPLE", "TORCH_PLAYGROUND_PEOPLE"),
        ("TORCH_PLAYGROUD_PEOPLE", "TORCH_PLAYGROUND_PEOPLE"),
        ("torch_playground_data", DATA),
        ("TORCH_PLAYGROUND_ALLOWED_HOST", ALLOWED_HOSTS),
        ("TORCH_PLAYGROUND_KEPT_RUN", "TORCH_PLAYGROUND_KEPT_RUNS"),
    ):
        [sentence] = unknown_settings({name: "2"})
        assert sentence == f"{name} is no setting of this app and is ignored: the nearest name is {nearest}."
    assert len(unknown_settings({"TORCH_PLAYGROUND_X": "", "TORCH_PLAYGROUND_QQQQQQQQQQ": ""})) == 2


def test_it_is_said_at_the_start_which_goes_on(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path), DATA: "~/records"}
    environment |= {"TORCH_PLAYGROUND_POEPLE": "2", "TORCH_PLAYGROUND_KEPT_RUNS": "0"}
    program = "from pages.shared.server.start import check_start; check_start()"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (ended.returncode, ended.stderr.splitlines()) == (
        0,
        [
            "TORCH_PLAYGROUND_POEPLE is no setting of this app and is ignored: the nearest name is "
            "TORCH_PLAYGROUND_PEOPLE."
        ],
    )
    assert (tmp_path / "records" / "index.sqlite").exists() and not (ROOT / "~").exists()


def a_file_above(folder: Path) -> Path:
    folder.write_text("no folder")
    return folder / "data"


def an_index_that_is_a_folder(folder: Path) -> Path:
    (folder / "index.sqlite").mkdir(parents=True)
    return folder


@pytest.mark.one_in(2)
@pytest.mark.parametrize("make", [a_file_above, an_index_that_is_a_folder])
def test_a_server_that_can_not_write_its_data_stops_with_one_sentence(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    folder = make(tmp_path / "here")
    order = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.port", "0"]
    environment = {**os.environ, "TORCH_PLAYGROUND_DATA": str(folder)}
    ended = subprocess.run(order, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 1
    (sentence,) = ended.stderr.splitlines()
    assert sentence.startswith(f"The data folder {folder} can't be used: ") and sentence.endswith(".")
    assert "ready" not in ended.stdout and "http" not in ended.stdout


@pytest.mark.parametrize(
    ("chosen", "network", "lines"),
    [
        (
            None,
            "10.0.0.7",
            ["Torch Playground is ready at http://localhost:8599", "From other machines: http://10.0.0.7:8599"],
        ),
        (None, "127.0.0.1", ["Torch Playground is ready at http://localhost:8599"]),
        ("0.0.0.0", None, ["Torch Playground is ready at http://localhost:8599"]),
        ("127.0.0.1", "10.0.0.7", ["Torch Playground is ready at http://127.0.0.1:8599"]),
    ],
)
def test_it_says_where_it_is(
    chosen: str | None,
    network: str | None,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = {"server.address": chosen, "server.port": 8599, "server.baseUrlPath": "", "server.sslCertFile": None}
    real = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: options[name] if name in options else real(name))
    monkeypatch.setattr(net_util, "get_internal_ip", lambda: network)
    say_ready()
    assert capsys.readouterr().out.splitlines() == lines
    monkeypatch.setenv(logs.LOG, "json")
    say_ready()
    assert capsys.readouterr().out == "", "all lines of the log are JSON, and one says so"
