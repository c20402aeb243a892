"""A person's own points: clicked into the picture, pasted, or uploaded as a CSV."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.config import ConfigError, Problem
from core.data.csv_points import PointsRead, read_points
from core.data.csv_table import MEGABYTES, CsvRefused
from core.experiments.classifier import MAX_CLASSES, MAX_POINTS, MIN_POINTS, ClassifierConfig
from pages.shared.form.workspace import Workspace
from pages.shared.panels.csv_choices import Asked, chosen_reading, csv_choices, mark_of, taken_from
from pages.shared.panels.uploader import uploader
from pages.shared.person import session
from pages.shared.person.language import _, joined, listed, plain, tell

OFF = "off"
"""Chosen instead of a class while clicks add no points."""
EXAMPLE = "x1,x2,label\n1.5,2,a\n-1,0.5,b\n2,-1,a"


def adding(space: Workspace) -> dict[str, int] | None:
    """The class of which clicks into the picture add points."""
    label = session.get(space.key("adding class"), OFF)
    return None if label == OFF else {"label": label}


def add_clicked(space: Workspace, x: float, y: float) -> None:
    """Add the point that was clicked, of the class that was chosen."""
    point_class = adding(space)
    if point_class:
        _put(space, (*_points(space), (round(x, 3), round(y, 3), point_class["label"])))


def own_points(space: Workspace) -> None:
    """Draw the controls for own points, and what was read or refused."""
    points = _points(space)
    st.segmented_control(
        _("Add points by clicking on the picture"),
        [OFF, *range(MAX_CLASSES)],
        key=space.key("adding class"),
        default=OFF,
        required=True,
        format_func=lambda label: _("off") if label == OFF else _("class {number}").format(number=label),
        help=_("Choose a class, then click into the picture. The points join the training set."),
    )
    found, unread = _found(space)
    title = (
        _("Own points from a CSV ({count} points found, not used yet)").format(count=found)
        if found
        else _("Own points from a CSV ({count} points now)").format(count=len(points))
    )
    with st.expander(title, key=space.key("own points")):
        st.text_area(
            _("Paste a CSV"),
            key=space.key("csv text"),
            placeholder=EXAMPLE,
            help=_("Two columns of numbers and a label; the first line may be titles. Up to {most} points.").format(
                most=MAX_POINTS
            ),
        )
        uploader(
            _("or upload a file"),
            space.key("csv file"),
            MEGABYTES,
            endings=["csv", "txt", "tsv"],
            on_change=lambda: session.put(f"csv problem {space.name}", None),
        )
        if unread:
            st.error(tell(unread), icon=":material/error:")
        st.button(_("Use these points"), on_click=lambda: _take_csv(space, _source(space)))
        if points:
            st.button(_("Remove all own points"), on_click=lambda: _remove(space))
    refused = session.get(f"csv problem {space.name}")
    if refused and refused != unread:
        st.error(tell(refused), icon=":material/error:")
    read: PointsRead | None = session.get(f"csv told {space.name}")
    in_use = read is not None and tuple(read.points) == points
    if read and in_use:
        st.caption(joined(_("Still in use:"), _taken(space, read)) if refused or unread else _taken(space, read))
    elif points and space.config.dataset == "own":
        st.caption(_split(space))
    doubt: Asked | None = session.get(f"csv doubt {space.name}") if refused else None
    asked = doubt or (session.get(f"csv asked {space.name}") if in_use else None)
    if asked:
        roles = ("x1", "x2", _("the label"))
        csv_choices(space.key("csv"), asked, roles, lambda source: _take_csv(space, source))


def _source(space: Workspace) -> str | bytes:
    """The CSV that is uploaded, else the one that is pasted; empty if there is neither."""
    upload: Any = session.get(space.key("csv file"))
    return (session.get(space.key("csv text")) or "") if upload is None else upload.getvalue()


def _found(space: Workspace) -> tuple[int, Problem | None]:
    """How many points a CSV has that is here and not used yet, 0 if there is none; and why it can't be read."""
    source = _source(space)
    mark = mark_of(source)
    if source == "" or mark == session.get(f"csv mark {space.name}"):
        return 0, None
    wanted = chosen_reading(space.key("csv"), mark)
    known: tuple[object, int, Problem | None] = session.get(f"csv found {space.name}", ("", 0, None))
    if known[0] != (mark, wanted):
        try:
            known = (mark, wanted), len(read_points(source, MAX_POINTS, MAX_CLASSES, wanted).points), None
        except CsvRefused as refused:
            known = (mark, wanted), 0, refused.problem
        session.put(f"csv found {space.name}", known)
    return known[1:]


