"""Step 7, classification: a recurrent network that reads digits row by row, trained live."""

from typing import Any

from core.experiments.rnn_digits import RNNDigitsConfig, class_names
from pages.rnn_digits.words import picture_words
from pages.shared.live.live_view import live_view
from pages.shared.page.sections import sections
from pages.shared.page.training_page import settings_bar, training_page, trying
from pages.shared.panels.dropout_note import dropout_note
from pages.shared.panels.image_sets import download_panel
from pages.shared.person.language import _
from pages.shared.server.assets import asset


def picture(config: RNNDigitsConfig) -> dict[str, Any]:
    """What the picture shows beside the network."""
    waves = config.dataset == "waves"
    kinds = {"sine": _("sine"), "square": _("square"), "saw": _("saw"), "noise": _("noise")}
    names = [kinds.get(name, name) for name in class_names(config)]
    return {
        "kind": "images",
        "module": asset("rnn_digits/picture.js"),
        "dataset": f"{config.dataset} {config.noise} {config.seed}" if waves else config.dataset,
        "names": names,
        "drawn": not waves,
        "rows": _("wave") if waves else _("rows"),
        "images_per_step": config.batch_size,
        "text": picture_words(config),
    }


space = training_page(
    "rnn_digits",
    _("Press Play, then draw a digit or point at a row: after how many rows does the network know what it reads?"),
)
config = space.config
assert isinstance(config, RNNDigitsConfig)
download_panel(space)
with trying():
    live_view(space, picture(config), note=dropout_note(config.dropout, config.num_layers))
    settings_bar(space)

sections(space, {})
