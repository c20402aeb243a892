"""The Dockerfile and the systemd unit, carried out line by line in a fresh Debian root, where Docker need not run.

It takes root, debootstrap, and the network; several gigabytes of disk for a while. A Python image is stood in for by
the same release of Debian with its own Python. PyTorch's CPU build is taken where its index can be reached, and the
build that pip finds elsewhere; the report says which.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmarks.classroom.tab import Browser, Tab
from tests.browser.app import free_port
from tests.deploy.dockerfile import Stage, stages
from tests.deploy.image import Builder, base
from tests.deploy.room import Root, room
from tests.deploy.service import environment, unit
from tests.waiting import until

ROOT = Path(__file__).parents[2]
NEEDED = ("debootstrap", "nsenter", "unshare")
missing = [name for name in NEEDED if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to make a root folder and mount things into it"),
    pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}"),
]
START = 600.0
"""Seconds that a server may take to start in there, on a machine that is busy with much else."""
WAITING = 300.0
"""Seconds for a page, and for the first frames of a run."""
Record = Callable[[str, object], None]


@dataclass(frozen=True)
class Image:
    """What came out of the Dockerfile.

    Attributes:
        folder: what its root holds.
        root: the same, where it can be run: read-only, with a /tmp and a data folder that can be written to.
        stage: the Dockerfile's last stage.
    """

    folder: Path
    root: Root
    stage: Stage

    @property
    def user(self) -> str:
        """Who its processes run as."""
        return self.stage.last("USER").rest

    def megabytes(self, path: str = "", *without: str) -> float:
        """The size of a folder of it on disk."""
        command = ["du", "-sx", "-B1", *(f"--exclude={name}" for name in without), str(self.folder / path.lstrip("/"))]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]) / 1e6


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """The image, made from the Dockerfile's lines."""
    folder = tmp_path_factory.mktemp("image")
    build, last = stages(ROOT / "Dockerfile")
    with room() as inside:
        base(last.image, folder / "base")
        try:
            made = _built(Builder(inside, ROOT, folder, {}), [build, last], folder / "base")
        except AssertionError as error:
            if "uv pip install" not in str(error):
                raise
            shutil.rmtree(folder / build.name)  # the CPU build's own index is out of reach: PyTorch as others have it
            made = _built(Builder(inside, ROOT, folder, {"UV_TORCH_BACKEND": ""}), [build, last], folder / "base")
        yield Image(made.folder, _read_only(made, last), last)
        inside.run("umount", "--recursive", str(folder / "run"))
    shutil.rmtree(folder)


def _built(builder: Builder, all_stages: Sequence[Stage], from_base: Path) -> Root:
    return [builder.build(stage, from_base) for stage in all_stages][-1]


def _read_only(made: Root, stage: Stage) -> Root:
    """The root as compose.yaml has it: nothing can be written to but /tmp and the data folder."""
    run, data = made.folder.parent / "run", made.folder.parent / "data"
    inside, volume = made.inside, stage.environment()["TORCH_PLAYGROUND_DATA"].lstrip("/")
    for folder in (run, data):
        folder.mkdir()
    shutil.copystat(made.folder / volume, data)
    owner = (made.folder / volume).stat()
    os.chown(data, owner.st_uid, owner.st_gid)
    inside.mount("--bind", made.folder, run)
    inside.mount("-o", "remount,bind,ro", run)
    root = Root(inside, run)
    root.furnish()
    inside.mount("-t", "tmpfs", "-o", "mode=1777,size=1g", "tmpfs", run / "tmp")
    inside.mount("--bind", data, run / volume)
    return root


@contextmanager
def started(image: Image, words: Sequence[str], values: Mapping[str, str], folder: str, log: Path) -> Iterator[int]:
    """A command running in the image as its user, while inside; the number of its process out here."""
    with log.open("wb") as output:
        command = image.root.command(words, values, folder, image.user)
        entering = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            children = Path(f"/proc/{entering.pid}/task/{entering.pid}/children")
            yield int(until(lambda: children.read_text().strip()))
            entering.wait(WAITING)
        finally:
            for process in image.root.inside.processes():
                os.kill(process, signal.SIGKILL)
            entering.wait()


