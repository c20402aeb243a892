"""The live view on a page: play bar, picture and curves, fed by the run's WebSocket."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import streamlit as st

from core.config import Config, EpochConfig
from core.experiments import experiment
from core.frames import encode
from pages.shared.form.workspace import Workspace
from pages.shared.live.component import view_component
from pages.shared.live.text import epoch_text, live_text
from pages.shared.person import language, session
from pages.shared.person.language import _
from pages.shared.server.addresses import address
from pages.shared.server.assets import asset, plotly_address

OFF = "off"
"""Chosen instead of a class while clicks add no points."""
MOST_NOTICES = 5
"""Sentences about a bad link shown at once."""
live_component = view_component("torch_playground_live")


@lru_cache(maxsize=256)
def untrained_frame(config: Config, focus: str, missing: str) -> str:
    """The frame of step 0 of all lanes, in base64.

    Args:
        focus: what is looked at, in JSON.
        missing: why it can't be trained yet: once its images are here, its frame is another one.
    """
    trained = experiment(config.experiment)
    snapshots = {name: trained.untrained(lane) for name, lane in trained.lanes(config).items()}
    return base64.b64encode(encode(trained.frames(config, snapshots, json.loads(focus)))).decode()


def view_data(space: Workspace, picture: dict[str, Any], module: str) -> dict[str, Any]:
    """What a view of the run is told; it changes only with the form or the run shown.

    Args:
        picture: "kind", "module" with the address of its script, and what that script is told.
        module: the view's script, as `asset` has it.
    """
    config: Any = space.config.changed(device="cpu")
    missing = space.experiment.missing(config)
    ghost = space.ghost()
    in_epochs = epoch_text(_) if isinstance(config, EpochConfig) else {}
    return {
        "module": asset(module),
        "experiment": space.name,
        "lang": language.current(),
        "text": {**live_text(_), **in_epochs, **picture.get("text", {})},
        "plotly": plotly_address(),
        "run": space.run_id,
        "socket": address("live", space.run_id) if space.run_id else None,
        "ghost": address("live", ghost, "history") if ghost else None,
        "preview": untrained_frame(config, json.dumps(space.focus), str(missing or "")),
        "focus": space.focus,
        "picture": picture,
        "lanes": list(space.experiment.lanes(config)),
        "diverged": diverged_message(config),
        "num_steps": config.num_steps,
        "lr": config.lr,
        "adding": adding(space),
        "speed": space.speed,
    }


def diverged_message(config: Any) -> str:
    """Which of the sentences on a loss that is no longer finite fits a config."""
    if "high_lr" in config.bugs:
        return "message_diverged_switch"
    return "message_diverged_beside" if config.bugs else "message_diverged"


def adding(space: Workspace) -> dict[str, int] | None:
    """The class of which clicks into the picture add points."""
    label = session.get(space.key("adding class"), OFF)
    return None if label == OFF else {"label": label}


def live_view(
    space: Workspace, picture: dict[str, Any], on_point: Callable[[float, float], None] | None = None
) -> None:
    """Play bar, picture, curves and time slider.

    Args:
        picture: what the experiment's picture is told.
        on_point: called with a point's coordinates when the picture was clicked while points are being added.
    """
    settings = space.config.settings()
    for notice in space.notices[:MOST_NOTICES]:
        sentence = language.tell(notice)
        if notice.field in settings:
            sentence = _("{name}: {sentence}").format(name=_(settings[notice.field].label), sentence=sentence)
        st.error(sentence)
    if len(space.notices) > MOST_NOTICES:
        st.error(
            _("And {count} more settings of the link can't be used.").format(count=len(space.notices) - MOST_NOTICES)
        )
    if space.problems:
        st.warning(_("Not all settings can be used; Play trains the last ones that fit."), icon=":material/warning:")
    key = f"live view {space.name}"

    def asked(name: str) -> dict[str, Any]:
        found = getattr(session.get(key), name, None)
        return found if isinstance(found, dict) else {}

    def play() -> None:
        order = asked("play")
        steps = order.get("steps")
        space.speed = _speed(order.get("speed"), space.speed)
        space.play(space.speed, bool(order.get("paused")), steps if steps in (1, "epoch") else 0)

    def resume() -> None:
        order = asked("resume")
        space.speed = _speed(order.get("speed"), space.speed)
        if space.run_id and isinstance(order.get("step"), int):
            space.resume(order["step"], speed=space.speed)

    def look() -> None:
        with suppress(ValueError):
            space.focus = dict(space.experiment.focus(asked("focus").get("focus")))

    def point() -> None:
        order = asked("point")
        x, y = order.get("x"), order.get("y")
        if on_point is not None and isinstance(x, int | float) and isinstance(y, int | float):
            on_point(float(x), float(y))

    live_component(
        key=key,
        data=view_data(space, picture, "shared/live/js/live.js"),
        on_play_change=play,
        on_reset_change=space.reset,
        on_resume_change=resume,
        on_point_change=point,
        on_focus_change=look,
    )


def _speed(asked: Any, otherwise: float) -> float:
    return float(asked) if isinstance(asked, int | float) and 0 <= asked <= 100_000 else otherwise
