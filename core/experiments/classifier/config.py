"""The settings of the classifier."""

import math
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from core import settings
from core.config import Problem, TrainingConfig, setting
from core.settings import PYTORCH, Device, Optimizer

TUTORIAL = "the tutorial's step 1"
DATASETS = {"blobs": "3-5 blobs", "own": "own points only"}
MISTAKES = {"no_activation": "forgotten activation", "high_lr": "learning rate too high"}
Dataset = Literal["clouds", "moons", "circles", "xor", "spirals", "blobs", "own"]
Feature = Literal["x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"]
Activation = Literal["ReLU", "Tanh", "Sigmoid", "ELU", "Identity"]
Init = Literal["default", "xavier_uniform_", "kaiming_normal_", "normal_", "zeros_"]
Bug = Literal["softmax", "no_zero_grad", "no_activation", "high_lr"]
Coordinate = Annotated[float, Field(ge=-10_000, le=10_000, allow_inf_nan=False)]
Label = Annotated[int, Field(ge=0, le=4)]
VALIDATED = ("validation_loss", "validation_accuracy")
"""Ways to stop that are decided on validation points."""
Stop = Literal["steps", "validation_loss", "validation_accuracy", "plateau", "accuracy"]
MIN_POINTS = 4
MAX_POINTS = 2000
MAX_CLASSES = 5


def less(count: int, share: float) -> int:
    """How many of some points are left once a share was taken; one at least is taken, and one left."""
    return count - min(max(1, round(share * count)), count - 1)