def _points(space: Workspace) -> tuple[tuple[float, float, int], ...]:
    assert isinstance(space.config, ClassifierConfig)
    return space.config.points


def _put(space: Workspace, points: tuple[tuple[float, float, int], ...], **others: object) -> None:
    """Make the points part of the config; they act like any other change of the form."""
    session.put(f"csv problem {space.name}", None)
    session.put(f"csv doubt {space.name}", None)
    try:
        config = space.config.changed(points=points, **others)
    except ConfigError as error:
        session.put(f"csv problem {space.name}", error.problems[0])
        return
    space.submit(dict(config))
    space.refill |= set(others)


def _take_csv(space: Workspace, source: str | bytes) -> None:
    """Read a CSV as the person chose; if it is refused, the choices are still offered."""
    session.put(f"csv problem {space.name}", None)
    session.put(f"csv doubt {space.name}", None)
    try:
        mark = mark_of(source)
        wanted = chosen_reading(space.key("csv"), mark)
        read = read_points(source, MAX_POINTS, MAX_CLASSES, wanted, fewest_points=MIN_POINTS)
    except CsvRefused as refused:
        session.put(f"csv problem {space.name}", refused.problem)
        session.put(f"csv doubt {space.name}", Asked(refused.table, source) if refused.table else None)
        return
    _put(space, tuple(read.points), dataset="own", standardize=_are_large(read))
    if session.get(f"csv problem {space.name}"):
        session.put(f"csv doubt {space.name}", Asked(read.table, source))
        return
    session.put(f"csv told {space.name}", read)
    session.put(f"csv mark {space.name}", mark)
    session.put(f"csv asked {space.name}", Asked(read.table, source))


def _are_large(read: PointsRead) -> bool:
    """Whether the network learns better from the points if they are standardised."""
    return max(max(abs(x), abs(y)) for x, y, _label in read.points) > 6


def _taken(space: Workspace, read: PointsRead) -> str:
    """What was read from the last CSV."""
    sentences = [
        _("{count} points in {classes} classes: {labels}.").format(
            count=len(read.points),
            classes=len(read.labels),
            labels=listed(f"{number} = {plain(label)}" for number, label in enumerate(read.labels)),
        )
    ]
    if _are_large(read):
        sentences.append(_("Their numbers are large, so the inputs are standardised."))
    sentences.append(taken_from(read.table))
    if space.config.dataset == "own":
        sentences.append(_split(space))
    return joined(*sentences)


def _split(space: Workspace) -> str:
    """How many of the own points are for testing, and for validation if a run may stop by that."""
    config = space.config
    assert isinstance(config, ClassifierConfig)
    test = len(config.points) - config.n_own_untested
    if config.validates:
        return _("{train} points are for training, {validation} for validation, {test} for testing.").format(
            train=config.n_train, validation=config.n_own_untested - config.n_train, test=test
        )
    return _("{train} points are for training, {test} for testing (“Test share”).").format(
        train=config.n_train, test=test
    )


def _remove(space: Workspace) -> None:
    assert isinstance(space.config, ClassifierConfig)
    session.put(f"csv mark {space.name}", None)
    _put(space, (), dataset="clouds" if space.config.dataset == "own" else space.config.dataset)
