"""The person's earlier runs of an experiment, each in a line."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from core import limits
from core.changes import recorded
from core.config import ConfigError
from core.engine.manager import manager
from core.engine.store import Entry
from pages.shared.form.differences import settings_of
from pages.shared.form.workspace import Workspace, files_listed
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
    damaged: dict[str, list[str]] = {}
    for damage in manager().store.damage(space.owner):
        damaged.setdefault(damage.run, []).append(damage.file)
    for entry in entries:
        left, right = st.columns([5, 1], vertical_alignment="center")
        lines = [_outcome(entry), f":gray[{' · '.join(map(language.plain, _past(space, entry)))}]"]
        if entry.id in damaged:
            sentence = _("damaged and set aside: {files}")
            lines.append(f":orange[{sentence.format(files=language.plain(files_listed(damaged[entry.id])))}]")
        left.markdown("  \n".join(lines))
        on_display = entry.id == space.run_id
        right.button(
            _("Shown") if on_display else _("Open"),
            key=f"open {entry.id}",
            disabled=on_display or "run.json" in damaged.get(entry.id, []),
            help=_("This run is in the picture above.") if on_display else None,
            on_click=lambda entry=entry: space.open(entry),
        )
    if entries:
        _space_used(space)


def _space_used(space: Workspace) -> None:
    """What the person's runs take on disk, of all pages, and of how much."""
    st.caption(
        _(
            "Your runs on all pages take {used} of {most} MB. Beyond that the oldest kept steps are removed, but "
            "no run's first or last."
        ).format(
            used=f"{manager().housekeeping.used(space.owner) / limits.MEGABYTE:,.1f}",
            most=f"{limits.KEPT_BYTES / limits.MEGABYTE:,.0f}",
        )
    )


def _past(space: Workspace, entry: Entry) -> list[str]:
    """A run's settings, and what happened in it."""
    try:
        settings = settings_of(entry.read_config())
    except ConfigError:
        return [_("its settings are of another version")]
    return [*settings, *past_of(space.facts(entry.id))]


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
        events.append(_("continued from step {step} of another run").format(step=facts["resumed"][1]))
    rates = [(step, fields["lr"]) for step, fields in recorded(facts).items() if "lr" in fields]
    for step, lr in rates[-MOST_CHANGES:]:
        events.append(_("learning rate {lr} from step {step}").format(lr=f"{lr:.4g}", step=step))
    return events
