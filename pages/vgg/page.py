"""Step 5: VGG, a deep network made from a list of numbers, trained live."""

import math
from functools import partial
from typing import Any

import streamlit as st

from core.experiments.vgg import BY_HAND_FLOPS, VGGConfig, as_asked
from pages.shared.live.live_view import live_view
from pages.shared.page.sections import sections
from pages.shared.page.training_page import training_page
from pages.shared.panels.image_sets import class_words, download_panel, own_images
from pages.shared.panels.step_by_step import step_by_step
from pages.shared.person.language import _
from pages.shared.server.assets import asset
from pages.vgg.run_cost import slow_run
from pages.vgg.stack_editor import stack_editor, story


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
        "text": {
            "status_idle": _("Press Play and watch the blocks form. The network has not learned anything yet."),
            "status_paused": _("Paused. Step trains on one batch; Epoch goes once through the training images."),
            "epoch_help": _("Train for one epoch: every training image is used once"),
            "test_help": _("On the first 1,000 test images; at the end of each epoch on all"),
            "floor": _("guessing among ten: {floor}"),
            "tab_layers": _("Blocks"),
            "tab_layers_help": _("One image on its way through all blocks, to the probabilities"),
            "filters_caption": _("first filters, {size} × {size}"),
            "gradients_caption": _("gradients of the first filters"),
            "maps_caption": _("block {number}, {size} × {size}"),
            "tile_filters": _("Filter {number}"),
            "tile_maps": _("Map {number} of block {layer}"),
            **beside(config),
        },
    }


def beside(config: VGGConfig) -> dict[str, str]:
    """The names of two networks side by side."""
    if config.compare == "batch_norm":
        with_norm, without = _("With batch norm"), _("Without batch norm")
        short = [_("with"), _("without")]
        names = [with_norm, without] if config.batch_norm else [without, with_norm]
        short = short if config.batch_norm else short[::-1]
    elif config.compare == "init":
        first = {"default": _("PyTorch's default"), "kaiming": "kaiming_normal_", "small": _("std 0.001")}[config.init]
        names = [first, "kaiming_normal_" if config.init == "small" else _("std 0.001")]
        short = [_("this"), _("other")]
    else:
        return {}
    return {"lane_run": names[0], "lane_other": names[1], "lane_short_run": short[0], "lane_short_other": short[1]}


def by_hand(config: VGGConfig) -> None:
    """Step by step, where the network is small enough for the server to take the steps."""
    if config.stack.flops * config.batch_size > BY_HAND_FLOPS:
        st.info(_("This network is too large to be stepped by hand here. Choose a smaller width, batch or image size."))
    else:
        step_by_step(space)


space = training_page(
    "vgg",
    _("Press Play. Then choose “with and without batch norm” under Side by side, and look at Depth while they train."),
    own_data=partial(own_images, colour=True),
)
config = space.config
assert isinstance(config, VGGConfig)
settings = config
asked_for = as_asked(config, space.refused) if space.refused else config
download_panel(space)
live_view(space, picture(config))
slow_run(config)
sections(
    space,
    {
        "story": (_("The story"), lambda: story(settings)),
        "network": (_("The network"), lambda: stack_editor(space, asked_for)),
        "steps": (_("Step by step"), lambda: by_hand(settings)),
    },
)
