"""Presenting: a page without its settings and with large text, for a projector."""

from __future__ import annotations

from pages.shared.live.component import file_component
from pages.shared.person.language import _

_button = file_component("torch_playground_presenting", __file__)


def presenting_button() -> None:
    """Draw the button that switches it, in the header; the browser's tab remembers it."""
    words = {"present": _("Present: large text, no settings (P)"), "end": _("Stop presenting (P)")}
    _button(key="presenting", data=words)
