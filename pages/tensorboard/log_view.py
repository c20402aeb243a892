"""The person's logs, drawn from the same event files that TensorBoard reads; and the files to take home."""

from __future__ import annotations

import math
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from core.engine.manager import manager
from core.tensorboard.reading import Log, event_files, packed, read, runs, smoothed
from pages.index import page
from pages.shared.page.links import link_to
from pages.shared.person import session
from pages.shared.person.language import _, plain
from pages.shared.pictures.palette import CHARTS

SHOWN_AT_FIRST = 3
EXERCISES = ("first_example", "mistakes")
"""Folders of the logs that this page itself writes."""
MOST_SHOWN = 8
"""The most runs that are drawn over each other."""
REFRESH = 2.0
"""Seconds between two looks at the files."""
KEPT_CHOICE = "log runs chosen"
"""Where the runs chosen are kept while another section is open."""
COLOURS: list[str] = CHARTS["runs"]
"""Told apart by all eyes: after Okabe and Ito, Color Universal Design."""


def no_runs() -> None:
    """Say that nothing is logged yet, with links to pages that train."""
    st.info(_("Nothing has been logged yet. Start a run on any page, then come back: it appears here while it trains."))
    with st.container(horizontal=True):
        for folder in ("classifier", "cnn", "rnn"):
            link_to(folder, _(page(folder).title))


def log_view() -> None:
    """Scalars of several runs over each other, images and histograms of one."""
    logs = manager().store.logs(session.owner())
    known = runs(logs)
    if not known:
        no_runs()
        return
    st.caption(
        _(
            "Scalars, images and histograms are drawn here; the graph, PR curves, embedding and hyperparameters only "
            "in TensorBoard."
        )
    )
    st.fragment(_follow, run_every=REFRESH)(logs, _size(logs))
    key = "log runs"
    trained = [name for name in known if name.split("/")[0] not in EXERCISES]
    chosen = session.get(KEPT_CHOICE)
    if chosen is None:  # nobody has chosen: the newest
        chosen = (trained or known)[:SHOWN_AT_FIRST]
    session.put(key, [name for name in chosen if name in known])
    chosen_runs = st.multiselect(
        _("Runs to compare"),
        known,
        key=key,
        max_selections=MOST_SHOWN,
        on_change=lambda: session.put(KEPT_CHOICE, session.get(key)),
        help=_("Each run is a folder. TensorBoard lists them by the same names."),
    )
    weight = st.slider(
        _("Smoothing"),
        0.0,
        0.99,
        0.0,
        0.01,
        key="log smoothing",
        help=_("Each point becomes a running average of the points before it; the faint line shows what was logged."),
    )
    logarithmic = st.toggle(_("Logarithmic y axis"), key="log logarithmic")
    if chosen_runs:
        pictures(logs, chosen_runs, weight, logarithmic)
        take_home(logs, chosen_runs)


def _size(logs: Path) -> int:
    """Bytes in all event files: more, once there is something new."""
    return sum(about.st_size for about in event_files(logs).values())


def _follow(logs: Path, seen: int) -> None:
    """Draw the section again when something was logged."""
    if _size(logs) != seen:
        st.rerun()


def pictures(logs: Path, names: list[str], weight: float, logarithmic: bool) -> None:
    """Draw all scalars, images and histograms of the runs chosen."""
    logs_of = {name: read(logs / name) for name in names}
    tags = [tag for log in logs_of.values() for tag, line in log.scalars.items() if not tag.startswith("final/")]
    columns = st.columns(2)
    for number, tag in enumerate(dict.fromkeys(tags)):
        with columns[number % 2]:
            st.markdown(f"**{plain(tag)}**")
            figure = lines(logs_of, tag, weight, logarithmic)
            st.plotly_chart(figure, key=f"log {tag}", config={"displayModeBar": False})
    pictured = [name for name in names if logs_of[name].images or logs_of[name].histograms]
    if not pictured:
        return
    last = logs_of[st.selectbox(_("Images and histograms of"), pictured, key="log pictured")]
    images = [(tag, *image) for tag, images in last.images.items() for image in images]
    for tag, step, image in images:
        st.markdown(f"**{plain(tag)}**")
        st.image(image, width=320, caption=_("step {step}").format(step=step))
    _histograms(last)


def lines(logs: dict[str, Log], tag: str, weight: float = 0, logarithmic: bool = False) -> go.Figure:
    """One tag's lines of several runs over each other.

    Args:
        weight: of `smoothed`.
        logarithmic: whether the y axis runs over powers of ten.
    """
    figure = go.Figure()
    for number, (name, log) in enumerate(logs.items()):
        if tag not in log.scalars:
            continue
        steps, values = zip(*log.scalars[tag], strict=True)
        colour = COLOURS[number % len(COLOURS)]
        mode = "lines" if len(steps) > 1 else "markers"
        if weight:
            figure.add_scatter(
                x=steps, y=values, mode=mode, line_color=colour, opacity=0.3, showlegend=False, hoverinfo="skip"
            )
        figure.add_scatter(x=steps, y=smoothed(values, weight), mode=mode, line_color=colour, name=name)
    different = {value for log in logs.values() for _step, value in log.scalars.get(tag, []) if math.isfinite(value)}
    if logarithmic:
        figure.update_yaxes(type="log")
    elif len(different) == 1:  # Plotly's own range reaches from -1 to 1 about a level line: 0.001 looks like 0 in it
        [value] = different
        figure.update_yaxes(range=sorted((0, 2 * value)) if value else (-1, 1))
    figure.update_layout(
        height=280,
        margin={"l": 50, "r": 10, "t": 10, "b": 40},
        xaxis_title=_("step"),
        showlegend=True,
        legend={"orientation": "h", "y": -0.3, "font": {"size": 11}},
    )
    return figure


def _histograms(log: Log) -> None:
    if not log.histograms:
        return
    tag = st.selectbox(_("Histogram"), list(log.histograms), key="log histogram")
    figure = go.Figure()
    events = log.histograms[tag]
    for number, (step, edges, counts) in enumerate(events):
        share = (number + 1) / len(events)
        figure.add_scatter(
            x=edges,
            y=[*counts, counts[-1]],
            mode="lines",
            line={"color": COLOURS[0], "shape": "hv"},
            opacity=0.2 + 0.8 * share,
            name=_("step {step}").format(step=step),
        )
    figure.update_layout(height=300, margin={"l": 50, "r": 10, "t": 10, "b": 40}, showlegend=len(events) < 12)
    st.plotly_chart(figure, key="log histogram picture", config={"displayModeBar": False})
    st.caption(
        _(
            "How many numbers fall into each interval; the later the step, the stronger the line. The intervals in "
            "the file are finer near 0: where one of them is split, its numbers are divided in proportion, as in "
            "TensorBoard."
        )
    )


def take_home(logs: Path, names: list[str]) -> None:
    """The command to start TensorBoard by hand, and a run's files."""
    st.markdown(_("**Do it yourself.** In a terminal of the machine that this app runs on:"))
    st.code(f"tensorboard --logdir {logs}", language=None, wrap_lines=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            _("Download the event files"),
            lambda: packed(logs, names),
            "runs.zip",
            "application/zip",
            on_click="ignore",
            icon=":material/download:",
        )
        st.caption(
            _(
                "The files of the runs that you have chosen. Unpack them anywhere and start there: `tensorboard "
                "--logdir runs`"
            )
        )
