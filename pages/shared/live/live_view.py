"""The live view on a page: play bar, picture and curves, fed by the run's WebSocket."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import streamlit as st

from core.config import ConfigError, EpochConfig, Problem, TrainingConfig
from core.experiments import experiment
from core.frames import encode
from pages.shared.form.controls import take_all
from pages.shared.form.workspace import Workspace
from pages.shared.live.component import view_component
from pages.shared.live.text import epoch_text, live_text, replaced_text
from pages.shared.person import language, session
from pages.shared.person.language import _
from pages.shared.person.place import turned_away
from pages.shared.server import first_picture
from pages.shared.server.addresses import address
from pages.shared.server.assets import asset, plotly_address

MOST_NOTICES = 5
"""Sentences about a bad link shown at once."""
MOST_NAMES = 3
"""Changed settings that the banner names."""
live_component = view_component("torch_playground_live")
RESERVED = 550
"""Height in pixels reserved for a live view until its scripts are loaded: nothing below it moves. See live.css."""


@lru_cache(maxsize=256)
def untrained_frame(config: TrainingConfig, focus: str, missing: str) -> str:
    """The frame of step 0 of all lanes, in base64.

    Args:
        focus: what is looked at, in JSON.
        missing: why it can't be trained yet: once its images are here, its frame is another one.
    """
    trained = experiment(config.experiment)
    lanes = trained.lanes(config)
    snapshots = {name: trained.untrained(lane) for name, lane in lanes.items()}
    return base64.b64encode(encode(trained.frames(lanes, snapshots, json.loads(focus)))).decode()


def view_data(
    space: Workspace, picture: dict[str, Any], module: str, adding: dict[str, int] | None = None
) -> dict[str, Any]:
    """What a view of the run gets; it changes only with the form or the run on display.

    Args:
        picture: "kind", "module" with the address of its script, and what that script needs. The live view itself reads
            "text", words over its own, of which "status_idle" and "status_paused" have no default; and if given
            "metrics" and "splits" (what the curves show), "floor" (a line in the loss), "images_per_step" (the pace).
        module: the view's script, as `asset` has it.
        adding: the "label" of the points that clicks into the picture add; None while they add none.
    """
    config: Any = space.config.changed(device="cpu")
    missing = space.experiment.missing(config)
    ghost = space.ghost()
    full = turned_away()
    in_epochs = epoch_text() if isinstance(config, EpochConfig) else {}
    replaced = {} if space.replaced is None or space.replaced.by_hand else replaced_text()
    return {
        "module": asset(module),
        "experiment": space.name,
        "lang": language.current(),
        "text": {**live_text(), **in_epochs, **replaced, **picture.get("text", {})},
        "plotly": plotly_address(),
        "run": space.run_id,
        "socket": address("live", space.run_id) if space.run_id else None,
        "next": address("live", space.next_id),
        "ghost": address("live", ghost, "history") if ghost else None,
        "preview": untrained_frame(config, json.dumps(space.focus), str(missing or "")),
        "focus": space.focus,
        "picture": picture,
        "lanes": list(space.experiment.lanes(config)),
        "diverged": "message_diverged_beside" if getattr(config, "bugs", ()) else "message_diverged",
        "num_steps": config.num_steps,
        "lr": config.lr,
        "adding": adding,
        "notice": notice(space),
        "missing": language.tell(missing, markdown=False) if missing is not None else "",
        "changed": changed(space),
        "tries": space.tries,
        "full": language.tell(full, markdown=False) if full is not None else "",
        "speed": space.speed,
        "drawn": first_picture.place(session.get("picture")),
    }


def notices(space: Workspace) -> None:
    """Say what of a link can't be used, and what was found damaged."""
    for problem in space.notices[:MOST_NOTICES]:
        st.error(_sentence(space, problem))
    if len(space.notices) > MOST_NOTICES:
        st.error(
            _("And {count} more settings of the link can't be used.").format(count=len(space.notices) - MOST_NOTICES)
        )


def notice(space: Workspace) -> str:
    """What is to be said after a press or a change, in the banner, where nothing moves: why it could not be done."""
    problems = [problem for problem in (space.refusal, space.unstored) if problem is not None]
    sentences = [_sentence(space, problem, markdown=False) for problem in problems]
    if space.problems:
        sentences.append(_("Not all settings can be used; Play trains the last ones that fit."))
    return language.joined(*sentences)


def changed(space: Workspace) -> str:
    """The names of the settings that were changed since the run before, where that can be brought back; else empty."""
    labels = [_(space.config.settings()[name].label) for name in space.changed_since(space.replaced)]
    names, more = language.listed(labels[:MOST_NAMES]), len(labels) - MOST_NAMES
    return _("{names} and {count} more").format(names=names, count=more) if more > 0 else names


def _sentence(space: Workspace, problem: Problem, markdown: bool = True) -> str:
    """A problem's sentence, with the name of the setting that it is about."""
    setting = space.config.settings().get(problem.field)
    sentence = language.tell(problem, markdown)
    return sentence if setting is None else _("{name}: {sentence}").format(name=_(setting.label), sentence=sentence)


def live_view(
    space: Workspace,
    picture: dict[str, Any],
    on_point: Callable[[float, float], None] | None = None,
    adding: dict[str, int] | None = None,
    note: str = "",
) -> None:
    """Play bar, picture, curves and time slider.

    Args:
        picture: what the experiment's picture gets, see `view_data`.
        on_point: called with a point's coordinates when the picture was clicked while points are being added.
        adding: see `view_data`.
        note: what is to be known of a run with these settings, said in the banner, where nothing moves.
    """
    notices(space)
    key = f"live view {space.name}"

    def event(name: str) -> dict[str, Any]:
        value = getattr(session.get(key), name, None)
        return value if isinstance(value, dict) else {}

    def play() -> None:
        take_all()
        order = event("play")
        steps = order.get("steps")
        space.speed = _speed(order.get("speed"), space.speed)
        space.play(space.speed, bool(order.get("paused")), steps if steps in (1, "epoch") else 0)

    def resume() -> None:
        take_all()
        order = event("resume")
        space.speed = _speed(order.get("speed"), space.speed)
        if space.run_id and isinstance(order.get("step"), int):
            space.resume(order["step"], speed=space.speed)

    def look() -> None:
        with suppress(ValueError):
            space.focus = dict(space.experiment.focus(event("focus").get("focus")))

    def settings() -> None:
        values = event("settings").get("values")
        if isinstance(values, dict):
            with suppress(ConfigError):
                space.train_with(values)

    def point() -> None:
        order = event("point")
        x, y = order.get("x"), order.get("y")
        if on_point is not None and isinstance(x, int | float) and isinstance(y, int | float):
            on_point(float(x), float(y))

    live_component(
        key=key,
        data={**view_data(space, picture, "shared/live/js/live.js", adding), "note": note},
        height=RESERVED,
        on_play_change=play,
        on_reset_change=space.reset,
        on_undo_change=space.undo,
        on_resume_change=resume,
        on_point_change=point,
        on_focus_change=look,
        on_settings_change=settings,
    )


def _speed(wanted: Any, otherwise: float) -> float:
    return float(wanted) if isinstance(wanted, int | float) and 0 <= wanted <= 100_000 else otherwise