class ClassifierConfig(TrainingConfig):
    """The settings of the classifier; the defaults are the tutorial's where it gives one."""

    experiment: ClassVar[str] = "classifier"

    # fmt: off
    dataset: Dataset = settings.dataset(
        "clouds", Dataset, more=DATASETS, source=TUTORIAL,
        help="The shape of the classes. A straight line separates two clouds; circles, XOR and spirals need a "
        "curved boundary.",
    )
    n_classes: int = setting(
        3, label="Classes", group="data", low=3, high=5, step=1, folded=False, shown_if=("dataset", ("blobs",)),
        help="How many clouds there are. The network gets one output, one logit, for each.",
    )
    points_per_class: int = settings.points_per_class()
    spread: float = settings.spread(source=TUTORIAL)
    noise: float = setting(
        0.0, label="Wrong labels", group="data", low=0, high=0.5, step=0.01,
        help="The share of training points that carry a wrong label. See whether the network learns the mistakes too.",
    )
    test_fraction: float = setting(
        0.5, label="Test share", group="data", low=0.1, high=0.9, step=0.05,
        help="The share of all points kept for testing. They are drawn separately and never trained on.",
    )
    features: tuple[Feature, ...] = setting(
        ("x1", "x2"), label="Input features", group="data", length=(1, 7),
        choices={name: name for name in get_args(Feature)},
        help="What the network is given of each point. With x1*x2 even a net without hidden layers solves XOR.",
    )
    standardize: bool = setting(
        False, label="Standardise inputs", group="data",
        help="Shift and scale each input to mean 0 and standard deviation 1. Needed when own data has large numbers.",
    )
    points: tuple[tuple[Coordinate, Coordinate, Label], ...] = setting(
        (), label="Own points", group="data", length=(0, MAX_POINTS),
        help="Points added by clicking or from a CSV: x1, x2 and a class from 0 to 4.",
    )
    hidden_sizes: tuple[int, ...] = setting(
        (10,), label="Hidden layers", group="network", length=(0, 6), low=1, high=64, step=1, folded=False,
        source=TUTORIAL, item="Neurons in layer {number}",
        item_help="Neurons of this layer: with ReLU each adds one crease to what the network computes. With too few of "
        "them the boundary can't close around a class.",
        count_help="Layers between input and output. Without any the boundary is straight; the more there are, the "
        "more it can curve, and the harder it is to train.",
        help="Hidden layers, and the neurons in each. More of them allow a more curved boundary; without any "
        "it is straight.",
    )
    activation: Activation = settings.activation(
        Activation, folded=False, source=TUTORIAL,
        help="The nonlinear function behind each hidden layer. Without it, all layers together draw only a "
        "straight line.",
    )
    dropout: float = settings.dropout(
        help="The share of hidden activations set to zero at each training step. It makes memorising harder.",
    )
    batch_norm: bool = settings.batch_norm(
        help="Normalise each hidden layer over the batch. Deep networks and sigmoids often learn faster with it.",
    )
    init: Init = setting(
        "default", label="Initial weights", group="network", source=PYTORCH,
        choices={
            "default": "PyTorch's default", "xavier_uniform_": "Xavier uniform", "kaiming_normal_": "Kaiming normal",
            "normal_": "normal, std 1", "zeros_": "all zero",
        },
        help="How the weights start. If all are zero, the neurons of a layer stay equal forever and can't "
        "divide the work.",
    )
    seed: int = settings.seed(fixes="points, first weights, batches")
    optimizer: Optimizer = settings.optimizer(
        "SGD", source=TUTORIAL, more="Adam gives each weight its own step size."
    )
    lr: float = settings.lr(
        0.02, low=1e-4, high=100, extremes="Too small is slow, too large overshoots", source=TUTORIAL
    )
    momentum: float = setting(
        0.0, label="Momentum", group="training", low=0, high=0.99, step=0.01,
        shown_if=("optimizer", ("SGD", "RMSprop")),
        help="How much of the last step is carried into the next. It smooths a zigzag and speeds up a long slope.",
    )
    nesterov: bool = setting(
        False, label="Nesterov momentum", group="training", shown_if=("optimizer", ("SGD",)),
        help="Look ahead along the momentum before stepping. It needs SGD with a momentum above 0.",
    )
    batch_size: int = setting(
        0, label="Batch size (0 = all points)", group="training", low=0, high=1000, step=1, source=TUTORIAL,
        help="Points per step. Small batches make noisy but cheap steps; all points give the true gradient.",
    )
    weight_decay: float = setting(
        0.0, label="Weight decay (L2)", group="training", low=0, high=10, step=0.001,
        help="Pulls every weight towards 0 in proportion to its size. The boundary gets smoother.",
    )
    l1: float = setting(
        0.0, label="L1 penalty", group="training", low=0, high=10, step=0.001,
        help="Pulls every weight towards 0 with the same force, so that many become almost exactly 0.",
    )
    loss: Literal["CrossEntropyLoss", "MSELoss"] = setting(
        "CrossEntropyLoss", label="Loss function", group="training", source=TUTORIAL,
        choices={"CrossEntropyLoss": "cross entropy", "MSELoss": "mean squared error"},
        help="What training makes small. Cross entropy takes logits; mean squared error compares them with 0 and 1.",
    )
    num_steps: int = settings.num_steps(help="How many optimizer steps a run takes.")
    evaluate_every: int = settings.evaluate_every(
        10, help="How often accuracy and test loss are measured. It changes the curves' detail, not the training.",
    )
    stop: Stop = setting(
        "steps", label="Stop", group="training",
        choices={
            "steps": "after all steps", "validation_loss": "by validation loss",
            "validation_accuracy": "by validation accuracy", "plateau": "by training loss",
            "accuracy": "by test accuracy",
        },
        help="What may end the run before its last step: a loss that stops falling, or an accuracy that is reached. "
        "Validation points are there to decide this. If the test accuracy decides, it is no fair judgement any more.",
    )
    validation_fraction: float = setting(
        0.3, label="Validation share", group="training", low=0.1, high=0.5, step=0.05, shown_if=("stop", VALIDATED),
        help="The share of all points but the test points that only decides when to stop. These points are drawn "
        "separately and never trained on; where all points are your own, they are taken from those.",
    )
    target_accuracy: float = setting(
        0.98, label="Accuracy to reach", group="training", low=0.5, high=1, step=0.01,
        shown_if=("stop", ("validation_accuracy", "accuracy")),
        help="The run stops at the first evaluation with at least this accuracy on the points that decide.",
    )
    patience: int = setting(
        100, label="Patience in steps", group="training", low=5, high=5000, step=5,
        shown_if=("stop", ("validation_loss", "plateau")),
        help="The run stops after this many steps in which the validation loss reached no new low, or the training "
        "loss did not fall by 0.0001.",
    )
    device: Device = settings.device(pays="For a network this small the CPU is the fastest.")
    bugs: tuple[Bug, ...] = settings.bugs(Bug, MISTAKES)
    # fmt: on

    def problems(self) -> Iterator[Problem]:
        if self.nesterov and (self.optimizer != "SGD" or self.momentum == 0):
            yield Problem("nesterov", "Nesterov needs SGD with a momentum above 0.")
        if self.dataset == "own" and len(self.points) < MIN_POINTS:
            yield Problem("dataset", "Own points only: add at least 4 points first, by clicking or from a CSV.")
        elif self.dataset == "own" and len({label for _, _, label in self.points}) < 2:
            yield Problem("dataset", "Own points only: points of at least two classes are needed.")
        elif self.dataset == "own" and self.n_own_untested < 2:
            yield Problem("test_fraction", "This test share leaves only one of the own points to train on.")
        elif self.dataset == "own" and self.n_train < 2:
            yield Problem("validation_fraction", "This validation share leaves only one of the own points to train on.")
        elif self.batch_norm and self.hidden_sizes and self.batch_size > 1 and self.n_train % self.batch_size == 1:
            yield Problem(
                "batch_norm",
                "With batches of {size} of {count} points the last batch has one point: batch norm needs two or more.",
                {"size": self.batch_size, "count": self.n_train},
            )
        elif self.batch_norm and self.hidden_sizes and self.batch_size == 1:
            yield Problem("batch_size", "Batch norm needs at least two points in a batch.")

    @property
    def drawn_classes(self) -> int:
        """The number of classes of the data set alone, without own points."""
        return {"blobs": self.n_classes, "own": 0}.get(self.dataset, 2)

    @property
    def n_output(self) -> int:
        """The number of classes, and so of logits."""
        return max([self.drawn_classes, *(label + 1 for _, _, label in self.points)])

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Numbers that the network is given for a point, neurons of each hidden layer, and logits."""
        return (len(self.features), *self.hidden_sizes, self.n_output)

    @property
    def test_points_per_class(self) -> int:
        """How many test points of each class are drawn."""
        return max(1, round(self.points_per_class * self.test_fraction / (1 - self.test_fraction)))

    @property
    def validates(self) -> bool:
        """Whether there are validation points: where they decide when the run stops."""
        return self.stop in VALIDATED

    @property
    def validation_points_per_class(self) -> int:
        """How many validation points of each class are drawn, if there are any."""
        return max(1, round(self.points_per_class * self.validation_fraction / (1 - self.validation_fraction)))

    @property
    def n_own_untested(self) -> int:
        """The number of own points that are not for testing, where there are only own points."""
        return less(len(self.points), self.test_fraction)

    @property
    def n_train(self) -> int:
        """The number of training points."""
        if self.dataset == "own":
            return less(self.n_own_untested, self.validation_fraction) if self.validates else self.n_own_untested
        return self.points_per_class * self.drawn_classes + len(self.points)

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps in one pass over the training points."""
        return math.ceil(self.n_train / self.batch_size) if self.batch_size else 1
