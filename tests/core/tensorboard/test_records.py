"""Event files as PyTorch writes them, read record by record and checked against TensorBoard's own reader."""

from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from torch.utils.tensorboard import SummaryWriter

from core.tensorboard.records import records, scalars


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The tutorial's y = 2x, and a histogram."""
    writer = SummaryWriter(str(tmp_path))
    for i in range(100):
        writer.add_scalar("y=2x", i * 2, i)
    writer.add_histogram("weights", torch.arange(12.0), 99)
    writer.close()
    (path,) = tmp_path.iterdir()
    return path


def test_all_records_are_those_that_tensorboard_reads(file: Path) -> None:
    read = [record.event.SerializeToString() for record in records(file)]
    assert read == list(RawEventFileLoader(str(file)).Load())
    assert len(read) == 1 + 100 + 1
    assert scalars(file) == {"y=2x": [(i, 2.0 * i) for i in range(100)]}


def test_records_fill_the_file_without_a_gap(file: Path) -> None:
    at = 0
    for record in records(file):
        assert record.offset == at
        at += record.size
    assert at == file.stat().st_size


def test_reading_goes_on_where_it_left_off(file: Path) -> None:
    whole = list(records(file))
    later = list(records(file, start=whole[50].offset))
    assert later == whole[50:]


def test_a_file_cut_off_anywhere_gives_the_records_before_the_cut(file: Path) -> None:
    whole, data = list(records(file)), file.read_bytes()
    for size in range(0, 400):
        file.write_bytes(data[:size])
        assert list(records(file)) == [record for record in whole if record.offset + record.size <= size]


def test_a_flipped_bit_ends_the_records(file: Path) -> None:
    whole, data = list(records(file)), file.read_bytes()
    hit = whole[3]
    for at in range(hit.offset, hit.offset + hit.size):
        damaged = bytearray(data)
        damaged[at] ^= 1
        file.write_bytes(damaged)
        assert list(records(file)) == whole[:3]


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert list(records(tmp_path / "empty")) == []
    assert scalars(tmp_path / "empty") == {}
