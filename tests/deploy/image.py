"""An image made from a Dockerfile without Docker: each instruction carried out in a fresh Debian root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.deploy.dockerfile import FIRST_PATH, Instruction, Stage, filled
from tests.deploy.room import Room, Root

STAND_IN = ("ca-certificates", "python3", "python3-venv", "python-is-python3")
"""What Debian has in the place of an image of Python's."""
OFFICIAL = re.compile(r"python:3\.\d+-slim-(\w+)")
"""The images that can be stood in for; the group is Debian's release."""
MACHINE = "/run/machine"
"""Where a root sees how this machine's pip finds packages."""


def base(image: str, folder: Path) -> None:
    """Make what stands in for an image of Python's, with Debian's own Python of the same release."""
    found = OFFICIAL.fullmatch(image)
    assert found is not None, f"nothing stands in for {image}"
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(STAND_IN)}", found[1], str(folder)]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]


class Builder:
    """Carries out the stages of a Dockerfile.

    Args:
        inside: where it is done.
        context: the folder from which COPY copies.
        folder: where the roots are made.
        arguments: what `docker build --build-arg` would be given.
    """

    def __init__(self, inside: Room, context: Path, folder: Path, arguments: Mapping[str, str]):
        self.inside = inside
        self.context = context
        self.folder = folder
        self.arguments = arguments
        self.roots: dict[str, Root] = {}

    def build(self, stage: Stage, from_base: Path) -> Root:
        """Carry out a stage; returns its root."""
        folder = self.folder / (stage.name or "final")
        subprocess.run(["cp", "--archive", str(from_base), str(folder)], check=True)
        root = Root(self.inside, folder)
        self.roots[stage.name] = root
        root.furnish()
        finds = packages(root)
        values = {"PATH": FIRST_PATH}
        arguments: dict[str, str] = {}
        workdir = "/"
        for one in stage.instructions:
            if one.name == "ARG":
                name, _, default = one.rest.partition("=")
                given = self.arguments.get(name, default)
                arguments = {**arguments, **({name: given} if given else {})}
            elif one.name == "ENV":
                for word in one.words():
                    name, _, value = word.partition("=")
                    values[name] = filled(value, values)
            elif one.name == "WORKDIR":
                workdir = one.rest
                (folder / workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif one.name == "COPY":
                self.copy(one, folder, workdir)
            elif one.name == "RUN":
                words = ["/bin/sh", "-c", one.rest]
                ended = root.run(words, {**finds, "HOME": "/root", **arguments, **values}, workdir)
                assert ended.returncode == 0, f"RUN {one.rest}\n{ended.stdout[-2000:]}\n{ended.stderr[-3000:]}"
        return root

    def copy(self, one: Instruction, folder: Path, workdir: str) -> None:
        """Carry out a COPY: as Docker does, a folder's content goes into the target."""
        words = one.words()
        source = self.context
        if words[0].startswith("--from="):
            source = self.roots[words.pop(0).removeprefix("--from=")].folder
        *names, target = words
        there = Path(os.path.normpath(folder / workdir.lstrip("/") / target))
        if target.startswith("/"):
            there = folder / target.lstrip("/")
        for name in names:
            for path in sorted(source.glob(name.lstrip("/"))):
                if path.is_dir():
                    skipped = shutil.ignore_patterns("__pycache__") if source == self.context else None
                    shutil.copytree(path, there, symlinks=True, dirs_exist_ok=True, ignore=skipped)
                else:
                    into = there / path.name if target.endswith("/") or len(names) > 1 else there
                    into.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(path, into)


def packages(root: Root) -> dict[str, str]:
    """Have a root find packages as this machine's pip does, and uv the same; returns the environment for it."""
    machine = root.folder / MACHINE.lstrip("/")
    machine.mkdir(parents=True, exist_ok=True)
    root.inside.mount("-t", "tmpfs", "tmpfs", machine)
    settings: dict[str, str] = {}
    listed = subprocess.run(["pip", "config", "list"], capture_output=True, text=True).stdout
    for name, value in re.findall(r"^(?:global|:env:)\.([\w-]+)='(.*)'$", listed, re.MULTILINE):
        settings[name.lower()] = value
    folders = {match for value in settings.values() for match in re.findall(r"(?:file://)?(/[^\s]+)", value)}
    for name in sorted(folders):
        top = Path("/", *Path(name).parts[1:3])
        if top.exists() and not os.path.ismount(root.folder / str(top).lstrip("/")):
            root.bind(top, str(top))
    environment = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in settings.items()}
    for uv, pip in (
        ("UV_INDEX", "extra-index-url"),
        ("UV_DEFAULT_INDEX", "index-url"),
        ("UV_FIND_LINKS", "find-links"),
    ):
        if pip in settings:
            environment[uv] = settings[pip]
    environment["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # all indexes count alike, as for pip
    certificates = os.environ.get("SSL_CERT_FILE")
    if certificates:
        environment["SSL_CERT_FILE"] = certificates
    return environment
