"""The words of the CNN's picture."""

from __future__ import annotations

from pages.shared.person.language import _
from pages.shared.pictures.images import image_words, training_image_words


def picture_words() -> dict[str, str]:
    """All words of the picture; `{name}` in a text is filled in by the browser."""
    return {
        **image_words(),
        **training_image_words(),
        "status_idle": _("Press Play and watch the filters form. The network has not learned anything yet."),
        "floor": _("guessing among ten: {floor}"),
        "tab_layers": _("Layers"),
        "tab_layers_help": _("One image on its way through all layers, to the ten probabilities"),
        "tab_convolution": _("Convolution"),
        "tab_convolution_help": _("One pixel of a filter's output: the patch, the kernel, and the sum that gives it"),
        "filters_caption": _("conv1: {count} filters of {size} × {size}"),
        "gradients_caption": _("conv1: gradients of {count} filters"),
        "maps_caption": _("after conv{number}: {count} maps of {size} × {size}"),
        "tile_filters": _("Filter {number}. Click to see it at work."),
        "tile_maps": _("Map {number} after conv{layer}"),
        "previous_filter": _("The previous filter"),
        "next_filter": _("The next filter"),
        "filter_number": _("filter {number} of {count}"),
        "convolution_help": _("Point at the output, or use the arrow keys, to choose a pixel"),
        "convolution_input": _("input"),
        "convolution_output": _("output, before the activation"),
        "patch": _("patch"),
        "kernel": _("kernel"),
        "products": _("products"),
        "convolution_sum": _(
            "Sum of the products {sum} + bias {bias} = {value}, the output at row {row}, column {column}."
        ),
    }
