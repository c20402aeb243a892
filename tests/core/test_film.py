"""A whole run of the classifier as one frame."""

from __future__ import annotations

import numpy as np

from core.experiments.classifier import ClassifierConfig, train, view
from core.experiments.classifier.film import EVERY_OTHER, film
from core.frames import decode


def test_the_film_is_the_run_itself() -> None:
    config = ClassifierConfig(dataset="moons", num_steps=7, evaluate_every=2, device="cpu")
    _header, arrays = decode(film(config, every=2))
    assert arrays["run/steps"].tolist() == [0, 2, 4, 6, 7]
    drawn = {snapshot.step: (view(config, snapshot, {}), snapshot.metrics.copy()) for snapshot in train(config, {})}
    for picture, accuracy, step in zip(
        arrays["run/decision"], arrays["run/accuracy"], arrays["run/steps"].tolist(), strict=True
    ):
        frame, metrics = drawn[step]
        assert (picture == frame.arrays["decision"][::EVERY_OTHER, ::EVERY_OTHER]).all()
        assert accuracy == np.float32(metrics.get("accuracy/test", np.nan)) or (step == 0 and np.isnan(accuracy))
    assert arrays["run/points"].shape == (len(arrays["run/labels"]), 2)
