"""Step 7, classification: a recurrent network that reads digits row by row, trained live."""

from typing import Any

import streamlit as st

from core.experiments.rnn_digits import RNNDigitsConfig, class_names
from pages.shared.live.live_view import live_view
from pages.shared.page.sections import sections
from pages.shared.page.training_page import training_page
from pages.shared.panels.image_sets import download_panel
from pages.shared.person.language import _
from pages.shared.server.assets import asset


def picture(config: RNNDigitsConfig) -> dict[str, Any]:
    """What the picture shows beside the network."""
    waves = config.dataset == "waves"
    kinds = {"sine": _("sine"), "square": _("square"), "saw": _("saw"), "noise": _("noise")}
    names = [kinds.get(name, name) for name in class_names(config)]
    beside = {"lane_run": config.cell, "lane_short_run": config.cell} if config.compare else {}
    return {
        "kind": "images",
        "module": asset("rnn_digits/picture.js"),
        "dataset": f"{config.dataset} {config.noise} {config.seed}" if waves else config.dataset,
        "names": names,
        "drawn": not waves,
        "rows": _("wave") if waves else _("rows"),
        "images_per_step": config.batch_size,
        "text": {
            "status_idle": _("Press Play. The network reads from top to bottom and knows nothing yet."),
            "status_paused": _("Paused. Step trains on one batch; Epoch goes once through the training data."),
            "epoch_help": _("Train for one epoch: every training example is used once"),
            "test_help": _("On the first 1,000 test examples; at the end of each epoch on all"),
            **(of_waves() if waves else {}),
            **beside,
        },
    }


def of_waves() -> dict[str, str]:
    """Words that differ where points are read instead of rows."""
    return {
        "tab_reading_help": _("One wave as it is read, and what the network would say after each point"),
        "reading_help": _("Time goes down. Point at a point: what would the network say if it were the last one?"),
        "read_help": _("Read it point by point, slowly"),
        "verdict_row": _("After point {row} of {rows}: {answer}, {sure} sure."),
        "mistakes_note": _(
            "At this step {wrong} of the first {tested} test waves are wrong. The surest mistakes first; click one to "
            "look into it."
        ),
        "confusion_note": _(
            "Counts of the first {tested} test waves at this step: {wrong} are wrong. Row: what it is. Column: what "
            "the network says."
        ),
        "projection_note": _(
            "300 test waves, each shown as its true class, by the two main directions (PCA) of what the last layer is "
            "given. At this step {wrong} of {tested} are wrong."
        ),
        "previous_image": _("The wave before"),
        "next_image": _("The next wave"),
    }


space = training_page(
    "rnn_digits",
    _("Press Play, then draw a digit or point at a row: after how many rows does the network know what it reads?"),
)
config = space.config
assert isinstance(config, RNNDigitsConfig)
if config.dropout > 0 and config.num_layers == 1:
    st.info(_("Dropout acts between two layers: with one layer it changes nothing, and the losses stay the same."))
download_panel(space)
live_view(space, picture(config))

sections(space, {})
