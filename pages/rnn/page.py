"""Step 7: a recurrent network that follows a wave, trained live."""

from functools import partial
from typing import Any

from core.experiments.rnn import RNNConfig
from pages.rnn.own_series import own_series
from pages.rnn.sequence_shapes import sequence_shapes
from pages.rnn.two_forwards import two_forwards
from pages.rnn.words import picture_words
from pages.shared.live.live_view import live_view
from pages.shared.page.sections import sections
from pages.shared.page.training_page import settings_bar, training_page, trying
from pages.shared.panels.dropout_note import dropout_note
from pages.shared.person.language import _
from pages.shared.server.assets import asset


def picture(config: RNNConfig) -> dict[str, Any]:
    """What the picture shows beside the network."""
    return {
        "kind": "sequence",
        "module": asset("rnn/picture.js"),
        "shape": f"{config.signal} {config.formula} {hash(config.series)}",
        "unit": "" if config.signal == "own" else "π",
        "units": config.hidden_size * (2 if config.bidirectional else 1),
        "metrics": ["loss"],
        "splits": ["train"],
        "text": picture_words(config),
    }


space = training_page(
    "rnn", _("Press Play. Then choose “reset at each window” under Hidden state and see what memory is good for.")
)
config = space.config
assert isinstance(config, RNNConfig)
with trying():
    live_view(space, picture(config), note=dropout_note(config.dropout, config.num_layers))
    settings_bar(space, own_data=own_series, elsewhere=("series",))

sections(
    space,
    {
        "shapes": (_("Shapes"), partial(sequence_shapes, config)),
        "forwards": (_("Two forwards"), partial(two_forwards, config)),
    },
)
