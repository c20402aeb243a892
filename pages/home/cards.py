"""A card for each page of the tutorial's path: its picture, what it teaches, and its minutes."""

from __future__ import annotations

from pages.home.leaving import lead_to
from pages.index import PAGES
from pages.shared.live.component import view_component
from pages.shared.person import session
from pages.shared.person.language import _
from pages.shared.server.addresses import address
from pages.shared.server.assets import asset

KEY = "home cards"
ROWS = [row for row in PAGES if row.step]

cards_component = view_component("torch_playground_cards")


def cards() -> None:
    """Draw them all. A click on one leads to its page."""
    cards_component(
        key=KEY,
        data={
            "module": asset("home/cards.js"),
            "label": _("Eight steps"),
            "cards": [
                {
                    "folder": row.folder,
                    "address": address(row.url_path),
                    "light": asset(f"home/pictures/{row.folder}.light.webp"),
                    "dark": asset(f"home/pictures/{row.folder}.dark.webp"),
                }
                for row in ROWS
            ],
            "text": {
                row.folder: {
                    "title": f"{row.step} · {_(row.heading)}",
                    "sentence": _(row.sentence),
                    "minutes": _("{minutes} min").format(minutes=row.minutes),
                }
                for row in ROWS
            },
        },
        on_go_change=_go,
    )


def _go() -> None:
    order = getattr(session.get(KEY), "go", None)
    folder = order.get("folder") if isinstance(order, dict) else None
    if folder in {row.folder for row in ROWS}:
        lead_to(folder)
