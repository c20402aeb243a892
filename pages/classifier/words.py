"""The words of the classifier's picture and of its network's."""

from __future__ import annotations

from core.experiments.classifier import ClassifierConfig
from pages.shared.person.language import _
from pages.shared.pictures.plane import plane_words


def picture_words(config: ClassifierConfig) -> dict[str, str]:
    """All words of plane and network; `{name}` in a text is filled in by the browser."""
    return {**plane_words(), **_points(), **_network(), **(_set_by_the_bug() if "high_lr" in config.bugs else {})}


def _points() -> dict[str, str]:
    return {
        "adding": _("Click on the plot to add a point of class {label}."),
        "hover_own": _("Your point, of class {label}"),
        "hover_validation": _("Validation point of class {label}"),
    }


def _set_by_the_bug() -> dict[str, str]:
    """Lowering the learning rate would not help against this bug."""
    return {
        "message_diverged_beside": _(
            "The run with the bug stopped at step {step}: its loss is no longer a finite number (NaN). The bug, not "
            "the slider, sets its learning rate to {lr}. Its picture shows step {finite_step}, the last with finite "
            "weights."
        )
    }


def _network() -> dict[str, str]:
    return {
        "network_hint": _(
            "Each square shows where on the plane that neuron is active: green above zero, purple below. "
            "Each line is a weight: green positive, purple negative, and the wider the larger."
        ),
        "network_label": _("The network at step {step}, with layers of {sizes} neurons"),
        "lane_choice": _("Which network to show"),
        "neuron_name": _("Neuron {index} of {layer}"),
        "neuron_range": _("values from {low} to {high}"),
        "neuron_bias": _("bias {bias}"),
        "link_name": _("{from} → {to}"),
        "link_weight": _("weight {weight}"),
        "gradient_norm": _(
            "Gradient norm of each layer at the step shown, as a number and a bar; as a line, what has been trained "
            "while this view was open (from 1e-7 to 100 on a log scale)"
        ),
        "gradient_norm_help": _(
            "How strongly the last step pulled at the weights of each layer. "
            "Much smaller in the first layers than in the last: the gradient vanishes."
        ),
        "gradient_label": _("Gradient norm of {layer}: {value}"),
    }
