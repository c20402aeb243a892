"""What Python gives plane_picture.js: points and words."""

from __future__ import annotations

from typing import Any

from pages.shared.person.language import _


def points_of(x: Any, y: Any) -> dict[str, list[float]]:
    """Points x, float (N, 2), and their labels y, int (N,), as lists."""
    rounded = x.double().round(decimals=4)
    return {"x": rounded[:, 0].tolist(), "y": rounded[:, 1].tolist(), "label": y.tolist()}


def plane_words() -> dict[str, str]:
    """The words of plane_picture.js; `{name}` in a text is filled in by the browser."""
    return {
        "status_idle": _("Press Play and watch the boundary take shape. The network has not learned anything yet."),
        "classes": _("Class"),
        "show_test_points": _("Test points"),
        "show_test_points_help": _("Show the points the network is tested on but never trained on, as rings"),
        "hard_boundary": _("Hard edges"),
        "hard_boundary_help": _("Show only which class is most likely, not how sure the network is"),
        "reset_zoom": _("Reset zoom"),
        "key_place": _("A place on the picture: the arrow keys move it, with Shift in larger steps"),
        "key_place_adding": _(
            "A place on the picture: the arrow keys move it, and Enter adds a point of class {label} there"
        ),
        "picture_label": _("Decision boundary at step {step}, test accuracy {accuracy}"),
        "picture_label_untrained": _("Decision boundary at step {step}"),
        "hover_train": _("Training point of class {label}"),
        "hover_test": _("Test point of class {label}"),
        "hover_place": _("x1 = {x}, x2 = {y}"),
        "hover_prediction": _("Predicted: class {label}, probability {probability}"),
    }
