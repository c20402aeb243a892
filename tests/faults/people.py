"""People who use a real server without a browser: they speak Streamlit's protocol and the app's own live socket."""

from __future__ import annotations

import base64
import json
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.request import Request, urlopen

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ContextInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from pages.shared.server.owner import COOKIE

PATIENCE = 30.0
"""Seconds to wait for what must happen."""
PAGE = 120.0
"""Seconds that the first page of a new server may take on a slow machine that is busy with much else."""


class Person:
    """Someone with a cookie of their own, at a server.

    Args:
        url: the server's address, "http://127.0.0.1:8501".
        owner: what the cookie says; by default someone new.
    """

    def __init__(self, url: str, owner: str | None = None):
        self.url = url
        self.owner = owner or secrets.token_hex(16)

    @property
    def cookie(self) -> str:
        """The Cookie header of this person's browser."""
        return f"{COOKIE}={self.owner}"

    def connect(self, path: str, *subprotocols: str) -> ClientConnection:
        """Open a WebSocket, as a page of this server's does."""
        return connect(
            self.url.replace("http", "ws", 1) + path,
            origin=Origin(self.url),
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            additional_headers={"Cookie": self.cookie},
            max_size=None,
            open_timeout=PAGE,
            ping_interval=None,
        )

    def fall_asleep(self, path: str) -> socket.socket:
        """Open a WebSocket as a laptop does that is shut right after: nothing on it is ever read or answered."""
        host, port = self.url.removeprefix("http://").split(":")
        asleep = socket.create_connection((host, int(port)), PATIENCE)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {host}:{port}",
            f"Origin: {self.url}",
            f"Cookie: {self.cookie}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        ]
        asleep.sendall("\r\n".join([*lines, "", ""]).encode())
        if b" 101 " not in asleep.recv(100):
            raise AssertionError("the WebSocket did not open")
        return asleep

    def open(self, page: str = "classifier", session: str = "", **query: str) -> Tab:
        """Open a page in a new tab.

        Args:
            session: the id of a session that lost its connection, to be found again.
        """
        return Tab(self, page, query, session)


class Tab:
    """One page in one browser tab: the session of a script.

    Attributes:
        session: its id, by which a lost connection finds it again.
    """

    def __init__(self, person: Person, page: str, query: dict[str, str], session: str = ""):
        self.person = person
        self.page = page
        self.query = "&".join(f"{name}={value}" for name, value in query.items())
        self._drawn: dict[tuple[int, ...], Any] = {}
        self.session = ""
        self._page_hash = self._told = ""
        known = ("PLACEHOLDER", session) if session else ()
        self._socket = person.connect("/_stcore/stream", "streamlit", *known)
        self.run()

    def run(self, *changed: WidgetState) -> Tab:
        """Have the script run, with what was changed, and wait until it has drawn all."""
        self._socket.send(self._rerun(changed))
        self._read()
        return self

    def press(self, event: str, component: str = "live view", times: int = 1, **value: Any) -> Tab:
        """Have a component tell the page of something, by default the live view of its buttons.

        Args:
            times: how often, without waiting in between.
        """
        id = next(element.id for element in self.of("bidi_component") if component in element.id)
        for _ in range(times):
            payload = json.dumps([{"event": event, "value": {**value, "n": time.time()}}])
            state = WidgetState(id=_make_trigger_id(id, "events"), json_trigger_value=payload)
            self._socket.send(self._rerun([state]))
        self._read()
        return self

    def play(self, speed: float = 30) -> Live:
        """Press Play, and look at the run."""
        self.press("play", speed=speed, paused=False, steps=0)
        return self.live()

    def resume(self, step: int, speed: float = 30) -> Live:
        """Press "Resume from step ...", and look at the new run."""
        self.press("resume", speed=speed, step=step)
        return self.live()

    @property
    def run_id(self) -> str | None:
        """The run on display."""
        views = [json.loads(element.json) for element in self.of("bidi_component") if "live view" in element.id]
        if not views:
            raise AssertionError(f"the page has no live view; it says {self.words()} {self.exceptions}")
        run: str | None = views[-1]["run"]
        return run

    def live(self) -> Live:
        """Look at the run on display."""
        if self.run_id is None:
            raise AssertionError(f"no run is on display; the page says {self.words('error')}")
        return Live(self.person, self.run_id)

    def of(self, kind: str) -> list[Any]:
        """The elements of a kind, as their protobuf has them."""
        return [getattr(element, kind) for element in self._drawn.values() if element.WhichOneof("type") == kind]

    def words(self, kind: str = "") -> list[str]:
        """The sentences on the page; of kind "error" those in red."""
        alerts = [alert.body for alert in self.of("alert") if kind != "error" or alert.format == 1]
        return alerts if kind == "error" else [*alerts, *(text.body for text in self.of("markdown"))]

    @property
    def exceptions(self) -> list[str]:
        """What broke the script."""
        return [f"{fault.type}: {fault.message}" for fault in self.of("exception")]

    def close(self) -> None:
        """Close the tab."""
        self._socket.close()

    def _rerun(self, changed: tuple[WidgetState, ...] | list[WidgetState]) -> bytes:
        order = BackMsg()
        order.rerun_script.query_string = self.query
        order.rerun_script.page_name = "" if self.page == "home" else self.page
        order.rerun_script.page_script_hash = self._page_hash
        order.rerun_script.widget_states.CopyFrom(WidgetStates(widgets=changed))
        order.rerun_script.context_info.CopyFrom(
            ContextInfo(url=f"{self.person.url}/{self.page}", locale="en-GB", timezone="Europe/London")
        )
        return bytes(order.SerializeToString())

    def _read(self) -> None:
        """Read until the script has ended and nothing more is on its way."""
        finished = False
        while True:
            try:
                data = self._socket.recv(timeout=0.05 if finished else PAGE)
            except TimeoutError:
                if finished:
                    return
                raise
            message = ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode())
            kind = message.WhichOneof("type")
            if kind == "new_session":
                finished = False
                self.session = message.new_session.initialize.session_id
                if not message.metadata.run.fragment_ids:
                    self._drawn = {}
            elif kind == "navigation":
                self._page_hash = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._drawn[tuple(message.metadata.delta_path)] = message.delta.new_element
                self._say_drawn(message.delta.new_element)
            elif kind == "script_finished":
                finished = message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def _say_drawn(self, element: Any) -> None:
        """Say that a live view's picture is there, for which the rest of the page waits."""
        if element.WhichOneof("type") != "bidi_component" or "live view" not in element.bidi_component.id:
            return
        place = json.loads(element.bidi_component.json)["drawn"]
        if place != self._told:
            self._told = place
            headers = {"Origin": self.person.url, "Cookie": self.person.cookie}
            urlopen(Request(f"{self.person.url}/{place}", method="POST", headers=headers), timeout=PATIENCE).close()


