"""What TensorBoard's lesson says of the histograms, and of a log that is neither flushed nor closed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from core.experiments import experiment
from tests.waiting import until


@pytest.mark.parametrize("dataset", ["blobs", "moons"])
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_gradients_are_hundreds_to_thousands_of_times_smaller(dataset: str, seed: int) -> None:
    classifier = experiment("classifier")
    values = {"hidden_sizes": (10,) * 6, "activation": "Sigmoid", "lr": 0.02, "num_steps": 10, "device": "cpu"}
    *_, last = classifier.train(classifier.config.create({"dataset": dataset, "seed": seed, **values}), {})
    first, sixth = (last.net.get_parameter(f"hidden.{place}.weight").grad for place in (0, 10))
    assert last.step == 10
    assert first is not None
    assert sixth is not None
    assert 1 / 5000 < float(first.abs().max() / sixth.abs().max()) < 1 / 200


def test_a_log_that_is_never_flushed_comes_into_its_file_by_itself(tmp_path: Path) -> None:
    """Long before the two minutes of `flush_secs`; what a hard kill loses is only what is still in the queue."""
    writer = SummaryWriter(tmp_path, flush_secs=3600)
    for step in range(5):
        writer.add_scalar("Train/Loss", 1 / (step + 1), step)

    def written() -> int:
        log = EventAccumulator(str(tmp_path)).Reload()
        return len(log.Scalars("Train/Loss")) if log.Tags()["scalars"] else 0

    until(lambda: written() == 5, state=written)
    writer.close()
