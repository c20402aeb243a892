"""A link that restores every setting, and the person's earlier runs."""

from __future__ import annotations

import time
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.shared import language
from pages.shared.language import _
from pages.shared.workspace import Workspace

LONGEST_LINK = 30_000


def share_link(space: Workspace) -> None:
    """The link, in a popover."""
    with st.popover(_("Share"), icon=":material/link:"):
        here = urlsplit(st.context.url or "")
        query = urlencode({**space.config.to_query(), "lang": language.current()}, safe=",")
        link = f"{here.scheme}://{here.netloc}/{space.name}?{query}"
        if len(link) > LONGEST_LINK:
            st.warning(_("There are too many own points for a link: share the downloaded script instead."))
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
        changes = ", ".join(
            f"{name}={value if len(value) < 40 else '…'}"
            for name, value in entry.read_config().to_query().items()
            if name != "device"
        )
        left.markdown(" · ".join(parts) + (f"  \n`{changes}`" if changes else ""))
        right.button(
            _("Open"),
            key=f"open {entry.id}",
            disabled=entry.id == space.run_id,
            on_click=lambda entry=entry: space.open(entry),
        )
