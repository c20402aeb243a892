"""A network of one's own: put blocks together, see every shape, and train it live."""

from functools import partial
from typing import Any

import streamlit as st

from core.experiments.build import BuildConfig, scene_of, shapes, stages_of
from core.shapes import Shape
from pages.build.block_editor import block_editor
from pages.build.desk import asked_for
from pages.build.my_networks import my_networks
from pages.build.words import picture_words, preset_of
from pages.shared.live.live_view import live_view
from pages.shared.page.sections import sections
from pages.shared.page.training_page import settings_bar, training_page, trying
from pages.shared.panels.image_sets import class_words, download_panel, own_images
from pages.shared.panels.shape_table import shape_table
from pages.shared.panels.step_by_step import step_by_step
from pages.shared.person.language import _
from pages.shared.pictures.plane import plane_words, points_of
from pages.shared.server.assets import asset

MOST_BY_HAND = 60_000
"""Parameters of a network whose steps are taken by hand, in the server and one row each."""


def picture(config: BuildConfig) -> dict[str, Any]:
    """What the picture shows beside the network."""
    return of_points(config) if config.on_points else of_images(config)


def of_images(config: BuildConfig) -> dict[str, Any]:
    """An image on its way through the network, and what the test set shows."""
    return {
        "kind": "images",
        "module": asset("build/picture.js"),
        "dataset": config.dataset + config.own_images,
        "names": class_words(config),
        "drawn": config.dataset in ("digits", "mnist"),
        "stages": [
            {"name": stage.name, "shape": _shape(stage.shape), "count": stage.shape[0]} for stage in stages_of(config)
        ],
        "images_per_step": config.batch_size,
        "text": picture_words(config),
    }


def of_points(config: BuildConfig) -> dict[str, Any]:
    """The plane with its points, and the boundary."""
    points = scene_of(config)
    return {
        "kind": "plane",
        "module": asset("shared/pictures/plane_picture.js"),
        "classes": config.n_classes,
        "domain": points.domain,
        "train": points_of(points.x_train, points.y_train),
        "test": points_of(points.x_test, points.y_test),
        "layers": [],
        "text": plane_words(),
    }


def _shape(shape: Shape) -> str:
    return " × ".join(map(str, shape))


st.set_page_config(initial_sidebar_state=345)


def by_hand(config: BuildConfig) -> None:
    """Step by step, where the network is small enough for the server to take the steps."""
    if config.checked.parameters > MOST_BY_HAND:
        st.info(
            _("This network is too large to be stepped by hand: at most {most} parameters.").format(
                most=f"{MOST_BY_HAND:,}"
            )
        )
    else:
        step_by_step(space)


space = training_page(
    "build",
    _(
        "Change a block in the list: all shapes are updated at once. A block that can't work turns red "
        "and says what would help."
    ),
)
config = space.config
assert isinstance(config, BuildConfig)
download_panel(space)
with trying():
    live_view(space, picture(config))
    settings_bar(space, own_data=own_images, network=block_editor, elsewhere=("own_images", "blocks"))

sections(
    space,
    {
        "steps": (_("Step by step"), partial(by_hand, config)),
        "shapes": (_("Shapes"), lambda: shape_table(shapes(asked_for(space)))),
        "saved": (_("My networks"), lambda: my_networks(space)),
    },
    called=preset_of,
)
