"""Firefox and WebKitGTK, driven by the commands of W3C WebDriver.

WebKitGTK's driver takes them over HTTP. Firefox takes the same commands by itself, over a socket (Marionette);
geckodriver, which Debian does not package, only hands them on.
"""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Protocol

ANSWER = 300
"""Seconds to wait for the answer to a command: a page may take its time to load on a busy machine."""


def named(session: Any) -> str:
    """The browser of a new session, and its version."""
    capabilities = session["capabilities"]
    return f"{capabilities['browserName']} {capabilities['browserVersion']}"


class WebDriverError(Exception):
    """What the browser says of a command that it could not carry out."""


class Wire(Protocol):
    """How commands reach a browser.

    Attributes:
        browser: its name and version.
    """

    browser: str

    def send(self, command: str, parameters: Mapping[str, Any]) -> Any:
        """Give a command by Marionette's name; returns what it answers."""


class Marionette:
    """Firefox's own socket: messages are JSON lists behind their length.

    Args:
        port: the one that Firefox listens on.
    """

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER)
        self.stream = self.socket.makefile("rb")
        self.number = 0
        self._read()  # its greeting
        self.browser = named(self.send("WebDriver:NewSession", {"capabilities": {}}))

    def close(self) -> None:
        """Say nothing more."""
        self.stream.close()
        self.socket.close()

    def _read(self) -> Any:
        digits = b""
        while (character := self.stream.read(1)) != b":":
            if not character:
                raise WebDriverError("Firefox has ended")
            digits += character
        return json.loads(self.stream.read(int(digits)))

    def send(self, command: str, parameters: Mapping[str, Any]) -> Any:
        """Give a command; returns what it answers."""
        self.number += 1
        text = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(str(len(text)).encode() + b":" + text)
        _kind, _number, error, result = self._read()
        if error:
            raise WebDriverError(f"{error['error']}: {error['message']}")
        return result.get("value") if isinstance(result, dict) and set(result) == {"value"} else result


ADDRESSES = {
    "WebDriver:NewSession": ("POST", ""),
    "WebDriver:DeleteSession": ("DELETE", ""),
    "WebDriver:Navigate": ("POST", "/url"),
    "WebDriver:Refresh": ("POST", "/refresh"),
    "WebDriver:ExecuteScript": ("POST", "/execute/sync"),
    "WebDriver:PerformActions": ("POST", "/actions"),
    "WebDriver:SwitchToFrame": ("POST", "/frame"),
    "WebDriver:SetWindowRect": ("POST", "/window/rect"),
    "WebDriver:TakeScreenshot": ("GET", "/screenshot"),
}
"""Marionette's names of the commands used here: their HTTP method and address."""


class Http:
    """A driver that takes commands over HTTP.

    Args:
        port: the one that it listens on.
        wanted: the capabilities that its browser must have.
    """

    def __init__(self, port: int, wanted: Mapping[str, Any]):
        self.url = f"http://127.0.0.1:{port}/session"
        with socket.create_connection(("127.0.0.1", port)):
            pass  # it listens
        session = self.send("WebDriver:NewSession", {"capabilities": {"alwaysMatch": wanted}})
        self.url += f"/{session['sessionId']}"
        self.browser = named(session)

    def send(self, command: str, parameters: Mapping[str, Any]) -> Any:
        """Give a command by Marionette's name; returns what it answers."""
        method, path = ADDRESSES[command]
        data = json.dumps(parameters).encode() if method == "POST" else None
        asked = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=ANSWER) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refused:
            error = json.load(refused)["value"]
            raise WebDriverError(f"{error['error']}: {error['message']}") from None
