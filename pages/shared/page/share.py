"""The buttons beside a training page's title: a link that restores every setting, and the tutorial's settings."""

from __future__ import annotations

import streamlit as st

from pages.shared.form.workspace import Workspace
from pages.shared.page.links import shared_link
from pages.shared.person.language import _

LONGEST_LINK = 30_000
"""Characters; browsers and servers refuse much longer ones."""


def share_link(space: Workspace) -> None:
    """A popover with the link that restores every setting."""
    with st.popover(_("Share"), icon=":material/link:"):
        link = shared_link(space.folder, space.to_link())
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
    """A button that puts the tutorial's settings back."""
    st.button(
        _("Tutorial's settings"),
        icon=":material/restart_alt:",
        disabled=not space.config.to_query(),
        on_click=lambda: space.replace(space.experiment.config()),
        help=_("Put every setting back to the tutorial's value. Your runs are kept."),
    )
