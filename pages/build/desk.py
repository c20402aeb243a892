"""The editor's desk in a tab: the network as it is being edited, whether it works or not, and the way back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from core.blocks import Block, BlocksRefused, Path, read
from core.blocks.fitting import Checked, check
from core.blocks.pasted import read_pasted
from core.config import Problem
from core.experiments.build import BuildConfig
from pages.shared.form.workspace import Workspace
from pages.shared.person import session

MOST_UNDO = 100
LAST = "last network"
"""The preference that keeps a network which does not work yet, for the next visit."""


@dataclass
class Desk:
    """What the editor of one tab remembers beside the text itself.

    Attributes:
        undo, redo: networks before and after, each with its data set.
        chosen: the block that is open.
        refused: what can't be used: the place, the argument, what was typed and why.
        notes: what was taken of the text that was pasted last, and what was not.
        turn: grows with every edit, so that the browser takes up what Python has chosen.
        kept: the network that does not work yet, as it was put down for the next visit.
        drawn: the network that was drawn last, with its data set.
    """

    undo: list[tuple[str, str]] = field(default_factory=list)
    redo: list[tuple[str, str]] = field(default_factory=list)
    chosen: Path | None = None
    refused: dict[str, Any] | None = None
    notes: tuple[Problem, ...] = ()
    turn: int = 0
    kept: str = ""
    drawn: tuple[str, str] | None = None


def desk_of(space: Workspace) -> Desk:
    """The editor's desk in this tab."""
    desk: Desk | None = session.get(f"{space.name} desk")
    if desk is None:
        desk = Desk()
        session.put(f"{space.name} desk", desk)
        desk.kept = session.preference(LAST) or ""
        if desk.kept and space.link:
            space.also_replaced({"blocks": desk.kept})
        elif desk.kept and session.get(space.key("blocks")) is None:
            session.put(space.key("blocks"), desk.kept)
            space.submit({**dict(space.config), "blocks": desk.kept})
        if space.replaced is not None:
            config = space.replaced.config
            desk.drawn = space.replaced.typed.get("blocks", config.blocks), config.dataset
    return desk


def follow(space: Workspace) -> Desk:
    """The desk, from which one gets back to what was drawn last, if a link or a button of the page took its place."""
    desk, now = desk_of(space), state_of(space)
    if desk.drawn is not None and desk.drawn[0] != now[0]:
        desk.undo = [*desk.undo[-MOST_UNDO:], desk.drawn]
        desk.redo, desk.chosen, desk.refused, desk.notes = [], None, None, ()
        desk.turn += 1
    desk.drawn = now
    return desk


def text_of(space: Workspace) -> str:
    """The network as it is being edited, whether it works or not."""
    assert isinstance(space.config, BuildConfig)
    return str(session.get(space.key("blocks"), space.config.blocks))


def asked_for(space: Workspace) -> BuildConfig:
    """The form's settings, also those that can't be used."""
    assert isinstance(space.config, BuildConfig)
    return BuildConfig.model_construct(**space.refused) if space.refused else space.config


def blocks_of(space: Workspace) -> tuple[Block, ...]:
    """The blocks of that text; none if it came from outside and is none at all."""
    for reading in (lambda text: read_pasted(text).blocks, read):
        with suppress(BlocksRefused):
            return reading(text_of(space))
    return ()


def examined(space: Workspace, blocks: tuple[Block, ...]) -> Checked:
    """What is known of the network with the data that the form asks for."""
    settings = asked_for(space)
    return check(blocks, settings.input_shape, settings.n_classes, settings.batches)


def state_of(space: Workspace) -> tuple[str, str]:
    """The network's text and the data set chosen."""
    return text_of(space), asked_for(space).dataset


def set_state(space: Workspace, text: str, dataset: str) -> None:
    """Put another network into the form, and the data that it is for."""
    put_blocks(space, text)
    if dataset in (space.config.settings()["dataset"].choices or {}):
        session.put(space.key("dataset"), dataset)


def put_blocks(space: Workspace, text: str) -> None:
    """Put another network into the form, as the editor does, which has seen to the way back."""
    session.put(space.key("blocks"), text)
    desk_of(space).drawn = state_of(space)


def put_back(space: Workspace, text: str, dataset: str) -> None:
    """Put a saved network into the form, with the data it was made for; what was there can be undone to."""
    desk = desk_of(space)
    desk.undo = [*desk.undo[-MOST_UNDO:], state_of(space)]
    desk.redo, desk.chosen, desk.refused, desk.notes = [], None, None, ()
    desk.turn += 1
    set_state(space, text, dataset)
