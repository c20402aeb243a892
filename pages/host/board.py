"""Who trains, and what the server takes: drawn again every two seconds while the page is open."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import streamlit as st

from core import limits
from core.engine.launcher import Cluster
from core.engine.manager import manager
from core.engine.overview import Overview, RunOverview, observer
from pages.host.opened import is_opened
from pages.index import page, page_of
from pages.shared.live.component import view_component
from pages.shared.person import session
from pages.shared.person.language import _
from pages.shared.server.assets import asset

EVERY = 2.0
"""Seconds between two looks."""
KEY = "host runs"
SALT = secrets.token_bytes(16)
"""Makes short names of people's ids that lead back to nobody; others with each start of the server."""
UNITS = ("B", "kB", "MB", "GB", "TB")

board_component = view_component("torch_playground_host")


@st.fragment(run_every=EVERY)
def board() -> None:
    """Draw the numbers of the server, and a row for each run that is alive."""
    board_component(key=KEY, data=board_data(observer(manager()).overview()), on_end_change=end)


def end() -> None:
    """End the run whose button was pressed."""
    order = getattr(session.get(KEY), "end", None)
    if isinstance(order, dict) and is_opened():
        manager().end_by_host(str(order.get("run")))


def board_data(seen: Overview) -> dict[str, Any]:
    """What the browser draws."""
    return {
        "module": asset("host/board.js"),
        "numbers": [{"name": name, "value": value, "help": told} for name, value, told in numbers(seen)],
        "heading": _("Who trains"),
        "nobody": _("Nobody trains now."),
        "columns": [_("Who"), _("Experiment"), _("Progress"), _("Steps/s"), _("For"), _("Memory"), _("Disk")],
        "end": _("End run"),
        "end_help": _("End this run. What it has trained so far is kept, and its owner reads that you have ended it."),
        "runs": [{"id": run.id, "cells": cells(run)} for run in seen.runs],
    }


def numbers(seen: Overview) -> list[tuple[str, str, str]]:
    """What the whole server takes: name, value, and what that is where the name does not say it."""
    return [
        (_("People here"), str(seen.people), ""),
        (_("Places taken"), f"{seen.places} / {limits.PEOPLE}", ""),
        (_("Runs alive"), f"{len(seen.runs)} / {limits.RUNS_AT_ONCE}", ""),
        (
            _("Other work"),
            f"{seen.jobs} + {seen.waiting}",
            _("Measurements and programs: those that run, and those that wait in line."),
        ),
        (_("Memory of the workers"), in_bytes(seen.workers_memory), ""),
        (_("Memory of the server"), in_bytes(seen.memory), ""),
        (_("Free memory"), in_bytes(seen.memory_free), ""),
        (_("Data folder"), in_bytes(seen.disk), _("Looked at once a minute.")),
        (_("Free disk space"), in_bytes(seen.disk_free), ""),
        *of_cluster(seen.cluster),
    ]


def of_cluster(cluster: Cluster | None) -> list[tuple[str, str, str]]:
    """What the machines are that train, where they are others."""
    if cluster is None:
        return []
    machines = str(cluster.machines) if cluster.answers else _("no answer")
    return [
        (_("Cluster: machines"), machines, _("Those that can train. The head mostly has no core for that.")),
        (_("Cluster: cores"), str(cluster.cores), _("Each trains one run.")),
        (_("Runs in line"), str(cluster.waiting), _("They wait for a place on the cluster.")),
    ]


def cells(run: RunOverview) -> list[str]:
    """A run's row."""
    status = "" if run.status == "running" else _("paused")
    return [
        short_name(run.owner),
        _(page(run.experiment).title) if page_of(run.experiment) else run.experiment,
        f"{run.step:,} / {run.num_steps:,}",
        _("silent") if run.silent else status or f"{run.speed:,.0f}",
        in_time(run.seconds),
        in_bytes(run.memory),
        in_bytes(run.disk),
    ]


def short_name(owner: str) -> str:
    """What a person is called here: four letters that lead back to nobody."""
    return hashlib.blake2b(owner.encode(), key=SALT, digest_size=2).hexdigest()


def in_bytes(count: int | None) -> str:
    """A size to be read."""
    if count is None:
        return "–"
    value, units = float(count), iter(UNITS)
    unit = next(units)
    for larger in units:
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"


def in_time(seconds: float) -> str:
    """A time to be read: 0:07, 12:34, 3:00:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
