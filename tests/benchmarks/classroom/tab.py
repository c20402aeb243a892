"""A browser tab without a browser: Streamlit's WebSocket and its protobufs, and the app's own live socket.

It does what Streamlit's frontend and the live view do, but draws nothing, so that thirty of them cost little.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

ENDED = ("finished", "stopped", "diverged", "failed", "crashed")
"""The states of a run whose socket need not be opened again."""
CLOSE_GRACE = 0.4
"""Seconds that a live socket stays open after its view has left the page, as in connection.js."""
RETRIES = (0.3, 0.51, 0.87, 1.5, 2.5)
"""Seconds before the live socket is opened again, as in connection.js; the last one for all that follow."""
KEPT_MESSAGES = 2
"""Script runs for which a browser keeps a cached message that no longer occurs: global.maxCachedMessageAge."""
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Made once: nothing here is encrypted, but every HTTP client would make one of its own."""


class Lost(Exception):
    """What was waited for did not happen."""


TROUBLE = (Lost, OSError, WebSocketException, httpx2.HTTPError)
"""All that can go wrong between a tab and the server."""


class Browser:
    """What the tabs of one person share: the cookies, and the HTTP connections."""

    def __init__(self, url: str):
        self.url = url
        self.http = httpx2.AsyncClient(base_url=url, verify=TLS, timeout=60, trust_env=False)

    async def get(self, path: str) -> httpx2.Response:
        """Fetch something of the app."""
        return await self.http.get(path)

    async def post(self, path: str) -> None:
        """Tell the app something, as a page does of its own accord."""
        with suppress(httpx2.HTTPError):
            await self.http.post(path, headers={"Origin": self.url})

    @property
    def cookie(self) -> str:
        """The header with all cookies."""
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    def socket(self, path: str, *subprotocols: str) -> connect:
        """A WebSocket as a browser opens it: with its Origin and its cookies."""
        return connect(
            self.url.replace("http", "ws", 1) + "/" + path.removeprefix("/"),
            origin=Origin(self.url),
            additional_headers={"Cookie": self.cookie},
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            max_size=None,
            open_timeout=60,
            ping_interval=None,
            proxy=None,
        )

    async def close(self) -> None:
        """Close the HTTP connections."""
        await self.http.aclose()


