"""The figures of classes, each at a server of its own."""

from __future__ import annotations

import asyncio
import math
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from core import limits
from tests.benchmarks.classroom.lesson import (
    ENTERED,
    PATIENCE,
    PAUSED,
    REFRESHED,
    REFUSED,
    SLID,
    SOON,
    SWITCHED,
    Notes,
    Report,
    lesson,
    warm_up,
)
from tests.benchmarks.rows import Row
from tests.browser.app import App

CLASSES = {30: (30, 0, 0), 60: (30, 30, 0), 200: (30, 30, 140)}
"""How many start together, come later, and are there beyond those."""
GRACE = 20
"""Seconds that runs go on after their owner has left: more than a refresh takes where the server is overrun."""


def in_class(people: int, half: bool = False) -> Report:
    """Hold one class at a server of its own, which takes 60 people.

    Args:
        half: the server and its workers have one core, as on a machine half as fast.
    """
    first, newcomers, more = CLASSES.get(people, (people, 0, 0))
    with tempfile.TemporaryDirectory() as folder:
        with one_core() if half else nullcontext():
            app = App(Path(folder), grace=GRACE, environment={"TORCH_PLAYGROUND_PEOPLE": str(max(60, first))})
        try:
            asyncio.run(warm_up(app.url))
            if newcomers:
                time.sleep(limits.PLACE_SECONDS)  # the first visitor has left, and holds a place no longer
            return asyncio.run(lesson(app, first, newcomers, more))
        finally:
            app.end()


@contextmanager
def one_core() -> Iterator[None]:
    """What is started inside runs on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which that share of them lies."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def waited(notes: Notes, what: str) -> list[float]:
    """Seconds that all waited for something, those of lost clicks as long as the pupils' patience."""
    return notes.waits[what] + [PATIENCE] * notes.lost[what]


def middle(notes: Notes, what: str) -> float:
    """The median of what all waited for."""
    return statistics.median(waited(notes, what) or [math.nan])


def wait_rows(people: int, notes: Notes, goals: Mapping[str, tuple[float, float]]) -> list[Row]:
    """The median and the 95th percentile of what pupils waited for.

    Args:
        goals: what was waited for -> the two goals.
    """
    made = []
    for what, (median, late) in goals.items():
        waits = waited(notes, what) or [math.nan]
        note = f"{notes.lost[what]} lost, counted as {PATIENCE:g} s" if notes.lost[what] else ""
        made.append(Row(f"{people}: {what}, median", statistics.median(waits), "s", median, True, note))
        made.append(Row(f"{people}: {what}, 95th percentile", percentile(waits, 95), "s", late, True, note))
    return made


def thirty() -> list[Row]:
    """The rows of 30 clients."""
    report = in_class(30)
    first, before, during, after = report.first, report.before, report.during, report.after
    return [
        Row(f"30: {ENTERED}, median", middle(first, ENTERED), "s", 2, at_most=True),
        Row(f"30: {ENTERED}, most", max(waited(first, ENTERED)), "s", 4, at_most=True),
        Row("30: each one's frames, median", statistics.median(report.rates or [0]), "frames/s", 10),
        Row("30: each one's frames, least", min(report.rates or [0]), "frames/s", 8),
        *wait_rows(30, first, {PAUSED: (0.1, 0.3), SLID: (0.1, 0.3)}),
        Row(f"30: {SWITCHED}, the server's part, median", middle(first, SWITCHED), "s"),
        Row(f"30: {REFRESHED}, the server's part, median", middle(first, REFRESHED), "s"),
        Row("30: clicks lost", report.lost, "clicks", 0, at_most=True),
        Row("30: the server's share of one core", report.server),
        Row("30: a worker's own memory", during.worker_megabytes, "MB", 20, at_most=True),
        Row("30: handles a session", (during.handles - before.handles) / 30, "", 6, at_most=True),
        Row("30: handles that stay when all have left", after.handles - before.handles, "handles", 0, at_most=True),
        Row("30: the server's memory before, alone", before.megabytes, "MB"),
        Row("30: with 30 at work", during.megabytes, "MB"),
        Row("30: when all have left", after.megabytes, "MB"),
    ]


def half() -> list[Row]:
    """The rows of 30 clients where the server has one core."""
    report = in_class(30, half=True)
    what = "30, the server on one core: {}"
    return [
        Row(what.format("frames, median"), statistics.median(report.rates or [0]), "frames/s"),
        Row(what.format("frames, least"), min(report.rates or [0]), "frames/s", 5),
        Row(what.format(f"{SLID}, median"), middle(report.first, SLID), "s"),
        Row(what.format("clicks lost"), report.lost, "clicks", 0, at_most=True),
    ]


def sixty() -> list[Row]:
    """The rows of 60 clients."""
    report = in_class(60)
    waits = report.newcomers.waits[ENTERED]
    return [
        *with_others(60, report),
        Row("60: newcomers of 30 in within 10 s", sum(wait <= SOON for wait in waits), "people", 30),
        Row("60: clicks lost", report.lost, "clicks", 0, at_most=True),
        Row("60: handles open", report.during.handles, "handles"),
    ]


def two_hundred() -> list[Row]:
    """The rows of 200 connections."""
    report = in_class(200)
    return [
        *with_others(200, report),
        Row("200: of 140 too many, read that the server is full", len(report.crowd.waits[REFUSED]), "people", 140),
        Row("200: of those, could look at another page", len(report.crowd.waits[SWITCHED]), "people", 140),
        Row("200: clicks lost", report.lost, "clicks", 0, at_most=True),
        Row("200: handles open", report.during.handles, "handles"),
    ]


def with_others(people: int, report: Report) -> list[Row]:
    """What the first 30 see while others are there."""
    return [
        Row(f"{people}: the first 30's frames, median", statistics.median(report.rates or [0]), "frames/s", 5),
        *wait_rows(people, report.first, {SLID: (0.3, 1)}),
    ]
