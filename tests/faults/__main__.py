"""The long form: each event as often as it takes to trust the app, its times judged, too, and a table.

python -m tests.faults                    all events; writes docs/faults.md
python -m tests.faults killed_workers     some of them; the rows of the others stay
python -m tests.faults --times 3 ...      another number of times; prints the rows, and writes nothing
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from core.machine.inventory import machine
from tests.faults.all import EVENTS
from tests.faults.events import Outcome, row

TABLE = Path(__file__).parents[2] / "docs" / "faults.md"
HEADING = """# What breaks it, and what came of it

Made by `python -m tests.faults`, and committed as it came out last. Times are in seconds, the median and the most:
until the page said it, and until the last process was gone after the server's end. Others' speed: the least share of
it that everybody else kept.

{machine}

| Event | Times | Told after | Processes left | Others' speed | Nothing lost | Note | Took |
| --- | ---: | ---: | ---: | ---: | --- | --- | ---: |
"""


def write(rows: str) -> None:
    """Put rows into the table, in the order of the events; those that were not measured now stay as they are."""
    before = TABLE.read_text(encoding="utf-8") if TABLE.is_file() else ""
    known = {line.split(" | ")[0]: line for line in (before + rows).splitlines() if line.startswith("| ")}
    titles = [f"| {name.replace('_', ' ')}" for name in EVENTS]
    here = machine()
    words = f"On {here.cores} cores of {here.processor}, torch {here.torch}."
    lines = [f"{known[title]}\n" for title in titles if title in known]
    TABLE.write_text(HEADING.format(machine=words) + "".join(lines), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run events; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", choices=[[], *EVENTS], metavar="event", help=", ".join(EVENTS))
    parser.add_argument("--times", type=int, help="how often, in place of what each event says")
    options = parser.parse_args(arguments)
    rows, failures = "", []
    for name in options.names or EVENTS:
        event = EVENTS[name]
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            try:
                outcome = event.run(options.times or event.long, Path(folder) / "data")
            except Exception as error:  # the events after it are run all the same
                traceback.print_exc()
                outcome = Outcome(lost=[f"{error!r}"[:200]])
        failures += [f"{name}: {problem}" for problem in [*outcome.lost, *outcome.late(event.told_within)]]
        rows += row(event, outcome, time.monotonic() - start)
        print(rows.splitlines()[-1], *outcome.lost, sep="\n    ", flush=True)
        if not options.times:
            write(rows)
    print("\n".join(failures))
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
