"""The settings that several experiments have: a function declares each once, what differs is its arguments."""

from __future__ import annotations

import typing
from typing import Annotated, Any, Literal

from pydantic import Field

from core.config import setting

PYTORCH = "PyTorch's default"

Device = Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:[0-9]{1,2})?)$")]
"""A device's name in torch, or "auto"."""
Optimizer = Literal["SGD", "Adam", "AdamW", "RMSprop"]
"""A class of torch.optim."""
Precision = Literal["float32", "bfloat16"]
"""A type of torch for the numbers in the forward pass."""
GreyImages = Annotated[str, Field(pattern=r"^([0-9a-f]{16}-[1-9][0-9]{0,4}-([2-9]|10))?$")]
"""The key of a person's own images, see `core.data.own_images`; they become grey."""
OwnImages = Annotated[str, Field(pattern=r"^([0-9a-f]{16}-[1-9][0-9]{0,4}-([2-9]|10)(-3)?)?$")]
"""The key of a person's own images, grey or in colour."""

SETS = {
    "digits": "5,000 digits",
    "shapes": "coloured shapes",
    "mnist": "MNIST, 70,000",
    "fashion_mnist": "Fashion-MNIST",
    "kmnist": "KMNIST",
    "cifar10": "CIFAR-10, 60,000",
    "own": "own images",
    "clouds": "two clouds",
    "moons": "moons",
    "circles": "circles",
    "xor": "XOR",
    "spirals": "two spirals",
}
"""The names of the data sets that several experiments have."""
MISTAKES = {
    "softmax": "softmax before the loss",
    "no_zero_grad": "no zero_grad",
    "no_eval": "no eval()",
    "shuffled_labels": "labels shuffled",
    "forgotten_batch_first": "forgotten batch_first",
}
"""The names of the mistakes that several experiments have."""
CELLS = ("RNN", "LSTM", "GRU")
"""torch's recurrent layers."""
ACTIVATIONS = {"ReLU": "ReLU", "Tanh": "tanh", "Sigmoid": "sigmoid", "ELU": "ELU", "Identity": "none"}


def chosen(names: dict[str, str], literal: Any) -> dict[str, str]:
    """Those of the names that a Literal has, in its order."""
    return {value: names[value] for value in typing.get_args(literal)}


# Data


def dataset(default: str, literal: Any, *, help: str, more: dict[str, str] | None = None, source: str = "") -> Any:
    """Declare the data set.

    Args:
        literal: the field's type, a Literal of the sets' names.
        more: the words for sets that are not in `SETS`.
    """
    choices = chosen(SETS | (more or {}), literal)
    return setting(default, label="Data set", group="data", choices=choices, folded=False, source=source, help=help)


def own_images() -> Any:
    """Which of a person's own images are the data set."""
    return setting("", label="Own images", group="data", help="Images uploaded as a zip with a folder for each class.")


def train_size(*, examples: str = "images", shown_if: tuple[str, tuple[Any, ...]] | None = None) -> Any:
    """The number of training examples, 0 for all."""
    return setting(
        0,
        label=f"Training {examples} (0 = all)",
        group="data",
        low=0,
        high=60_000,
        step=100,
        shown_if=shown_if,
        help=f"Train on only this many {examples}, the first ones. With few of them the network memorises them.",
    )


def points_per_class(*, shown_if: tuple[str, tuple[Any, ...]] | None = None) -> Any:
    """Training points of each class."""
    return setting(
        100,
        label="Points per class",
        group="data",
        low=20,
        high=500,
        step=10,
        shown_if=shown_if,
        help="Training points of each class. With few of them a large network memorises them.",
    )


def spread(*, source: str = "", shown_if: tuple[str, tuple[Any, ...]] | None = None) -> Any:
    """How far points scatter."""
    return setting(
        1.0,
        label="Spread",
        group="data",
        low=0.2,
        high=4,
        step=0.1,
        source=source,
        shown_if=shown_if,
        help="How far the points scatter. When the classes overlap no boundary can be right for all points.",
    )


def shift() -> Any:
    """How far training images are moved."""
    return setting(
        0,
        label="Shift by up to N pixels",
        group="data",
        low=0,
        high=8,
        step=1,
        help="Move each training image a little, randomly, so that the network can't rely on the place.",
    )


# Network


def activation(literal: Any, *, help: str, folded: bool = True, source: str = "") -> Any:
    """The layer behind each layer with weights; `literal` is the field's type."""
    return setting(
        "ReLU",
        label="Activation",
        group="network",
        folded=folded,
        source=source,
        choices=chosen(ACTIVATIONS, literal),
        help=help,
    )


def dropout(default: float = 0.0, *, help: str, label: str = "Dropout", **more: Any) -> Any:
    """The share of numbers set to zero while training."""
    return setting(default, label=label, group="network", low=0, high=0.9, step=0.05, help=help, **more)


def batch_norm(default: bool = False, *, help: str, **more: Any) -> Any:
    """Whether batch norm follows each layer with weights."""
    return setting(default, label="Batch norm", group="network", help=help, **more)


def cell(literal: Any, *, help: str, source: str = "") -> Any:
    """The recurrent layer; `literal` is the field's type, its first class the default."""
    names = typing.get_args(literal)
    return setting(
        names[0],
        label="Cell",
        group="network",
        folded=False,
        source=source,
        choices={name: name for name in names},
        help=help,
    )


