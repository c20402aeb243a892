"""A class of 30, of 60, and of 200 connections: what each pupil sees and waits for, at a real server.

Every client opens the classifier, presses Play at 30 steps a second, watches, moves the learning rate, pauses, looks at
other pages, refreshes and leaves, over Streamlit's own protocol and the app's live socket.

Run: python -m tests.benchmarks.classroom [30] [60] [200] [--soak MINUTES]
"""

from __future__ import annotations

import argparse
import statistics

from tests.benchmarks.classroom.figures import CLASSES, in_class, percentile
from tests.benchmarks.classroom.lesson import ENTERED, REFUSED, SOON, SWITCHED, WATCHING, Notes, Report
from tests.benchmarks.classroom.soak import soak


def seconds(notes: Notes, what: str) -> str:
    """Median, 95th percentile and most of what was waited for."""
    waits = notes.waits.get(what)
    lost = f", {notes.lost[what]} lost" if notes.lost[what] else ""
    if not waits:
        return f"{what}: nothing came{lost}"
    return (
        f"{what}: {statistics.median(waits):.2f} s at the median, {percentile(waits, 95):.2f} s at the 95th "
        f"percentile, {max(waits):.2f} s at the most{lost}"
    )


def tell(people: int, report: Report) -> None:
    """Print the figures of one class."""
    rates = report.rates or [0.0]
    whom = f"{people} pupils" if people == len(rates) else f"{people} people, the first {len(rates)}"
    print(f"{whom}: {statistics.median(rates):.1f} frames/s at the median, {min(rates):.1f} at the least")
    for what in sorted({*report.first.waits, *report.first.lost}):
        print(f"  {seconds(report.first, what)}")
    entered = report.newcomers.waits[ENTERED]
    newcomers = len(entered) + report.newcomers.lost[ENTERED]
    if newcomers:
        soon = sum(wait <= SOON for wait in entered)
        print(f"  {soon} of {newcomers} newcomers were in within {SOON:g} s, {len(entered)} at all")
    if report.more:
        refused, looked, trained = (len(report.crowd.waits[what]) for what in (REFUSED, SWITCHED, ENTERED))
        print(
            f"  of {report.more} more connections {refused} read that the server is full, "
            f"{looked} could look at another page, {trained} got a run"
        )
        print(f"  {seconds(report.crowd, REFUSED)}")
    clicks = report.first.clicks + report.newcomers.clicks
    print(f"  {report.lost} of {clicks} clicks were lost")
    print(
        f"  over {WATCHING:g} s of watching the server used {100 * report.server:.0f} % of one core, "
        f"the clients {100 * report.clients:.0f} %"
    )
    before, during, after = report.before, report.during, report.after
    print(f"  handles: {before.handles} before, {during.handles} during, {after.handles} after", end="")
    print(f" ({(during.handles - before.handles) / people:.1f} a person);", end=" ")
    print("not all returned" if report.returned is None else f"all returned after {report.returned:.0f} s")
    print(f"  the server's memory: {before.megabytes:.0f} MB, {during.megabytes:.0f} MB, {after.megabytes:.0f} MB")
    print(f"  a worker's own memory: {during.worker_megabytes:.1f} MB, with {during.workers} of them", flush=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="A class at the app, over Streamlit's own protocol.")
    parser.add_argument("people", nargs="*", type=int, default=list(CLASSES), help="how many: 30, 60, 200 by default")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="8 clients for so long: how memory grows")
    arguments = parser.parse_args()
    if arguments.soak:
        soak(arguments.soak)
        return
    for people in arguments.people:
        tell(people, in_class(people))


if __name__ == "__main__":
    main()
