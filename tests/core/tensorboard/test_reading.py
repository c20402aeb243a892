"""Logs read for the view of our own: what TensorBoard's own reader finds in them."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from core.tensorboard.reading import packed, read, runs, smoothed


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with something of each kind that is drawn."""
    folder = tmp_path / "logs" / "cnn" / "one"
    torch.manual_seed(1)
    with SummaryWriter(str(folder)) as writer:
        for step in range(30):
            writer.add_scalar("Train/Loss", 1 / (step + 1), step)
            writer.add_histogram("weights/a", torch.randn(50), step)
        writer.add_images("Images", torch.rand(4, 1, 8, 8), 0)
    return folder


def test_all_is_what_tensorboard_reads(log: Path) -> None:
    theirs = EventAccumulator(str(log), {"histograms": 0, "scalars": 0}).Reload()
    ours = read(log)
    assert ours.scalars == {"Train/Loss": [(e.step, e.value) for e in theirs.Scalars("Train/Loss")]}
    assert ours.images == {"Images": [(e.step, e.encoded_image_string) for e in theirs.Images("Images")]}
    assert ours.images["Images"][0][1].startswith(b"\x89PNG")
    for (step, edges, counts), event in zip(ours.histograms["weights/a"], theirs.Histograms("weights/a"), strict=True):
        assert step == event.step and counts.sum() == pytest.approx(50)
        assert (edges[0], edges[-1]) == (event.histogram_value.min, event.histogram_value.max)


def test_a_histogram_has_the_shape_of_the_numbers(tmp_path: Path) -> None:
    """Evenly spread numbers make a level row of bars, though the file's intervals are narrower near 0."""
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_histogram("even", torch.linspace(-1, 1, 9001), 0)
        writer.add_histogram("same", torch.full((7,), 0.25), 0)
    histograms = read(tmp_path).histograms
    [(_step, edges, counts)] = histograms["even"]
    assert np.diff(edges) == pytest.approx(2 / 30) and counts == pytest.approx(300, abs=15)
    [(_step, edges, counts)] = histograms["same"]
    assert counts.sum() == 7 and edges[counts.argmax()] <= 0.25 <= edges[counts.argmax() + 1]


def test_what_is_added_is_read_the_next_time(log: Path) -> None:
    assert len(read(log).scalars["Train/Loss"]) == 30
    with SummaryWriter(str(log)) as writer:
        writer.add_scalar("Train/Loss", 0.0, 30)
    assert len(read(log).scalars["Train/Loss"]) == 31


def test_runs_are_named_as_tensorboard_names_them_the_newest_first(log: Path) -> None:
    logs = log.parents[1]
    with SummaryWriter(str(logs / "rnn" / "two")) as writer:
        writer.add_scalar("loss", 1.0, 1)
    for path in (logs / "rnn" / "two").iterdir():
        os.utime(path, (2e9, 2e9))
    assert runs(logs) == ["rnn/two", "cnn/one"]
    assert runs(logs / "nothing") == []


def test_smoothing_is_a_mean_of_what_came_before() -> None:
    values = [4.0, 2.0, float("nan"), 8.0]
    assert smoothed(values, 0) == pytest.approx(values, nan_ok=True)
    half = smoothed(values, 0.5)
    assert half[0] == 4.0, "the first value is not pulled towards zero"
    assert half[1] == pytest.approx((0.25 * 4 + 0.5 * 2) / 0.75)
    assert half[3] == pytest.approx((0.125 * 4 + 0.25 * 2 + 0.5 * 8) / 0.875)


def test_a_log_is_packed_as_a_folder_of_runs(log: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(packed(log.parents[1], ["cnn/one"])))
    [name] = archive.namelist()
    assert name.startswith("runs/cnn/one/events.out.tfevents.")
    assert archive.read(name) == next(log.iterdir()).read_bytes()
