"""What TensorBoard's lesson says of the histograms: the first layer's gradients are far smaller than the sixth's."""

from __future__ import annotations

import pytest

from core.experiments import experiment


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
