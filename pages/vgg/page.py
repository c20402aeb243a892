"""Step 5: VGG, a deep network made from a list of numbers, trained live."""

import math
from functools import partial
from typing import Any

import streamlit as st

from core.experiments.vgg import BY_HAND_FLOPS, VGGConfig, as_asked
from pages.shared.live.live_view import live_view
from pages.shared.page.sections import sections
from pages.shared.page.training_page import settings_bar, training_page, trying
from pages.shared.panels.image_sets import class_words, download_panel, own_images
from pages.shared.panels.step_by_step import step_by_step
from pages.shared.person.language import _
from pages.shared.server.assets import asset
from pages.vgg.run_cost import run_note, watch_cost
from pages.vgg.stack_editor import stack_editor, story
from pages.vgg.words import picture_words, preset_of


def picture(config: VGGConfig) -> dict[str, Any]:
    """What the picture shows beside the network."""
    return {
        "kind": "images",
        "module": asset("vgg/picture.js"),
        "dataset": config.dataset + config.own_images,
        "names": class_words(config),
        "drawn": config.dataset in ("digits", "mnist"),
        "images_per_step": config.batch_size,
        "floor": math.log(config.n_classes) if "shuffled_labels" in config.bugs else None,
        "text": picture_words(config),
    }


def by_hand(config: VGGConfig) -> None:
    """Step by step, where the network is small enough for the server to take the steps."""
    if config.stack.flops * config.batch_size > BY_HAND_FLOPS:
        st.info(_("This network is too large for single steps here. Choose a smaller width, batch size or image size."))
    else:
        step_by_step(space)


space = training_page(
    "vgg",
    _("Press Play. Then choose “with and without batch norm” under Side by side, and look at Depth while they train."),
)
config = space.config
assert isinstance(config, VGGConfig)
settings = config
asked_for = as_asked(config, space.refused) if space.refused else config
download_panel(space)
note, measuring = run_note(config)
with trying():
    live_view(space, picture(config), note=note)
    settings_bar(space, own_data=partial(own_images, colour=True), elsewhere=("own_images",))
    if measuring:
        watch_cost(config, note)
sections(
    space,
    {
        "story": (_("The story"), lambda: story(settings)),
        "network": (_("The network"), lambda: stack_editor(space, asked_for)),
        "steps": (_("Step by step"), lambda: by_hand(settings)),
    },
    called=preset_of,
)
