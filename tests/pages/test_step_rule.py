"""The formula that the step-by-step section shows is the one that the optimizer follows."""

from __future__ import annotations

from typing import Any

import pytest

from core.experiments.build import BuildConfig
from core.experiments.classifier import ClassifierConfig
from pages.shared.panels.step_by_step import PLAIN_SGD, rule_of


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({}, PLAIN_SGD),
        ({"momentum": 0.9}, r"b \leftarrow \mu\, b + \nabla w \qquad w \leftarrow w - \mathrm{lr}\cdot b"),
        ({"weight_decay": 0.1}, r"g = \nabla w + \lambda w \qquad w \leftarrow w - \mathrm{lr}\cdot g"),
        (
            {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
            r"g = \nabla w + \lambda w \qquad b \leftarrow \mu\, b + g"
            r" \qquad w \leftarrow w - \mathrm{lr}\cdot (g + \mu\, b)",
        ),
        (
            {"optimizer": "Adam", "momentum": 0.9},
            r"w \leftarrow w - \mathrm{lr}\cdot \hat m / (\sqrt{\hat v} + \epsilon)",
        ),
    ],
)
def test_the_rule_has_the_terms_that_are_set(values: dict[str, Any], rule: str) -> None:
    assert rule_of(ClassifierConfig.create(values)) == rule


def test_a_network_of_ones_own_has_the_plain_rule() -> None:
    assert rule_of(BuildConfig.create({"optimizer": "SGD"})) == PLAIN_SGD
