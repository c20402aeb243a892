"""What of a run is logged for TensorBoard. It is no part of the run: it trains to the same losses with and without."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from core.config import Config, TrainingConfig, kind_of, setting

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
    """What differs from the defaults, as part of a folder's name, such as "lr0.5_moons"; empty with all of them."""
    changed = [name for name in config.to_query() if name not in NOT_SPECIAL]
    parts: list[str] = []
    for name in sorted(changed, key=lambda name: name not in ("lr", "bugs")):
        text = _told(config, name)
        if text and len("_".join([*parts, text])) <= LONGEST_NAME:
            parts.append(text)
    return "_".join(parts)


def _told(config: TrainingConfig, name: str) -> str:
    """A changed setting in a word, such as "batch_norm", "Adam", "width_1-16" or "own_points"."""
    kind, value = kind_of(type(config), name), getattr(config, name)
    text = re.sub(r"[^\w.]+", "-", config.write(name, value), flags=re.ASCII).rstrip("-")
    match kind:
        case "bool":
            return name if value else f"no_{name}"
        case "choice" if value == "own":
            return ""  # the setting that says whose they are is changed, too
        case "choice" if name == "dataset" or (isinstance(value, str) and value[:1].isupper()):
            return text
        case "choice" if isinstance(value, str):
            return f"{name}_{text}"
        case "choices":
            return text if name == "bugs" else f"{name}_{text}"
        case "int" | "float" | "choice":
            return f"{name}{text}"
        case "ints" if PLAIN.fullmatch(text) and len(text) <= LONGEST_NAME // 2:
            return f"{name}{text}"
    return name if name.startswith("own_") else f"own_{name}"  # a text, points, or a long list


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