class Live:
    """A run as a page sees it, over the app's own socket.

    Attributes:
        status, step, message, silent: as the server last told them.
        frames: how many pictures came.
        losses: step -> loss of the run itself.
    """

    def __init__(self, person: Person, run: str):
        self.person = person
        self.run = run
        self.status = "connecting"
        self.step = self.frames = 0
        self.message: dict[str, Any] = {}
        self.silent = False
        self.kept: list[int] = []
        self.losses: dict[int, float | None] = {}
        self._socket = person.connect(f"/live/{run}")

    def command(self, name: str, value: Any = None) -> None:
        """Press one of the buttons that go to the run itself: "pause", "play", "step", "epoch", "speed"."""
        self._socket.send(json.dumps({"command": name, "value": value}))

    def until(self, condition: Callable[[], Any], patience: float = PATIENCE) -> float:
        """Watch until a condition holds; returns the seconds it took."""
        start = time.monotonic()
        while not condition():
            left = start + patience - time.monotonic()
            if left < 0:
                raise AssertionError(f"not within {patience:g} s: {self.run} is {self.status} at {self.step}")
            with suppress(TimeoutError):
                self._take(self._socket.recv(timeout=min(left, 0.5)))
        return time.monotonic() - start

    def reach(self, step: int) -> Live:
        """Watch until the run has taken a step."""
        self.until(lambda: self.step >= step)
        return self

    def catch_up(self) -> Live:
        """Take in what has come."""
        with suppress(TimeoutError, ConnectionClosed):
            while True:
                self._take(self._socket.recv(timeout=0))
        return self

    def close(self) -> None:
        """Look away."""
        self._socket.close()

    def _take(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            self.frames += 1
            self.command("drawn", self.frames)
            return
        content = json.loads(data)
        if content["kind"] in ("hello", "metrics"):
            column = content["history"].get("run", {}).get("loss/train", {"step": [], "value": []})
            self.losses.update(zip(column["step"], column["value"], strict=True))
            self.kept = sorted({*self.kept, *content["kept"]})
            self.step = max([self.step, *column["step"]])
        if content["kind"] in ("hello", "status"):
            self.status, self.step = content["status"], max(self.step, content["step"])
            self.message = content["message"] or {}
            self.silent = content["silent"]
