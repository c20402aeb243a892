"""Step 2: a CNN on handwritten digits, trained live."""

import math
from typing import Any

from core.data.image_sets import class_names
from core.experiments.cnn import CNNConfig, shapes
from pages.cnn.words import picture_words
from pages.shared.live.live_view import live_view
from pages.shared.page.sections import sections
from pages.shared.page.training_page import settings_bar, training_page, trying
from pages.shared.panels.image_sets import download_panel, own_images
from pages.shared.panels.shape_table import shape_table
from pages.shared.person.language import _
from pages.shared.server.assets import asset


def picture(config: CNNConfig) -> dict[str, Any]:
    """What the picture shows beside the network."""
    return {
        "kind": "images",
        "module": asset("cnn/picture.js"),
        "dataset": config.dataset + config.own_images,
        "names": class_names(config),
        "channels": config.channels1,
        "images_per_step": config.batch_size,
        "floor": math.log(10) if "shuffled_labels" in config.bugs else None,
        "text": picture_words(),
    }


space = training_page(
    "cnn",
    _("Press Play, and while it trains draw a digit of your own on the black square and see what the network says."),
)
config = space.config
assert isinstance(config, CNNConfig)
download_panel(space)
with trying():
    live_view(space, picture(config))
    settings_bar(space, own_data=own_images, elsewhere=("own_images",))

asked_for = CNNConfig.model_construct(**space.refused) if space.refused else config
sections(space, {"shapes": (_("Shapes"), lambda: shape_table(shapes(asked_for)))})
