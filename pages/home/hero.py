"""The moving picture at Home's top: a boundary that bends by itself, and that a click makes one's own."""

from __future__ import annotations

from pages.home.film import CONFIG, film_address
from pages.home.leaving import lead_to
from pages.shared.form.workspace import SPEED, workspace
from pages.shared.live.component import view_component
from pages.shared.person import language
from pages.shared.person.language import _
from pages.shared.server.assets import asset

HEIGHT = 464
"""Pixels that it takes, its scripts loaded or not: nothing below it moves."""

hero_component = view_component("torch_playground_hero")


def hero() -> None:
    """Draw it. A click leads to the classifier's page, where the same run is then the person's own."""
    hero_component(
        key="home hero",
        data={
            "module": asset("home/hero.js"),
            "film": film_address(),
            "lang": language.current(),
            "steps": CONFIG.num_steps,
            "text": {
                "start": _("Train it yourself"),
                "picture": _("Two spirals of points, and the boundary that a network finds between them."),
                "step": _("Step {step} / {num_steps}"),
                "accuracy": _("test accuracy {accuracy}"),
                "pause": _("Pause"),
                "play": _("Play"),
            },
        },
        height=HEIGHT,
        on_start_change=_start,
    )


def _start() -> None:
    space = workspace("classifier")
    space.put_in(CONFIG)
    space.play(SPEED)
    lead_to("classifier")
