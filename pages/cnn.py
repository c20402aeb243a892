"""Step 2: a CNN on handwritten digits, trained live."""

import math
from typing import Any

from core.data.image_sets import class_names
from core.experiments.cnn import CNNConfig, shapes
from pages.shared.image_sets import download_panel, own_images
from pages.shared.language import _
from pages.shared.live import live_view
from pages.shared.sections import sections
from pages.shared.shape_table import shape_table
from pages.shared.training_page import training_page


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
            "test_help": _("On the first 1,000 test images; at the end of each epoch on all"),
            "floor": _("guessing among ten: {floor}"),
        },
    }


space = training_page(
    "cnn",
    _("A CNN on handwritten digits"),
    _("Press Play, and while it trains draw a digit of your own on the black square and see what the network says."),
    own_data=own_images,
)
config = space.config
assert isinstance(config, CNNConfig)
download_panel(space)
live_view(space, picture(config))

asked_for = CNNConfig.model_construct(**space.refused) if space.refused else config
sections(space, {"shapes": (_("Shapes"), lambda: shape_table(shapes(asked_for)))})
