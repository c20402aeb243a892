"""Step 1: a simple classifier, trained live."""

import math
from typing import Any

from core.experiments.classifier import ClassifierConfig, scene
from pages.shared.language import _
from pages.shared.live import live_view, network_view
from pages.shared.own_points import add_clicked, own_points
from pages.shared.sections import sections
from pages.shared.training_page import training_page


def picture(config: ClassifierConfig) -> dict[str, Any]:
    """What the picture of the plane shows beside the network: points, axes, layers."""
    shown = scene(config.changed(device="cpu", lr=0.02, num_steps=1))
    own = len(config.points) if config.dataset != "own" else 0
    drawn = len(shown.x_train) - own
    sizes = (*config.hidden_sizes, config.n_output)
    return {
        "kind": "plane",
        "classes": config.n_output,
        "domain": shown.domain,
        "train": points(shown.x_train[:drawn], shown.y_train[:drawn]),
        "own": points(shown.x_train[drawn:], shown.y_train[drawn:]),
        "test": points(shown.x_test, shown.y_test),
        "layers": [
            {"name": _("input"), "size": len(config.features), "labels": list(config.features)},
            *({"name": _("hidden {number}").format(number=i + 1), "size": size} for i, size in enumerate(sizes[:-1])),
            {"name": _("logits"), "size": sizes[-1]},
        ],
        "floor": floor(config),
    }


def points(x: Any, y: Any) -> dict[str, list[float]]:
    """Points (N, 2) and labels (N,) as lists."""
    rounded = x.double().round(decimals=4)
    return {"x": rounded[:, 0].tolist(), "y": rounded[:, 1].tolist(), "label": y.tolist()}


def floor(config: ClassifierConfig) -> float | None:
    """The lowest cross entropy that probabilities fed as logits allow: -log(e / (e + K - 1)) for K classes."""
    if "softmax" in config.bugs and config.loss == "CrossEntropyLoss":
        return math.log(math.e + config.n_output - 1) - 1
    return None


space = training_page(
    "classifier",
    _("A simple classifier"),
    _(
        "Press Play and watch the boundary bend between the two classes. "
        "Then press Reset, set the learning rate to 50, and see it break."
    ),
)
config = space.config
assert isinstance(config, ClassifierConfig)
drawn = picture(config)
live_view(space, drawn, on_point=lambda x, y: add_clicked(space, x, y))
own_points(space)

sections(space, {"network": (_("Inside the network"), lambda: network_view(space, drawn))})
