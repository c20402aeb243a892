"""What of a run is logged for TensorBoard. It is no part of the run: it trains to the same losses with and without."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from core.config import Config, TrainingConfig, setting

TUTORIAL = "the tutorial's step 4"


class LogConfig(Config):
    """The switches of logging."""

    experiment: ClassVar[str] = "log"

    # fmt: off
    scalars: bool = setting(
        True, label="Loss and accuracy", group="training", folded=False,
        help="Train/Loss and Train/Accuracy, as in the tutorial, and loss and accuracy on the test set.",
    )
    every: int = setting(
        50, label="Every N steps", group="training", low=1, high=1000, step=1, folded=False, source=TUTORIAL,
        help="Logged at the first step, then every N steps, and at the last step. Values of the test set are logged "
        "every N steps, too, if it was evaluated in between. A smaller N shows more of the noise between batches.",
    )
    learning_rate: bool = setting(
        True, label="Learning rate", group="training", folded=False,
        help="Another curve beside the loss: it shows which changes of the loss come from a new learning rate.",
    )
    graph: bool = setting(
        True, label="Graph", group="training", folded=False,
        help="The network as a drawing of its operations, recorded with one real input.",
    )
    images: bool = setting(
        True, label="A batch of images", group="training", folded=False,
        help="Sixteen of the images that the network receives. Wrong pixels are easy to see there.",
    )
    hparams: bool = setting(
        True, label="Hyperparameters", group="training", folded=False,
        help="All settings of the run with its last loss and accuracy, to compare runs in a table.",
    )
    histograms: bool = setting(
        False, label="Histograms", group="training", folded=False,
        help="How the numbers of each weight and each gradient are distributed. Vanishing gradients pile up at zero.",
    )
    histograms_every: int = setting(
        200, label="Histograms every N steps", group="training", low=1, high=5000, step=1, folded=False,
        shown_if=("histograms", (True,)),
        help="Logging the histograms once takes as long as many steps of a small network.",
    )
    pr_curves: bool = setting(
        False, label="PR curves", group="training", folded=False,
        help="At the end of the run, precision and recall of each class: which class is often missed, and which is "
        "reported where it is not.",
    )
    embedding: bool = setting(
        False, label="Embedding projector", group="training", folded=False,
        help="At the end of the run, the network's outputs as points in space, each with its image, for the projector.",
    )
    # fmt: on


NOT_SPECIAL = {"num_steps", "num_epochs", "evaluate_every", "device"}
"""Settings that make no other run of it."""
PLAIN = re.compile(r"[A-Za-z0-9._-]+")
LONGEST_NAME = 40
"""Characters of a run's name before its number."""
KINDS = ("scalars", "learning_rate", "graph", "images", "hparams", "histograms", "pr_curves", "embedding")
"""What can be logged."""
PICTURED = {"images", "pr_curves", "embedding"}
"""What needs images as input."""


def kinds(log: LogConfig, pictured: bool) -> list[str]:
    """What of a run is logged: what is switched on and can be had of it.

    Args:
        pictured: whether its network is given images.
    """
    return [kind for kind in KINDS if getattr(log, kind) and (pictured or kind not in PICTURED)]


def special(config: TrainingConfig) -> str:
    """What is special about a run as part of a folder's name, such as "lr0.5_moons"; empty with all defaults."""
    changed = [name for name in config.to_query() if name not in NOT_SPECIAL]
    parts: list[str] = []
    for name in sorted(changed, key=lambda name: name not in ("lr", "bugs")):
        value = getattr(config, name)
        text = config.write(name, value).replace(",", "-")
        if isinstance(value, bool):
            text = name if value else f"no_{name}"
        elif isinstance(value, (int, float)) or (isinstance(value, tuple) and all(type(one) is int for one in value)):
            text = f"{name}{text}"
        elif isinstance(value, tuple) and not all(isinstance(one, str) for one in value):
            continue  # points and the like
        if PLAIN.fullmatch(text) and len("_".join([*parts, text])) <= LONGEST_NAME:
            parts.append(text)
    return "_".join(parts)


def hparams(config: TrainingConfig) -> dict[str, Any]:
    """A run's settings as `add_hparams` takes them: numbers, texts and switches, without those of no effect."""
    plain = (bool, int, float, str)
    unused = {
        name
        for name, declared in type(config).settings().items()
        if declared.shown_if is not None and getattr(config, declared.shown_if[0]) not in declared.shown_if[1]
    }
    values: Mapping[str, Any] = {name: value for name, value in config if name not in {"device", *unused}}
    return {
        name: value if isinstance(value, plain) else config.write(name, value)[:200] for name, value in values.items()
    }
