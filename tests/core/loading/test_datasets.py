"""The data sets, and the promise of an epoch: each sample exactly once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from core.data.coloured_shapes import SHAPES
from core.loading import plan
from core.loading.config import LoadingConfig
from core.loading.datasets import DrawnShapes, ShapesInFiles, ShapesInMemory, SlowShapes, Stream, draw, write_files


class Numbers(Dataset[int]):
    """Samples that say which they are."""

    def __init__(self, samples: int):
        self.samples = samples

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, index: int) -> int:
        return index


def epoch(config: LoadingConfig) -> list[list[int]]:
    """The batches of one epoch over numbers."""
    numbers = Numbers(config.samples)
    stream = plan.stream(config)
    return [batch.tolist() for batch in plan.loader(config)(stream(numbers) if stream else numbers)]


def flat(batches: list[list[int]]) -> list[int]:
    return [number for batch in batches for number in batch]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("num_workers", range(9))
def test_an_epoch_has_each_sample_exactly_once(num_workers: int) -> None:
    samples, batch_size = 64, 7
    for style, shuffle in (("map", False), ("map", True), ("split", False)):
        config = LoadingConfig.create(
            {"style": style, "shuffle": shuffle, "num_workers": num_workers, "samples": samples,
             "batch_size": batch_size}
        )  # fmt: skip
        batches = epoch(config)
        assert sorted(flat(batches)) == list(range(samples)), style
        assert len(batches) == config.batches_per_epoch
        assert (flat(batches) == list(range(samples))) == (not shuffle and (style == "map" or num_workers < 2))


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("num_workers", [0, 1, 3])
def test_an_unsplit_stream_yields_everything_once_a_worker(num_workers: int) -> None:
    config = LoadingConfig.create({"style": "stream", "num_workers": num_workers, "samples": 64, "batch_size": 10})
    batches = epoch(config)
    assert sorted(flat(batches)) == sorted(list(range(64)) * max(1, num_workers))
    assert len(batches) == config.batches_per_epoch


@pytest.mark.parametrize(("style", "left"), [("map", 90), ("split", 90)])
def test_drop_last_leaves_out_what_is_not_full(style: str, left: int) -> None:
    config = LoadingConfig.create(
        {"style": style, "num_workers": 2, "samples": 96, "batch_size": 15, "drop_last": True}
    )
    batches = epoch(config)
    assert [len(batch) for batch in batches] == [15] * config.batches_per_epoch
    assert len(set(flat(batches))) == left


def test_a_drawn_shape_is_the_same_every_time_and_its_classes_take_turns() -> None:
    dataset = DrawnShapes(samples=20, seed=3)
    labels = [dataset[index][1] for index in range(20)]
    assert labels == list(range(len(SHAPES))) * 2
    image, _ = dataset[7]
    assert image.shape == (3, 32, 32) and image.dtype == torch.uint8
    assert torch.equal(image, draw(7, 3)[0])
    assert not torch.equal(image, dataset[17][0])
    assert len(np.unique(image.flatten(1), axis=1).T) >= 2, "there is a shape on it"


def test_files_hold_the_shapes_and_their_labels(tmp_path: Path) -> None:
    write_files(str(tmp_path), samples=25, seed=1, side=64)
    dataset = ShapesInFiles(str(tmp_path))
    assert len(dataset) == 25
    assert [dataset[index][1] for index in range(25)] == [index % 10 for index in range(25)]
    image, _ = dataset[4]
    assert image.shape == (3, 32, 32) and image.dtype == torch.uint8 and image.float().std() > 1


def test_a_slow_decode_changes_nothing_but_the_time() -> None:
    slow, ready = SlowShapes(samples=32, seed=1, decode_ms=1, decode="computing"), ShapesInMemory(samples=32, seed=1)
    for index in (0, 13, 31):
        assert torch.equal(slow[index][0], ready[index][0]) and slow[index][1] == ready[index][1]


def test_one_tensor_holds_the_same_samples() -> None:
    config = LoadingConfig.create({"dataset": "drawn", "style": "tensor", "samples": 64, "batch_size": 30})
    batches = list(plan.loader(config)(plan.dataset(config)()))
    assert [len(labels) for _, labels in batches] == [30, 30, 4]
    assert torch.equal(torch.cat([images for images, _ in batches])[50], draw(50, config.seed)[0])
    shuffled = plan.loader(config.changed(shuffle=True))(plan.dataset(config)())
    torch.manual_seed(0)
    assert sorted(torch.cat([labels for _, labels in shuffled]).tolist()) == sorted(i % 10 for i in range(64))


def test_a_stream_outside_of_workers_is_whole() -> None:
    assert list(Stream(Numbers(5), split=True)) == [0, 1, 2, 3, 4]
