"""A place in which an image's instructions are carried out: mounts and processes of its own, gone when it is left."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import gone, until

DEVICES = ("null", "zero", "full", "random", "urandom")
"""What a container has of the machine's devices."""


class Room:
    """Mounts and processes that nobody else sees; whatever is mounted or runs in it ends with it."""

    def __init__(self, holder: int):
        self.holder = holder

    def command(self, *words: str) -> list[str]:
        """A command as it is started in here."""
        return ["nsenter", f"--target={self.holder}", "--mount", "--pid", "--", *words]

    def run(self, *words: str) -> str:
        """Run a command as root of the machine; returns what it printed (raises AssertionError)."""
        ended = subprocess.run(self.command(*words), capture_output=True, text=True)
        assert ended.returncode == 0, f"{' '.join(words)}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
        return ended.stdout

    def mount(self, *words: str | Path) -> None:
        """Mount something for as long as the room is there."""
        self.run("mount", *map(str, words))

    def processes(self) -> set[int]:
        """All processes in here that have not ended, but for the one that holds it open; that one reaps none."""
        own = Path(f"/proc/{self.holder}/ns/pid").readlink()
        found = set()
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    if (folder / "ns" / "pid").readlink() == own and not gone(int(folder.name)):
                        found.add(int(folder.name))
                except OSError:  # it has ended meanwhile
                    continue
        return found - {self.holder}


@contextmanager
def room() -> Iterator[Room]:
    """A room while inside."""
    outer = subprocess.Popen(
        ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc"]
        + ["sleep", "infinity"]
    )
    try:
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
        until(lambda: children.read_text().strip())
        holder = int(children.read_text())
        until(lambda: Path(f"/proc/{holder}/comm").read_text().strip() == "sleep")
        yield Room(holder)
    finally:
        outer.kill()
        outer.wait()


class Root:
    """The root folder of a container: its devices, and what is mounted into it while something runs there."""

    def __init__(self, inside: Room, folder: Path):
        self.inside = inside
        self.folder = folder

    def furnish(self) -> None:
        """Mount what each container has: /proc, and the harmless devices with shared memory."""
        self.inside.mount("-t", "proc", "proc", self.folder / "proc")
        self.inside.mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", self.folder / "dev")
        for name in DEVICES:
            self.inside.run("touch", str(self.folder / "dev" / name))
            self.inside.mount("--bind", f"/dev/{name}", self.folder / "dev" / name)
        self.inside.run("mkdir", str(self.folder / "dev" / "shm"))
        self.inside.mount("-t", "tmpfs", "-o", "mode=1777,size=256m", "tmpfs", self.folder / "dev" / "shm")
        self.inside.run("ln", "-s", "/proc/self/fd", str(self.folder / "dev" / "fd"))

    def bind(self, source: Path, target: str) -> None:
        """Show a file or folder of the machine in here, read-only; what is made for it goes into the root."""
        there = self.folder / target.lstrip("/")
        if source.is_dir():
            there.mkdir(parents=True, exist_ok=True)
        else:
            there.parent.mkdir(parents=True, exist_ok=True)
            there.touch()
        self.inside.mount("--bind", source, there)
        self.inside.mount("-o", "remount,bind,ro", there)

    def command(
        self, words: Sequence[str], environment: Mapping[str, str], folder: str = "/", user: str = "root"
    ) -> list[str]:
        """A command as it is started in here: with this environment alone, and for a user without any privilege."""
        values = [f"{name}={value}" for name, value in environment.items()]
        enter = ["chroot", str(self.folder)]
        if user != "root":
            enter += ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
            enter += ["--bounding-set=-all", "--no-new-privs"]
        start = ["env", "-i", f"--chdir={folder}", *values, *words]
        return self.inside.command(*enter, *start)

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], folder: str = "/", user: str = "root"
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, see `command`."""
        return subprocess.run(self.command(words, environment, folder, user), capture_output=True, text=True)
