"""A person's tab without a browser: the page is run by AppTest, runs are trained by real workers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.context import ContextProxy, StreamlitHeaders
from streamlit.testing.v1 import AppTest

from core.engine.manager import Manager
from core.engine.run import Run
from pages import index
from pages.shared.form.workspace import Workspace
from pages.shared.server.owner import COOKIE
from tests.waiting import PATIENCE

DOOR = Path(__file__).parents[2] / "streamlit_app.py"
ANNE, BOB = "a" * 32, "b" * 32


class Dragged:
    """A slider of the app's own, that acts while it is dragged."""

    def __init__(self, tab: Tab, key: str):
        self._tab, self._key = tab, key

    @property
    def value(self) -> float:
        """Where it stands."""
        value: float = self._tab.data_of(self._key)["value"]
        return value

    def set_value(self, value: float) -> None:
        """Let it go somewhere; the page hears of it with whatever comes next."""
        self._tab.told.append(self._tab.said("left", self._key, value=value))


class Tab:
    """One browser tab of one person.

    Attributes:
        told: what components have said, and the page has not heard.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, manager: Manager, owner: str):
        self.owner = owner
        self.cookies = f"{COOKIE}={owner}"
        self.manager = manager
        self.experiment = "classifier"
        self._monkeypatch = monkeypatch
        self.at = AppTest.from_file(DOOR, default_timeout=PATIENCE)
        self.at.context = {"url": "http://play.school.test:8501/classifier", "locale": "en-GB"}
        self.told: list[WidgetState] = []

    def open(self, page: str = "home", **query: str) -> Tab:
        """Go to a page, by a link if there is a query."""
        row = index.page(page)
        self.experiment = row.experiment or self.experiment
        if page != "home":
            self.run()
            self.at.switch_page(row.script)
        self.at.query_params = dict(query)
        return self.run()

    def run(self) -> Tab:
        """Rerun the page with what its widgets say now."""
        return self._hears() if self.told else self._as_owner(self.at.run)

    def _hears(self) -> Tab:
        states = self.at._tree.get_widget_states()
        states.widgets.extend(self.told)
        self.told = []
        return self._as_owner(lambda: self.at._run(states))

    def _as_owner(self, run: Callable[[], Any]) -> Tab:
        headers = StreamlitHeaders([("cookie", self.cookies)])
        self._monkeypatch.setattr(ContextProxy, "headers", property(lambda _self: headers))
        run()
        assert not self.at.exception, [(element.value, element.stack_trace) for element in self.at.exception]
        return self

    def set(self, key: str, value: Any) -> Tab:
        """Move a widget and rerun."""
        self.widget(key).set_value(value)
        return self.run()

    def widget(self, key: str) -> Any:
        """A widget by its key, of whatever kind it is."""
        if any(component.key == f"{key} slider" for component in self.at.get("bidi_component")):
            return Dragged(self, f"{key} slider")
        return self.at.get_by_key(key)

    def press(self, words: str) -> Tab:
        """Press the button with that label or key."""
        [button] = [element for element in self.at.button if words in (element.label, element.key)]
        assert not button.disabled
        button.click()
        return self.run()

    def tell(self, event: str, key: str = "", **value: Any) -> Tab:
        """What a component tells the page, by default the live view when its buttons are pressed."""
        self.told.append(self.said(event, key, **value))
        return self._hears()

    def said(self, event: str, key: str = "", **value: Any) -> WidgetState:
        """What a component says, as the browser sends it."""
        payload = json.dumps([{"event": event, "value": {**value, "n": time.time()}}])
        id = _make_trigger_id(self.component(key).proto.id, "events")
        return WidgetState(id=id, json_trigger_value=payload)

    def play(self, speed: float = 0, paused: bool = False, steps: int | str = 0) -> Run:
        """Press Play (or Step, or Epoch) in the live view."""
        self.tell("play", speed=speed, paused=paused, steps=steps)
        return self.current_run()

    def component(self, key: str = "") -> Any:
        """The component with that key, by default the live view."""
        wanted = key or f"live view {self.experiment}"
        [component] = [component for component in self.at.get("bidi_component") if component.key == wanted]
        return component

    def data_of(self, key: str = "") -> dict[str, Any]:
        """What the page tells a component, by default the live view."""
        data: dict[str, Any] = json.loads(self.component(key).proto.json)
        return data

    @property
    def sections(self) -> list[str]:
        """The names of the sections below the live view."""
        row: Any = self.at.get_by_key(f"section {self.experiment}")
        return list(row.format_func.__self__)  # the dict of the titles

    @property
    def space(self) -> Workspace:
        """The tab's workspace."""
        space: Workspace = self.at.session_state[f"workspace {self.experiment}"]
        return space

    @property
    def config(self) -> Any:
        """The form's last valid config."""
        return self.space.config

    def current_run(self) -> Run:
        """The run shown."""
        run = self.manager.run(self.owner, self.space.run_id or "")
        assert run is not None
        return run

    @property
    def errors(self) -> list[str]:
        """All red sentences."""
        return [element.value for element in self.at.error]

    @property
    def links(self) -> list[str]:
        """The links of the page to others, but for those at its foot."""
        labels = [element.proto.label for element in self.at.get("page_link")]
        row = next(row for row in index.PAGES if row.url_path == self.at.session_state["page"])
        return labels[: len(labels) - len([known for known in index.neighbours(row) if known])]

    @property
    def words(self) -> str:
        """All text of the page that is not in a widget."""
        kinds = ("title", "header", "subheader", "markdown", "caption", "info", "error", "code")
        elements: list[Any] = [element for kind in kinds for element in self.at.get(kind)]
        return "\n".join([*(str(element.value) for element in elements), *self.code_boxes])

    @property
    def code_boxes(self) -> list[str]:
        """The code that stands in boxes of the app's own, whose button copies it."""
        told = [json.loads(element.proto.json) for element in self.at.get("bidi_component") if element.proto.json]
        shown = [data["lines"] for data in told if "copied" in data and "lines" in data]
        return ["\n".join("".join(text for _kind, text in line["parts"]) for line in lines) for lines in shown]
