"""Firefox and WebKitGTK, as Debian has them, started to be driven."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from tests.browser.app import free_port
from tests.browsers.wires import Http, Marionette, Wire
from tests.waiting import until

PREFERENCES: dict[str, bool | int | str] = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "intl.accept_languages": "en-GB, en",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9",
}
"""Firefox asks nobody for anything, and nobody asks for anything in it."""
W = TypeVar("W", Http, Marionette)

NO_COOKIES = {"network.cookie.cookieBehavior": 2}
"""Firefox with cookies off."""


def minibrowser() -> str | None:
    """WebKitGTK's own small browser."""
    found = (
        *Path("/usr/lib").glob("*/webkit2gtk-4.?/MiniBrowser"),
        *Path("/usr/libexec").glob("webkit2gtk-4.?/MiniBrowser"),
    )
    return next(map(str, sorted(found, reverse=True)), None)


def firefox_program() -> str | None:
    """This machine's Firefox."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


@contextmanager
def started(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program and all that it starts, ended together."""
    with log.open("ab") as said:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=said, stderr=said, start_new_session=True
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def reached(connect: Callable[[], W], process: subprocess.Popen[bytes], log: Path) -> W:
    """The wire to a program that is just starting."""

    def attempt() -> W | None:
        assert process.poll() is None, log.read_text(errors="replace")
        with suppress(ConnectionError):
            return connect()
        return None

    wire = until(attempt, 120)
    assert wire is not None
    return wire


@contextmanager
def firefox(folder: Path, preferences: Mapping[str, bool | int | str] | None = None) -> Iterator[Wire]:
    """Firefox without a screen.

    Args:
        folder: an empty one, for its profile.
        preferences: settings beside those of all tests.
    """
    program = firefox_program()
    assert program is not None
    port = free_port()
    lines = {**PREFERENCES, "marionette.port": port, **(preferences or {})}.items()
    text = "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in lines)
    (folder / "user.js").write_text(text)
    log = folder / "firefox.log"
    command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    with started(command, {"HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"}, log) as process:
        wire = reached(lambda: Marionette(port), process, log)
        with closing(wire):
            yield wire


@contextmanager
def webkit(folder: Path) -> Iterator[Wire]:
    """WebKitGTK on a screen that nobody sees.

    Args:
        folder: an empty one, for what it keeps.
    """
    program, driver, port = minibrowser(), shutil.which("WebKitWebDriver"), free_port()
    assert program is not None and driver is not None
    log = folder / "webkit.log"
    environment = {
        "HOME": str(folder),
        "GDK_BACKEND": "x11",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # a container gives it no sandbox of its own
    }
    screen = ["xvfb-run", "--auto-servernum", "--server-args=-screen 0 1400x1000x24"]
    options = {"webkitgtk:browserOptions": {"binary": program, "args": ["--automation"]}}
    with started([*screen, driver, f"--port={port}"], environment, log) as process:
        wire = reached(lambda: Http(port, options), process, log)
        try:
            yield wire
        finally:
            wire.send("WebDriver:DeleteSession", {})
