"""What the first HTML itself says where no page comes: everything else of the app needs a WebSocket, and scripts."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from pages.shared.person.language import CODES, in_language

SCRIPT = Path(__file__).with_name("arrival.js")
CHARSET = '<meta charset="UTF-8" />'
"""What it stands behind: the earlier it runs, the more it sees."""
NO_SCRIPT = re.compile(r"<noscript>\s*<p>.*?</p>", re.DOTALL)
"""Streamlit's sentence, in English alone; what it says to programs after that stays."""


def with_arrival(index: str, language: str) -> str:
    """Streamlit's index.html, which says why nothing follows."""
    words = json.dumps(arrival_text(language)).replace("<", "\\u003c")
    lines = [
        CHARSET,
        f'<script type="application/json" id="tp-arrival">{words}</script>',
        f"<script>\n{SCRIPT.read_text(encoding='utf-8')}</script>",
    ]
    sentence = f'<noscript>\n      <p lang="{CODES[language]}">{html.escape(no_script(language))}</p>'
    return NO_SCRIPT.sub(lambda _match: sentence, index.replace(CHARSET, "\n    ".join(lines), 1), count=1)


def no_script(language: str) -> str:
    """What is said where scripts are off."""
    _ = in_language(language)
    return _("This app needs JavaScript. Allow it in your browser, then reload the page.")


def arrival_text(language: str) -> dict[str, str]:
    """The words of arrival.js: what is in the way -> sentence."""
    _ = in_language(language)
    return {
        "loading": _("The page is still loading …"),
        "busy": _("The server is there, but has not sent the page yet. It comes by itself."),
        "server": _("The server does not answer. Trying again …"),
        "incomplete": _("The page's scripts came incomplete, or this browser is too old for them. Reload the page."),
        "elsewhere": _("{address} is not answered by this app (status {status}). The host's proxy must pass it on."),
        "origin": _(
            "The server refuses this page, as it was asked under another name. The host must pass on the Host header, "
            "or name {page} in server.corsAllowedOrigins."
        ),
        "socket": _(
            "The server answers, but no WebSocket gets through, and this app needs one. The host's proxy must pass on "
            "the headers Upgrade and Connection for {address}."
        ),
    }