def hidden_size(default: int, *, remembers: str, source: str = "") -> Any:
    """Numbers in the hidden state."""
    return setting(
        default,
        label="Hidden size",
        group="network",
        low=1,
        high=256,
        step=1,
        folded=False,
        source=source,
        help=f"Numbers in the hidden state: all that the network remembers of {remembers}.",
    )


def num_layers(*, folded: bool) -> Any:
    """The number of recurrent layers."""
    return setting(
        1,
        label="Number of layers",
        group="network",
        low=1,
        high=4,
        step=1,
        folded=folded,
        source=PYTORCH,
        help="Recurrent layers, one on top of the other: each reads the hidden states of the one below.",
    )


def dropout_between_layers() -> Any:
    """The share of numbers set to zero between two recurrent layers."""
    return dropout(
        source=PYTORCH,
        help="The share of numbers set to zero between two layers while training. With one layer it does nothing.",
    )


def compare_cells(literal: Any) -> Any:
    """Whether the other cells are trained beside this one; `literal` is the type of `cell`."""
    return setting(
        False,
        label="{}, {} and {} side by side".format(*typing.get_args(literal)),
        group="network",
        folded=False,
        help="Train the other two cells beside this one, on the same data and from the same seed.",
    )


def seed(*, fixes: str) -> Any:
    """The seed; `fixes` says what is drawn with it."""
    return setting(
        1,
        label="Seed",
        group="network",
        low=0,
        high=9999,
        step=1,
        help=f"Fixes everything random: {fixes}. The same seed gives the same run, bit for bit.",
    )


# Training


def optimizer(default: str, *, source: str = "", more: str = "") -> Any:
    """The optimizer; `more` is what the help says after its first sentence."""
    rule = "The rule that turns gradients into steps."
    return setting(
        default,
        label="Optimizer",
        group="training",
        folded=False,
        source=source,
        choices={name: name for name in typing.get_args(Optimizer)},
        help=f"{rule} {more}" if more else rule,
    )


def lr(
    default: float,
    *,
    low: float = 1e-5,
    high: float = 10,
    extremes: str = "Too small is slow, too large undoes what was learned",
    source: str = "",
) -> Any:
    """The learning rate; `extremes` says what a bad one does."""
    return setting(
        default,
        label="Learning rate",
        group="training",
        low=low,
        high=high,
        log=True,
        folded=False,
        acts="at once",
        source=source,
        help=f"How far each step goes. {extremes}; a change acts at once, also while it trains.",
    )


def clip() -> Any:
    """The longest gradient, 0 for any."""
    return setting(
        0.0,
        label="Clip gradients at (0 = off)",
        group="training",
        low=0,
        high=10,
        step=0.1,
        help="Shorten the gradient to this length when it is longer. It tames gradients that explode.",
    )


def batch_size(
    default: int = 50, *, low: int = 16, examples: str = "Examples", folded: bool = False, source: str = ""
) -> Any:
    """Examples in a step."""
    return setting(
        default,
        label="Batch size",
        group="training",
        low=low,
        high=512,
        step=1,
        folded=folded,
        source=source,
        help=f"{examples} per step. Larger batches give calmer steps, but fewer of them in an epoch.",
    )


def num_steps(*, help: str) -> Any:
    """Optimizer steps of the run; `help` says what one is spent on."""
    return setting(
        300,
        label="Steps to run",
        group="training",
        low=1,
        high=50_000,
        step=100,
        acts="later",
        help=f"{help} After a run has ended, raise it and press Play to continue.",
    )


def num_epochs(default: int, *, high: int = 100, examples: str = "images", folded: bool = True) -> Any:
    """Passes of the run over its training examples."""
    return setting(
        default,
        label="Epochs to run",
        group="training",
        low=1,
        high=high,
        step=1,
        folded=folded,
        acts="later",
        help=f"How often a run sees all training {examples}. "
        "After a run has ended, raise it and press Play to continue.",
    )


def evaluate_every(default: int, *, help: str, source: str = "") -> Any:
    """Steps between two evaluations."""
    return setting(
        default, label="Evaluate every N steps", group="training", low=1, high=1000, step=1, source=source, help=help
    )


def evaluate_first(default: int = 50, *, examples: str = "examples", source: str = "") -> Any:
    """Steps between two evaluations of an experiment that tests on all examples at the ends of epochs only."""
    return evaluate_every(
        default,
        source=source,
        help=f"How often the network is tested. Between the ends of epochs only the first 1,000 test {examples} are "
        "used.",
    )


def precision() -> Any:
    """The type of the numbers in the forward pass."""
    return setting(
        "float32",
        label="Precision",
        group="training",
        source=PYTORCH,
        choices={name: name for name in typing.get_args(Precision)},
        help="How exact the numbers in the forward pass are. bfloat16 has fewer digits: some processors are faster "
        "with it, others many times slower.",
    )


def device(*, pays: str) -> Any:
    """The device; `pays` says which is the best one."""
    help = f"Where tensors live and are computed. {pays}"
    return setting("auto", label="Device", group="training", folded=False, help=help)


def bugs(literal: Any, more: dict[str, str] | None = None) -> Any:
    """The mistakes that can be switched on.

    Args:
        literal: the items' type, a Literal of their names.
        more: the words for those that are not in `MISTAKES`.
    """
    choices = chosen(MISTAKES | (more or {}), literal)
    return setting(
        (),
        label="Bugs",
        group="training",
        length=(0, len(choices)),
        choices=choices,
        help="Classic mistakes. Each is trained beside the correct run, from the same seed.",
    )