async def trains(url: str) -> int:
    """Open the page of the CNN, press Play, and see two frames; the step of the run."""
    browser = Browser(url)
    tab = await Tab(browser).open("/cnn")
    await tab.until(lambda: tab.script_runs > 0, WAITING)
    await tab.play()
    await tab.until(lambda: tab.frames >= 2 and tab.live is not None and tab.live.state.get("step", 0) > 0, WAITING)
    step = int(tab.live.state["step"]) if tab.live is not None else 0
    await tab.close()
    await browser.close()
    return step


def runs_and_ends(
    image: Image, words: Sequence[str], values: dict[str, str], folder: str, log: Path, probe: Sequence[str]
) -> None:
    """Start the app, ask its probe, open a page and train on it, then end it as Docker and systemd do."""
    inside = image.root.inside
    assert inside.processes() == set()
    port = free_port()
    values = {**values, "STREAMLIT_SERVER_PORT": str(port)}

    def well() -> bool:
        return image.root.run(probe, values, folder, image.user).returncode == 0

    with started(image, words, values, folder, log) as process:
        assert not well(), "the probe passes before the server is there"
        until(lambda: well() or not Path(f"/proc/{process}").exists(), START, log.read_text)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=WAITING) as page:
            assert page.status == 200 and b"<html" in page.read()
        assert asyncio.run(trains(f"http://127.0.0.1:{port}")) > 0
        assert len(inside.processes()) > 2
        users = {Path(f"/proc/{one}").stat().st_uid for one in inside.processes()}
        assert users == {(image.folder / "data").stat().st_uid} and 0 not in users
        os.kill(process, signal.SIGTERM)
        until(lambda: not inside.processes(), WAITING, inside.processes)
    assert not well()
    text = log.read_text()
    assert "Torch Playground is ready" in text and "Traceback" not in text, text


def test_the_image_runs_as_the_dockerfile_says(image: Image, tmp_path: Path, record_property: Record) -> None:
    values = {**image.stage.environment(), "TORCH_PLAYGROUND_ALLOWED_HOSTS": "127.0.0.1"}
    work = image.stage.last("WORKDIR").rest
    runs_and_ends(image, image.stage.last("CMD").words(), values, work, tmp_path / "log", image.stage.health())
    for place in ("/", work, "/opt/venv", "/etc", "/var"):
        assert image.root.run(["touch", f"{place}/x"], values, "/", image.user).returncode != 0, place
    assert any((image.folder.parent / "data").iterdir())
    version = image.root.run(["python", "-c", "import torch; print(torch.__version__)"], values).stdout.strip()
    record_property("torch", version)
    record_property("MB in all", round(image.megabytes()))
    without = ("torch", "torchvision*", "nvidia*", "triton*", "cuda*")
    record_property("MB without torch and CUDA", round(image.megabytes("", *without)))


def test_the_service_runs_as_the_unit_says(image: Image, tmp_path: Path) -> None:
    """ExecStart with the unit's environment, its state folder, a read-only system and a /tmp of its own."""
    settings = unit(ROOT / "deploy" / "torch-playground.service")
    [home], [state], [command] = settings["WorkingDirectory"], settings["StateDirectory"], settings["ExecStart"]
    inside, run = image.root.inside, image.root.folder
    inside.mount("-t", "tmpfs", "tmpfs", run / "opt")  # the project is where the unit looks, with the same packages
    for source, place in (("opt/venv", "opt/venv"), ("app", home.lstrip("/"))):
        inside.run("mkdir", "-p", str(run / place))
        inside.mount("--bind", image.folder / source, run / place)
        inside.mount("-o", "remount,bind,ro", run / place)
    inside.mount("-t", "tmpfs", "tmpfs", run / "var" / "lib")
    inside.run("install", "-d", "-o", str((image.folder / "data").stat().st_uid), str(run / "var" / "lib" / state))
    words = ["prlimit", f"--nofile={settings['LimitNOFILE'][0]}", *command.split()]
    words[2] = words[2].replace(f"{home}/.venv", "/opt/venv")
    values = {"PATH": "/usr/local/bin:/usr/bin:/bin", **environment(settings)}
    runs_and_ends(image, words, values, home, tmp_path / "log", ["/opt/venv/bin/python", "scripts/healthy.py"])
    assert inside.run("ls", str(run / "var" / "lib" / state)).strip()
