"""Step 1: a simple classifier, trained live."""

import math
from typing import Any

from core.experiments.classifier import ClassifierConfig, Scene, scene
from pages.classifier.network_panel import network_panel
from pages.classifier.own_points import add_clicked, adding, own_points
from pages.classifier.words import picture_words
from pages.shared.live.live_view import live_view
from pages.shared.page.sections import sections
from pages.shared.page.training_page import settings_bar, training_page, trying
from pages.shared.person.language import _
from pages.shared.pictures.plane import points_of
from pages.shared.server.assets import asset


def picture(config: ClassifierConfig) -> dict[str, Any]:
    """What the picture of the plane shows beside the network: points, axes, layers."""
    points = scene(config.changed(device="cpu", lr=0.02, num_steps=1))
    own = len(config.points) if config.dataset != "own" else 0
    drawn = len(points.x_train) - own
    inputs, *hidden, logits = config.layer_sizes
    return {
        "kind": "plane",
        "module": asset("shared/pictures/plane_picture.js"),
        "classes": config.n_output,
        "domain": points.domain,
        "train": points_of(points.x_train[:drawn], points.y_train[:drawn]),
        "own": points_of(points.x_train[drawn:], points.y_train[drawn:]),
        "test": points_of(points.x_test, points.y_test),
        **validation(config, points),
        "layers": [
            {"name": _("input"), "size": inputs, "labels": list(config.features)},
            *({"name": _("hidden {number}").format(number=i + 1), "size": size} for i, size in enumerate(hidden)),
            {"name": _("logits"), "size": logits},
        ],
        "floor": floor(config),
        "text": picture_words(config),
    }


def validation(config: ClassifierConfig, points: Scene) -> dict[str, Any]:
    """The validation points and their curves, where they decide when to stop."""
    if not config.validates:
        return {}
    drawn = points_of(points.x_validation, points.y_validation)
    return {"validation": drawn, "splits": ["train", "validation", "test"]}


def floor(config: ClassifierConfig) -> float | None:
    """The lowest cross entropy that probabilities fed as logits allow: -log(e / (e + K - 1)) for K classes."""
    if "softmax" in config.bugs and config.loss == "CrossEntropyLoss":
        return math.log(math.e + config.n_output - 1) - 1
    return None


space = training_page(
    "classifier",
    _(
        "Press Play and watch the boundary bend. Then drag the learning rate to 10. For two clouds: *Tutorial's "
        "settings*."
    ),
)
config = space.config
assert isinstance(config, ClassifierConfig)
drawn = picture(config)
with trying():
    live_view(space, drawn, on_point=lambda x, y: add_clicked(space, x, y), adding=adding(space))
    settings_bar(space, elsewhere=("points",))
    own_points(space)
sections(space, {"network": (_("Inside the network"), lambda: network_panel(space, drawn))})
