"""What is in a log: its event files read back, for a view of our own beside TensorBoard's."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from tensorboard.compat.proto.summary_pb2 import HistogramProto

from core.tensorboard.records import records

EVENTS = "events.out.tfevents."
"""How SummaryWriter begins the names of its files; it never gives a name twice."""
BARS = 30
"""As many as TensorBoard draws of a histogram."""


@dataclass
class Log:
    """What is in a log folder.

    Attributes:
        scalars: tag -> (step, value) in the order of the file.
        images: tag -> (step, PNG).
        histograms: tag -> (step, the `BARS` + 1 edges of equally wide intervals, how many numbers lie in each).
    """

    scalars: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    images: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    histograms: dict[str, list[tuple[int, np.ndarray, np.ndarray]]] = field(default_factory=dict)


def event_files(logs: Path) -> dict[Path, os.stat_result]:
    """All event files of a person's logs, and what the system says of each; none that goes while it is looked for."""
    files = {}
    for folder, _folders, names in os.walk(logs):
        for path in (Path(folder) / name for name in names if name.startswith(EVENTS)):
            with suppress(FileNotFoundError):
                files[path] = path.stat()
    return files


def runs(logs: Path) -> list[str]:
    """The names of the logs in a person's folder, those of the newest files first, as TensorBoard names them."""
    newest: dict[str, float] = {}
    for path, about in event_files(logs).items():
        name = path.parent.relative_to(logs).as_posix()
        newest[name] = max(newest.get(name, 0.0), about.st_mtime)
    return sorted(newest, key=lambda name: (-newest[name], name))


def read(folder: Path) -> Log:
    """All that is in a log so far."""
    files = sorted(folder.glob(f"{EVENTS}*"))
    return _read(tuple((path, path.stat().st_size) for path in files))


@lru_cache(maxsize=32)
def _read(files: tuple[tuple[Path, int], ...]) -> Log:
    log = Log()
    for path, _size in files:
        for record in records(path):
            for value in record.event.summary.value:
                match value.WhichOneof("value"):
                    case "simple_value":
                        log.scalars.setdefault(value.tag, []).append((record.event.step, value.simple_value))
                    case "image":
                        image = value.image.encoded_image_string
                        log.images.setdefault(value.tag, []).append((record.event.step, image))
                    case "histo":
                        log.histograms.setdefault(value.tag, []).append((record.event.step, *bars(value.histo)))
    return log


def bars(histogram: HistogramProto) -> tuple[np.ndarray, np.ndarray]:
    """A logged histogram in equally wide intervals. Those in the file are the narrower, the nearer they are to 0.

    Where an interval of the file is cut, its numbers count as spread evenly over it, as TensorBoard does.

    Returns:
        edges (BARS + 1,) from the least number to the greatest, and how many lie between two of them (BARS,).
    """
    limits = np.clip(histogram.bucket_limit, histogram.min, histogram.max)
    so_far = np.cumsum(histogram.bucket)
    least, most = histogram.min, histogram.max
    if least == most:
        least, most = least - 0.5, most + 0.5
        limits = np.clip(limits, least, most)
    edges = np.linspace(least, most, BARS + 1)
    return edges, np.diff(np.interp(edges, [least, *limits], [0.0, *so_far]))


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """A line made calmer: the moving mean with which TensorBoard smooths, corrected for its start as Adam's are.

    Args:
        weight: of what came before, from 0 (as it is) to below 1.
    """
    calmer, last, steps = [], 0.0, 0
    for value in values:
        if np.isfinite(value):
            last = last * weight + (1 - weight) * value
            steps += 1
            calmer.append(last / (1 - weight**steps) if weight else value)
        else:
            calmer.append(value)
    return calmer


def packed(logs: Path, names: Sequence[str]) -> bytes:
    """Some runs of a person's folder as a zip, in a folder runs."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            for path in sorted((logs / name).rglob("*")):
                if path.is_file():
                    archive.write(path, "runs" / path.relative_to(logs))
    return file.getvalue()
