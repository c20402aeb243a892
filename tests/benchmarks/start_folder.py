"""Whether it matters from which folder the app is started: memory of a worker, and Play to the second frame.

Run: python -m tests.benchmarks.start_folder
"""

import asyncio
import tempfile
from pathlib import Path

from tests.benchmarks.classroom.lesson import Notes, Pupil, warm_up
from tests.benchmarks.classroom.server import holding
from tests.benchmarks.rows import Row
from tests.browser.app import ROOT, App


async def visit(app: App) -> tuple[float, float]:
    """Private megabytes of a worker, and seconds of page, Play and two frames, after a first visitor."""
    await warm_up(app.url)
    pupil, notes = Pupil(app.url, 1), Notes()
    await pupil.enter(notes)
    await pupil.tab.until(lambda: pupil.tab.frames >= 30, 60)
    megabytes = holding(app).worker_megabytes
    await pupil.leave()
    return megabytes, notes.waits["page, Play, two frames"][0]


def measure() -> dict[str, tuple[float, float]]:
    """What `visit` finds, by the folder that the server was started from."""
    with tempfile.TemporaryDirectory() as elsewhere:
        folders = {"the project's": ROOT, "its parent": ROOT.parent, "another one": Path(elsewhere)}
        figures = {}
        for name, folder in folders.items():
            with tempfile.TemporaryDirectory() as data:
                app = App(Path(data), folder=folder)
                try:
                    figures[name] = asyncio.run(visit(app))
                finally:
                    app.end()
    return figures


def rows() -> list[Row]:
    """Its rows of the table."""
    (here, quick), *others = measure().values()
    return [
        Row("worker's memory, app started elsewhere / in its folder", max(m for m, _ in others) / here, "x", 1.1, True),
        Row("page, Play, two frames, the same", max(seconds for _, seconds in others) / quick),
    ]


def main() -> None:
    """Print the figures."""
    for name, (megabytes, seconds) in measure().items():
        print(f"started from {name} folder: a worker's own memory {megabytes:.1f} MB, two frames after {seconds:.2f} s")


if __name__ == "__main__":
    main()