class Tab:
    """One tab: the elements of the page that it shows, its widgets' values, and the live socket of the run on it.

    Attributes:
        elements: the elements of the page by their place.
        widgets: the state of every widget that is on the page, as the browser sends it back.
        script_runs: script runs that have finished.
        live: the live socket, while the page has a live view with a run.
        frames: frames received, of all runs.
        traffic: bytes received over both sockets.
    """

    def __init__(self, browser: Browser):
        self.browser = browser
        self.elements: dict[tuple[int, ...], Element] = {}
        self.widgets: dict[str, WidgetState] = {}
        self.script_runs = 0
        self.query = ""
        self.page_hash = ""
        self.pages: dict[str, str] = {}
        self.data: dict[str, Any] = {}
        self.live: Live | None = None
        self.frames = 0
        self.traffic = 0
        self._cache: dict[str, tuple[ForwardMsg, int]] = {}
        self._arriving: dict[tuple[int, ...], Element] = {}
        self._fragment_run = False
        self._live_id = ""
        self._live_hash = ""
        self._expected: Live | None = None
        self._socket: ClientConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._news: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, path: str) -> Self:
        """Open an address as a new visitor does, with Streamlit's own scripts in the browser's cache."""
        address = urlsplit(path)
        page = await self.browser.get(path)
        page.raise_for_status()
        await self.browser.get("/_stcore/health")
        await self.browser.get("/_stcore/host-config")
        self.query = address.query
        await self._connect()
        await self.rerun(page_name=address.path.strip("/"))
        return self

    async def _connect(self) -> None:
        token = self.browser.http.cookies.get("_streamlit_xsrf") or "PLACEHOLDER_AUTH_TOKEN"
        self._socket = await self.browser.socket("/_stcore/stream", "streamlit", token)
        self._start(self._listen(self._socket))

    async def refresh(self) -> Tab:
        """The tab that follows a refresh: the same cookies and address, nothing else."""
        page = next((name for name, hash in self.pages.items() if hash == self.page_hash), "")
        await self.close()
        return await Tab(self.browser).open(f"/{page}" + (f"?{self.query}" if self.query else ""))

    async def close(self) -> None:
        """Close the tab."""
        await self._disconnect()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _disconnect(self) -> None:
        self._forget_expected()
        if self.live is not None:
            self._start(self.live.close())
            self.live = None
        if self._socket is not None:
            socket, self._socket = self._socket, None
            await socket.close()

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def until(self, condition: Callable[[], Any], patience: float) -> None:
        """Wait until something that arrives makes a condition true (raises Lost)."""
        deadline = time.monotonic() + patience
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                raise Lost(f"not within {patience:g} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._news), left)

    def notify(self) -> None:
        """Something has arrived."""
        if not self._news.done():
            self._news.set_result(None)
        self._news = asyncio.get_running_loop().create_future()

    # --- what is sent

    async def rerun(self, page: str | None = None, page_name: str = "", trigger: WidgetState | None = None) -> None:
        """Ask for a script run, with the state of all widgets."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string = self.query
        state.page_script_hash = self.page_hash if page is None else page
        state.page_name = page_name
        state.cached_message_hashes.extend(self._cache)
        state.context_info.timezone = "Asia/Shanghai"
        state.context_info.timezone_offset = -480
        state.context_info.locale = "en-US"
        state.context_info.url = f"{self.browser.url}/{page_name}"
        state.context_info.color_scheme = "light"
        state.widget_states.CopyFrom(WidgetStates(widgets=self.widgets.values()))
        if trigger is not None:
            state.widget_states.widgets.append(trigger)
        if self._socket is None:
            raise Lost("not connected")
        await self._socket.send(message.SerializeToString())

    async def trigger(self, event: str, value: dict[str, Any], component: str = "") -> None:
        """What a component sends, by default the live view at a click into it."""
        value = {**value, "n": round(1000 * time.time())}
        state = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{component or self._live_id}__events")
        state.json_trigger_value = json.dumps([{"event": event, "value": value}])
        await self.rerun(trigger=state)

    async def play(self, speed: float = 30) -> None:
        """Press Play where no run is alive: the view asks at once for the run that is coming, as live.js does."""
        await self.trigger("play", {"speed": speed, "paused": False, "steps": 0})
        self._forget_expected()
        if self.data.get("next"):
            self._expected = Live(self, self.data["next"], coming=True)
            self._start(self._expected.listen())

    async def command(self, name: str, value: Any = None) -> None:
        """A command over the live socket, as the play bar sends it."""
        if self.live is None:
            raise Lost("no run on the page")
        await self.live.send({"command": name} | ({} if value is None else {"value": value}))

    def slider(self, key: str) -> str:
        """The id of the slider of a key, such as "classifier.lr", that acts while it is dragged (raises Lost)."""
        for element in self.elements.values():
            if element.WhichOneof("type") == "bidi_component" and f"{key} slider" in element.bidi_component.id:
                return element.bidi_component.id
        raise Lost(f"no slider {key}")

    async def slide(self, key: str, option: str) -> None:
        """Drag such a slider to a value and let it go."""
        slider = self.slider(key)
        await self.command("change", {key.rpartition(".")[2]: float(option)})
        await self.trigger("left", {"value": float(option)}, slider)

    async def switch(self, page: str, patience: float) -> None:
        """Choose another page in the navigation, and wait until it is complete."""
        if page not in self.pages:
            raise Lost(f"no page {page!r}")
        self.query = ""
        finished = self.script_runs
        await self.rerun(page=self.pages[page], page_name=page)
        await self.until(lambda: self.page_hash == self.pages[page] and self.script_runs > finished, patience)

    # --- what is received

    @property
    def texts(self) -> list[str]:
        """The sentences on the page."""
        kinds = {"alert": "body", "markdown": "body", "text": "body", "heading": "body", "exception": "message"}
        texts = []
        for element in self.elements.values():
            kind = element.WhichOneof("type") or ""
            if kind in kinds:
                texts.append(str(getattr(getattr(element, kind), kinds[kind])))
        return [*texts, str(self.data.get("notice", ""))] if self._live_id else texts

    async def _listen(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for data in socket:
                assert isinstance(data, bytes)
                self.traffic += len(data)
                self._receive(ForwardMsg.FromString(data))
                self.notify()

    def _receive(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            cached, _age = self._cache[message.ref_hash]
            whole = ForwardMsg()
            whole.CopyFrom(cached)
            whole.metadata.CopyFrom(message.metadata)
            message, kind = whole, whole.WhichOneof("type")
            self._cache[message.hash] = cached, self.script_runs
        elif message.metadata.cacheable:
            self._cache[message.hash] = message, self.script_runs
        if kind == "new_session":
            self._fragment_run = bool(message.metadata.run.fragment_ids)
            self._arriving = dict(self.elements) if self._fragment_run else {}
            self.page_hash = message.new_session.page_script_hash
        elif kind == "navigation":
            self.page_hash = message.navigation.page_script_hash
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._draw(tuple(message.metadata.delta_path), message.delta.new_element, message.hash)
        elif kind == "script_finished":
            self._finish(message.script_finished)

    def _draw(self, place: tuple[int, ...], element: Element, hash: str) -> None:
        self._arriving[place] = self.elements[place] = element
        state = _first_state(element)
        if state is not None:
            self._take(element, state)
        if element.WhichOneof("type") == "bidi_component":
            component = element.bidi_component
            if component.component_name.endswith("torch_playground_live") and hash != self._live_hash:
                self._live_hash = hash
                self._live_id = component.id
                self._adopt(json.loads(component.json))

    def _take(self, element: Element, state: WidgetState) -> None:
        """A widget that is new, or to which the script gave another value, has that value."""
        widget = getattr(element, element.WhichOneof("type") or "")
        if state.id not in self.widgets or widget.set_value:
            self.widgets[state.id] = state

    def _finish(self, how: int) -> None:
        if how == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        self.elements = self._arriving
        self._arriving = dict(self.elements)
        present = {state.id for element in self.elements.values() if (state := _first_state(element)) is not None}
        self.widgets = {id: state for id, state in self.widgets.items() if id in present}
        if not self._fragment_run and all(
            element.WhichOneof("type") != "bidi_component" or element.bidi_component.id != self._live_id
            for element in self.elements.values()
        ):
            self._live_hash = self._live_id = ""
            self._show_live(None)
        self.script_runs += 1
        self._cache = {
            hash: (message, seen)
            for hash, (message, seen) in self._cache.items()
            if self.script_runs - seen <= KEPT_MESSAGES
        }

    def _adopt(self, data: dict[str, Any]) -> None:
        """The view has other data: another run, or an answer to Play."""
        answered = any(self.data.get(name) != data.get(name) for name in ("run", "next"))
        if self.data.get("drawn") != data["drawn"]:
            self._start(self.browser.post(data["drawn"]))  # as live.js says that its picture is there
        self.data = data
        if self.live is None or self.live.path != data.get("next"):
            self._show_live(data["socket"])
        if answered:
            self._forget_expected()

    def _show_live(self, path: str | None) -> None:
        if (self.live.path if self.live is not None else None) == path:
            return
        if path and self._expected is not None and self._expected.path == path:
            self.take_expected(self._expected)
            return
        if self.live is not None:
            self._start(self.live.close(CLOSE_GRACE))
        self.live = Live(self, path) if path else None
        if self.live is not None:
            self._start(self.live.listen())

    def take_expected(self, expected: Live) -> None:
        """Show the run that Play has started; nothing where something else has been done since."""
        if self._expected is expected:
            if self.live is not None:
                self._start(self.live.close(CLOSE_GRACE))
            self.live, self._expected = expected, None

    def _forget_expected(self) -> None:
        if self._expected is not None:
            self._start(self._expected.close(CLOSE_GRACE))
            self._expected = None


class Live:
    """The live socket of one run; `coming` if that is only just being started.

    Attributes:
        state: the newest message on the run's state: "status", "step", "lr", "speed" and more.
        frames: frames received.
        refused: the code with which it was closed before it was accepted.
    """

    def __init__(self, tab: Tab, path: str, coming: bool = False):
        self.tab = tab
        self.path = path
        self.coming = coming
        self.state: dict[str, Any] = {}
        self.frames = 0
        self.refused = 0
        self._socket: ClientConnection | None = None
        self._closed = False

    @property
    def status(self) -> str:
        """The run's status; an empty text before it is known."""
        return str(self.state.get("status", ""))

    async def send(self, order: dict[str, Any]) -> None:
        """Send a command."""
        if self._socket is None:
            raise Lost("not connected")
        await self._socket.send(json.dumps(order))

    async def listen(self) -> None:
        """Receive until the socket is closed for good."""
        tries = 0
        while not self._closed:
            try:
                query = "?coming=1&packed=1" if self.coming else "?packed=1"
                async with self.tab.browser.socket(self.path + query) as socket:
                    self._socket = socket
                    tries = drawn = 0
                    async for data in socket:
                        if await self._receive(data):
                            drawn += 1
                            await self.send({"command": "drawn", "value": drawn})
            except InvalidStatus as refusal:
                self.refused = refusal.response.status_code
                self.tab.notify()
            except (OSError, WebSocketException):
                pass
            if self._closed or self.status in ENDED:
                return
            self.coming = False
            await asyncio.sleep(RETRIES[min(tries, len(RETRIES) - 1)])
            tries += 1

    async def _receive(self, data: str | bytes) -> bool:
        """Take in what came; returns whether it is a frame."""
        self.tab.traffic += len(data)
        if isinstance(data, bytes) and zlib.decompressobj().decompress(data, 1) != b"{":
            self.frames += 1
            self.tab.frames += 1
            self.tab.notify()
            return True
        if isinstance(data, bytes):
            data = zlib.decompress(data).decode()
        if re.match(r'{"kind": "(hello|status)"', data):
            self.state |= json.loads(data)
            if data.startswith('{"kind": "hello"'):
                self.tab.take_expected(self)
            if data.startswith('{"kind": "hello"') and self.status not in ENDED:
                await self.send({"command": "shows", "value": []})
                await self.send({"command": "focus", "value": {}})
        self.tab.notify()
        return False

    async def close(self, after: float = 0) -> None:
        """Close the socket for good."""
        await asyncio.sleep(after)
        self._closed = True
        if self._socket is not None:
            await self._socket.close()


def _first_state(element: Element) -> WidgetState | None:
    """The state that a widget has when it is drawn; None for what is no widget or for one that has no value yet."""
    kind = element.WhichOneof("type") or ""
    if kind not in ("slider", "number_input", "selectbox", "checkbox", "text_input", "button_group"):
        return None
    widget = getattr(element, kind)
    state = WidgetState(id=widget.id)
    if kind == "slider" and widget.type == Slider.SELECT_SLIDER:
        chosen = [widget.options[round(index)] for index in widget.default]
        state.string_array_value.data[:] = list(widget.raw_value) if widget.set_value else chosen
    elif kind == "slider":
        state.double_array_value.data[:] = widget.value if widget.set_value else widget.default
    elif kind == "number_input":
        state.double_value = widget.value if widget.set_value else widget.default
    elif kind == "selectbox":
        state.string_value = widget.raw_value if widget.set_value else widget.options[widget.default]
    elif kind == "checkbox":
        state.bool_value = widget.value if widget.set_value else widget.default
    elif kind == "text_input":
        state.string_value = widget.value if widget.set_value else widget.default
    else:
        chosen = [widget.options[index].content for index in widget.default]
        state.string_array_value.data[:] = list(widget.raw_values) if widget.set_value else chosen
    return state
