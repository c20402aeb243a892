"""The buttons beside a page's title: a link that restores every setting, and the tutorial's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import segno
import streamlit as st

from pages.shared.form.workspace import Workspace
from pages.shared.page.links import shared_link
from pages.shared.person.language import _
from pages.shared.server.reach import is_reachable

LONGEST_LINK = 30_000
"""Characters; browsers and servers refuse much longer ones."""
LONGEST_CODE = 800
"""Characters of a link that a phone still reads from a screen across a desk."""
CODE_WIDTH = 280


def share_popover(folder: str, query: Mapping[str, str], words: Callable[[], object], key: str) -> None:
    """A popover with a link to a page and its settings, and the same as a code for phones.

    Args:
        folder: the page's.
        query: the settings.
        words: draws what the link opens, above it.
        key: the popover's, which differs from page to page.
    """
    popover = st.popover(_("Share"), icon=":material/link:", key=key, on_change="rerun")
    with popover:
        link = shared_link(folder, query)
        if len(link) > LONGEST_LINK:
            st.warning(_("There are too many own points for a link: share the downloaded script instead."))
            return
        words()
        st.code(link, language=None, wrap_lines=True)
        if not is_reachable(urlsplit(link)):
            st.caption(_("This address leads to the server on this machine only."))
        elif popover.open and len(link) <= LONGEST_CODE:
            st.image(qr_code(link), caption=_("Scan it with a phone or tablet in the same network."), width=CODE_WIDTH)


@lru_cache(maxsize=64)
def qr_code(link: str) -> str:
    """A link as a QR code, an image in SVG: black on white, as cameras want it in both themes."""
    code = segno.make(link, error="l", micro=False)
    return str(code.svg_inline(scale=4, dark="#000", light="#fff"))


def share_link(space: Workspace) -> None:
    """A popover with the link that restores every setting."""

    def words() -> None:
        if space.refused:
            st.write(_("Not all settings can be used now: this link has the last ones that fit. It starts nothing."))
        else:
            st.write(_("Anyone who opens this link finds all settings as they are here. It starts nothing."))

    share_popover(space.folder, space.to_link(), words, f"share {space.name}")


def defaults_button(space: Workspace) -> None:
    """A button that puts the tutorial's settings back."""
    st.button(
        _("Tutorial's settings"),
        icon=":material/restart_alt:",
        disabled=not space.config.to_query(),
        on_click=lambda: space.replace(space.experiment.config()),
        help=_("Put every setting back to the tutorial's value. Your runs are kept."),
    )
