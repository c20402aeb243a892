"""A link that restores every setting, and the person's earlier runs."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from core.changes import recorded
from core.config import TrainingConfig, kind_of
from pages.shared.form.workspace import Workspace
from pages.shared.person import language
from pages.shared.person.language import _
from pages.shared.server.addresses import address

LONGEST_LINK = 30_000
MOST_CHANGES = 3


def share_link(space: Workspace) -> None:
    """The link, in a popover."""
    with st.popover(_("Share"), icon=":material/link:"):
        here = urlsplit(st.context.url or "")
        query = {**space.config.to_query(), "lang": language.current()}
        link = address(space.folder, query=query, site=f"{here.scheme}://{here.netloc}")
        if len(link) > LONGEST_LINK:
            st.warning(_("There are too many own points for a link: share the downloaded script instead."))
        else:
            if space.refused:
                st.write(
                    _("Not all settings can be used now: this link has the last ones that fit. It starts nothing.")
                )
            else:
                st.write(_("Whoever opens this link finds all settings as they are here. It starts nothing."))
            st.code(link, language=None, wrap_lines=True)


def defaults_button(space: Workspace) -> None:
    """Back to the tutorial's settings."""
    st.button(
        _("Tutorial's settings"),
        icon=":material/restart_alt:",
        disabled=not space.config.to_query(),
        on_click=lambda: space.fill(space.experiment.config()),
        help=_("Put every setting back to the tutorial's value. Your runs are kept."),
    )


def earlier_runs(space: Workspace) -> None:
    """The person's runs, to open again."""
    entries = space.runs()[:20]
    if not entries:
        st.info(_("No runs yet. Press Play; every run is kept and can be opened here again."))
    states = {
        "running": _("running"),
        "paused": _("paused"),
        "finished": _("finished"),
        "stopped": _("stopped"),
        "diverged": _("diverged"),
        "failed": _("stopped with an error"),
        "crashed": _("crashed"),
    }
    for entry in entries:
        left, right = st.columns([5, 1], vertical_alignment="center")
        accuracy = entry.metrics.get("accuracy/test")
        parts = [
            time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.created)),
            states.get(entry.status, entry.status),
            _("step {step}").format(step=entry.step),
        ]
        if accuracy is not None:
            parts.append(_("test accuracy {accuracy}").format(accuracy=f"{accuracy:.1%}"))
        loss = entry.metrics.get("loss/test", entry.metrics.get("loss/train"))
        if loss is not None:
            parts.append(_("loss {loss}").format(loss=f"{loss:.4g}"))
        told = [*settings_of(entry.read_config()), *past_of(space.facts(entry.id))]
        left.markdown(" · ".join(parts) + "  \n" + ":gray[" + " · ".join(map(language.plain, told)) + "]")
        shown = entry.id == space.run_id
        right.button(
            _("Shown") if shown else _("Open"),
            key=f"open {entry.id}",
            disabled=shown,
            help=_("This run is in the picture above.") if shown else None,
            on_click=lambda entry=entry: space.open(entry),
        )


def settings_of(config: TrainingConfig) -> list[str]:
    """What differs from the tutorial's settings, by the names that the controls have."""
    told = []
    for name, text in config.to_query().items():
        setting, value = config.settings()[name], getattr(config, name)
        if name == "device":
            continue
        if kind_of(type(config), name) == "points":
            text = str(len(value))
        elif setting.choices is not None:
            chosen = value if isinstance(value, tuple) else (value,)
            text = ", ".join(_(setting.choices[one]) for one in chosen)
        elif isinstance(value, bool):
            text = _("on") if value else _("off")
        told.append(_("{name}: {sentence}").format(name=_(setting.label), sentence=text or _("none")))
    return told or [_("the tutorial's settings")]


def past_of(facts: dict[str, Any]) -> list[str]:
    """Where a run goes on from, and its last changes of the learning rate."""
    told = []
    if facts.get("resumed"):
        told.append(_("went on from step {step} of another run").format(step=facts["resumed"][1]))
    rates = [(step, fields["lr"]) for step, fields in recorded(facts).items() if "lr" in fields]
    for step, lr in rates[-MOST_CHANGES:]:
        told.append(_("learning rate {lr} from step {step}").format(lr=f"{lr:.4g}", step=step))
    return told
