"""Step 2: a CNN on handwritten digits, trained live."""

import math
from typing import Any

import streamlit as st

from core.experiments.cnn import CNNConfig, class_names, shapes
from pages.shared.controls import controls
from pages.shared.image_sets import download_panel, own_images
from pages.shared.language import _
from pages.shared.live import live_view
from pages.shared.sections import sections
from pages.shared.shape_table import shape_table
from pages.shared.share import defaults_button, share_link
from pages.shared.shell import language_switch
from pages.shared.workspace import workspace


def picture(config: CNNConfig) -> dict[str, Any]:
    """What the picture shows beside the network."""
    return {
        "kind": "images",
        "tabs": ["layers", "convolution", "mistakes", "confusion", "projection"],
        "dataset": config.dataset + config.own_images,
        "names": class_names(config),
        "channels": config.channels1,
        "images_per_step": config.batch_size,
        "floor": math.log(10) if "shuffled_labels" in config.bugs else None,
        "text": {
            "status_idle": _("Press Play and watch the filters form. The network has not learned anything yet."),
            "status_paused": _("Paused. Step trains on one batch; Epoch goes once through the training images."),
            "epoch_help": _("Train for one epoch: every training image is used once"),
            "over_help": _("This run is over. Raise the epochs to run to go on, or press Reset to begin anew."),
            "message_reached_steps": _(
                "Finished: all epochs are done. Drag the time slider to see how it got here, or raise the epochs to "
                "run (under Training) to go on."
            ),
            "train": _("train batch"),
            "train_help": _("On the batch that was just trained on: one batch, so it jumps"),
            "test_help": _("On the first 1,000 test images; at the end of each epoch on all"),
            "floor": _("guessing among ten: {floor}"),
        },
    }


space = workspace("cnn")
with st.sidebar:
    language_switch()
    controls(space)
    own_images(space)

with st.container(horizontal=True, vertical_alignment="center"):
    st.title(_("A CNN on handwritten digits"), anchor=False)
    defaults_button(space)
    share_link(space)
st.caption(
    _("Press Play, and while it trains draw a digit of your own on the black square and see what the network says.")
)
config = space.config
assert isinstance(config, CNNConfig)
download_panel(space)
live_view(space, picture(config))

asked_for = CNNConfig.model_construct(**space.refused) if space.refused else config
sections(space, {"shapes": (_("Shapes"), lambda: shape_table(shapes(asked_for)))})
