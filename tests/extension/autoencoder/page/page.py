"""An autoencoder on handwritten digits, trained live."""

from typing import Any

from core.experiments.autoencoder import AutoencoderConfig
from pages.shared.live.live_view import live_view
from pages.shared.page.sections import sections
from pages.shared.page.training_page import settings_bar, training_page
from pages.shared.person.language import _
from pages.shared.server.assets import asset


def picture(config: AutoencoderConfig) -> dict[str, Any]:
    """What the picture shows beside the network; `{name}` in a text is filled in by the browser."""
    mapped = _("Where the code puts 300 test digits, each drawn as its true class")
    directions = _("The two main directions (PCA) of the codes of 300 test digits, each drawn as its true class")
    return {
        "kind": "autoencoder",
        "module": asset("autoencoder/picture.js"),
        "metrics": ["loss"],
        "images_per_step": config.batch_size,
        "text": {
            "status_idle": _("Press Play. The lower row is grey: nothing has been learned of digits yet."),
            "status_paused": _("Paused. Step redraws one batch of digits and learns from it."),
            "epoch_help": _("Train for one epoch: every digit is redrawn once"),
            "train_help": _("On the batch that was just redrawn: one batch, so it jumps"),
            "test_help": _("On 1,000 digits that are never trained on"),
            "goes_in": _("goes in"),
            "comes_out": _("comes out"),
            "map": mapped if config.code_size <= 2 else directions,
            "redrawn_label": _("Test digits and their reconstructions at step {step}, test loss {loss}"),
        },
    }


space = training_page(
    "autoencoder",
    _("Press Play and watch the lower row: digits that pass through a few numbers only. Which ones are mixed up?"),
)
config = space.config
assert isinstance(config, AutoencoderConfig)
live_view(space, picture(config))
settings_bar(space)

sections(space, {})
