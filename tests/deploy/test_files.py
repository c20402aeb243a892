"""Dockerfile, compose.yaml, the systemd unit and the devcontainer say the same as README and as the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from core import limits
from pages.shared.server.start import OTHERS, unknown_settings
from scripts.healthy import address
from tests.deploy.dockerfile import stages
from tests.deploy.service import environment, unit

ROOT = Path(__file__).parents[2]
BUILD, IMAGE = stages(ROOT / "Dockerfile")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
UNIT = unit(ROOT / "deploy" / "torch-playground.service")
DEVCONTAINER = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
PORT = "8501"
"""Streamlit's own, at which README opens the app."""


def started() -> list[str]:
    """How `scripts/start` starts the app."""
    last = (ROOT / "scripts" / "start").read_text(encoding="utf-8").splitlines()[-1]
    assert last.startswith("exec .venv/bin/") and last.endswith(' "$@"')
    return last.removeprefix("exec .venv/bin/").removesuffix(' "$@"').split()


def copied() -> list[str]:
    """What the Dockerfile copies out of the project."""
    words = [one.words()[:-1] for stage in (BUILD, IMAGE) for one in stage.all("COPY")]
    return [name for names in words if not names[0].startswith("--from=") for name in names]


def test_the_image_copies_what_is_there_and_what_the_app_needs() -> None:
    assert [name for name in copied() if not (ROOT / name).exists()] == []
    assert {"core", "pages", "streamlit_app.py", ".streamlit", "requirements.txt"} <= set(copied())
    for stage in (BUILD, IMAGE):
        assert re.fullmatch(r"python:3\.(\d+)-slim-\w+", stage.image)
        assert int(stage.image.split(".")[1].split("-")[0]) >= 11
    assert BUILD.image == IMAGE.image


def test_docker_sends_what_is_copied_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*" and rules[-1] == "**/__pycache__"
    sent = {rule.removeprefix("!").removesuffix("/config.toml") for rule in rules[1:-1]}
    assert sent == set(copied())
    assert all(rule.startswith("!") for rule in rules[1:-1])


def test_packages_come_before_the_code_so_that_they_are_cached() -> None:
    install = next(one for one in BUILD.all("RUN") if "--requirement" in one.rest)
    before = BUILD.instructions[: BUILD.instructions.index(install)]
    assert [one.rest for one in before if one.name == "COPY"] == [
        "requirements.txt requirements-signin.txt requirements-metrics.txt requirements.lock ./"
    ]


def test_all_start_the_same_program_at_the_same_port() -> None:
    assert IMAGE.last("CMD").words() == started()
    [command] = UNIT["ExecStart"]
    assert command.removeprefix(UNIT["WorkingDirectory"][0] + "/.venv/bin/").split() == started()
    assert IMAGE.last("EXPOSE").rest == PORT
    assert f"localhost:{PORT}" in README
    assert address({}) == f"http://127.0.0.1:{PORT}/_stcore/health"
    assert f"reverse_proxy app:{PORT}" in (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    assert DEVCONTAINER["forwardPorts"] == [int(PORT)]
    assert DEVCONTAINER["portsAttributes"].keys() == {PORT}


def test_the_probe_asks_where_streamlit_is_told_to_be() -> None:
    settings = {"STREAMLIT_SERVER_PORT": "80", "STREAMLIT_SERVER_BASE_URL_PATH": "/class/a/"}
    assert address(settings) == "http://127.0.0.1:80/class/a/_stcore/health"
    assert IMAGE.health() == ["python", "scripts/healthy.py"]


def test_the_image_runs_as_nobody_of_consequence_and_writes_only_its_data() -> None:
    user = IMAGE.last("USER").rest
    made = IMAGE.all("RUN")[0].rest
    assert user not in ("root", "0") and made.startswith("useradd ") and f" {user}" in made
    data = IMAGE.environment()["TORCH_PLAYGROUND_DATA"]
    assert IMAGE.last("VOLUME").rest == data
    assert IMAGE.instructions.index(IMAGE.last("USER")) > IMAGE.instructions.index(IMAGE.all("RUN")[-1])
    app = COMPOSE["services"]["app"]
    assert app["read_only"] is True and app["init"] is True
    assert [volume.partition(":")[2] for volume in app["volumes"]] == [data]
    assert [mount.partition(":")[0] for mount in app["tmpfs"]] == [IMAGE.environment()["HOME"]] == ["/tmp"]


@pytest.mark.parametrize("name", ["app", "proxy"])
def test_the_services_have_no_more_rights_than_they_need(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True and service["mem_limit"]
    assert "privileged" not in service and "network_mode" not in service
    assert ("ports" in service) == (name == "proxy"), "only the proxy is reached from outside"


def test_compose_names_files_and_volumes_that_are_there() -> None:
    for service in COMPOSE["services"].values():
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert (ROOT / source).is_file() if source.startswith("./") else source in COMPOSE["volumes"]


def test_every_setting_of_the_app_is_one() -> None:
    known = {row.variable for row in limits.LIMITS.values()} | OTHERS
    named = {**IMAGE.environment(), **COMPOSE["services"]["app"]["environment"], **environment(UNIT)}
    settings = {name for name in named if name.startswith("TORCH_PLAYGROUND_")}
    assert len(settings) >= 2 and settings <= known
    assert unknown_settings(named) == []
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\bTORCH_PLAYGROUND_[A-Z_]+", guide)) <= known


def test_the_service_writes_only_its_state_and_ends_its_runs() -> None:
    data = environment(UNIT)["TORCH_PLAYGROUND_DATA"]
    assert [data] == [f"/var/lib/{name}" for name in UNIT["StateDirectory"]]
    for name, value in {
        "ProtectSystem": "strict",
        "PrivateTmp": "yes",
        "NoNewPrivileges": "yes",
        "KillMode": "mixed",
        "Restart": "on-failure",
        "OOMPolicy": "continue",
    }.items():
        assert UNIT[name] == [value]
    assert UNIT["MemoryMax"] and UNIT["TimeoutStopSec"] and UNIT["LimitNOFILE"]


def test_the_devcontainer_uses_the_commands_of_readme() -> None:
    install = DEVCONTAINER["postCreateCommand"]
    for line in (
        "python3 -m venv .venv && .venv/bin/pip install uv",
        ".venv/bin/uv pip install --python .venv/bin/python --torch-backend cpu torch torchvision",
    ):
        assert line in install and line in README
    assert list(DEVCONTAINER["postAttachCommand"].values()) == ["sh scripts/start"]
    assert "sh scripts/start" in README
