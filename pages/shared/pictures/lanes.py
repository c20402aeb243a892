"""Who did what when, as lanes over time: workers and training, or the operations of a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pages.shared.live.component import file_component
from pages.shared.pictures.palette import both_themes

lanes_component = file_component("torch_playground_lanes", __file__)


@dataclass
class Group:
    """Lanes that belong together.

    Attributes:
        name: a short mark such as "A"; may be empty.
        title, figures: what stands above the lanes, at the left and at the right.
        alt: the same for who can't see the picture.
        lanes: their names from top to bottom.
        bars: (lane, kind, from, to, number): milliseconds, and the number of a batch or of a name in `named`.
        named: texts that bars carry instead of being batches.
    """

    name: str
    title: str
    figures: str
    alt: str
    lanes: Sequence[str]
    bars: Sequence[Sequence[Any]]
    named: Sequence[str] | None = None


@dataclass
class Sweep:
    """Bars of a rate against the number of workers: labels, each with a rate of each named setting (None: not yet)."""

    alt: str = ""
    names: list[str] = field(default_factory=list)
    entries: list[tuple[str, list[float | None]]] = field(default_factory=list)


def lanes(
    key: str,
    groups: Sequence[Group],
    kinds: Sequence[tuple[str, str]],
    text: dict[str, str],
    *,
    id: str,
    status: str = "",
    least: float = 0,
    sweep: Sweep | None = None,
) -> None:
    """Draw lanes.

    Args:
        key: the component's key.
        kinds: what bars may show, each with its word for the legend.
        text: words of the component: "hint" while there is nothing, "batch", "whole", and "sweep".
        id: changes with the content as a whole: then the view is whole again.
        status: where the work stands, for tests.
        least: milliseconds that the axis shows at least.
        sweep: bars below the lanes.
    """
    lanes_component(
        key=key,
        data={
            "id": id,
            "palette": both_themes("lanes"),
            "status": status,
            "groups": [vars(group) for group in groups],
            "kinds": list(kinds),
            "text": text,
            "least": least,
            "sweep": [{"label": label, "rates": rates} for label, rates in sweep.entries] if sweep else [],
            "sweep_names": sweep.names if sweep else [],
            "sweep_alt": sweep.alt if sweep else "",
        },
    )
