"""The person's earlier runs of an experiment, each in a line."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from core.changes import recorded
from core.engine.store import Entry
from pages.shared.form.differences import settings_of
from pages.shared.form.workspace import Workspace
from pages.shared.person import language
from pages.shared.person.language import _

MOST_RUNS = 20
MOST_CHANGES = 3
"""The last changes of the learning rate that a line has room for."""


def earlier_runs(space: Workspace) -> None:
    """List the person's runs, each with a button that opens it again."""
    entries = space.runs()[:MOST_RUNS]
    if not entries:
        st.info(_("No runs yet. Press Play; every run is kept and can be opened here again."))
    for entry in entries:
        left, right = st.columns([5, 1], vertical_alignment="center")
        past = [*settings_of(entry.read_config()), *past_of(space.facts(entry.id))]
        left.markdown(f"{_outcome(entry)}  \n:gray[{' · '.join(map(language.plain, past))}]")
        on_display = entry.id == space.run_id
        right.button(
            _("Shown") if on_display else _("Open"),
            key=f"open {entry.id}",
            disabled=on_display,
            help=_("This run is in the picture above.") if on_display else None,
            on_click=lambda entry=entry: space.open(entry),
        )


def _outcome(entry: Entry) -> str:
    """When a run began, how far it came, and how well it did."""
    states = {
        "running": _("running"),
        "paused": _("paused"),
        "finished": _("finished"),
        "stopped": _("stopped"),
        "diverged": _("diverged"),
        "failed": _("stopped with an error"),
        "crashed": _("crashed"),
    }
    accuracy = entry.metrics.get("accuracy/test")
    loss = entry.metrics.get("loss/test", entry.metrics.get("loss/train"))
    parts = [
        time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.created)),
        states.get(entry.status, entry.status),
        _("step {step}").format(step=entry.step),
    ]
    if accuracy is not None:
        parts.append(_("test accuracy {accuracy}").format(accuracy=f"{accuracy:.1%}"))
    if loss is not None:
        parts.append(_("loss {loss}").format(loss=f"{loss:.4g}"))
    return " · ".join(parts)


def past_of(facts: dict[str, Any]) -> list[str]:
    """Where a run continued from, and its last changes of the learning rate."""
    events = []
    if facts.get("resumed"):
        events.append(_("went on from step {step} of another run").format(step=facts["resumed"][1]))
    rates = [(step, fields["lr"]) for step, fields in recorded(facts).items() if "lr" in fields]
    for step, lr in rates[-MOST_CHANGES:]:
        events.append(_("learning rate {lr} from step {step}").format(lr=f"{lr:.4g}", step=step))
    return events
