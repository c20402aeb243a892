"""Step 1 of the tutorial: a simple classifier of points in the plane."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, get_args

import torch
from pydantic import Field
from torch import Tensor, nn

from core import settings
from core.checkpoints import restore
from core.config import Problem, TrainingConfig, setting
from core.data.points import draw, features, flip_labels, split
from core.experiment import Experiment
from core.models import Net
from core.settings import PYTORCH, Device, Optimizer
from core.snapshot import Bench, Frame, Snapshot, undisturbed
from core.views.plane import decision, gradient_norms, hidden_activations, nice_domain, unit_maps, weights

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

MAX_POINTS = 2000
MAX_CLASSES = 5
HIGH_LR = 50.0
"""The learning rate of the bug switch: the tutorial's clouds survive 5 and end in NaN at 50."""


class ClassifierConfig(TrainingConfig):
    """The settings of the classifier; the defaults are the tutorial's where it gives one."""

    experiment: ClassVar[str] = "classifier"

    # fmt: off
    dataset: Dataset = settings.dataset(
        "clouds", Dataset, more=DATASETS, source=TUTORIAL,
        help="The shape of the classes. One straight line parts two clouds; circles, XOR and spirals need a bend.",
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
        help="The share of all points kept for testing. They are drawn afresh and never trained on.",
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
        help="Neurons of each hidden layer. More of them bend the boundary more; none leaves a straight line.",
    )
    activation: Activation = settings.activation(
        Activation, folded=False, source=TUTORIAL,
        help="The bend behind each hidden layer. Without one all layers together are a single straight cut.",
    )
    dropout: float = settings.dropout(
        help="The share of hidden activations set to zero at each training step. It makes learning by heart harder.",
    )
    batch_norm: bool = settings.batch_norm(
        help="Normalise each hidden layer over the batch. Deep networks and sigmoids learn faster with it.",
    )
    init: Init = setting(
        "default", label="Initial weights", group="network", source=PYTORCH,
        choices={
            "default": "PyTorch's default", "xavier_uniform_": "Xavier uniform", "kaiming_normal_": "Kaiming normal",
            "normal_": "normal, std 1", "zeros_": "all zero",
        },
        help="How the weights start. All zero keeps the neurons of a layer equal for ever: they can't divide the work.",
    )
    seed: int = settings.seed(fixes="points, first weights, batches")
    optimizer: Optimizer = settings.optimizer(
        "SGD", source=TUTORIAL, more="Adam gives each weight its own step size."
    )
    lr: float = settings.lr(
        0.02, low=1e-4, high=100, extremes="Too small crawls, too large overshoots", source=TUTORIAL
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
    stop: Literal["steps", "accuracy", "plateau"] = setting(
        "steps", label="Stop", group="training",
        choices={"steps": "after all steps", "accuracy": "at a test accuracy", "plateau": "at a plateau"},
        help="When the run ends before its last step: at a test accuracy, or when the loss no longer falls.",
    )
    target_accuracy: float = setting(
        0.98, label="Test accuracy to reach", group="training", low=0.5, high=1, step=0.01,
        shown_if=("stop", ("accuracy",)),
        help="The run stops at the first evaluation with at least this test accuracy.",
    )
    patience: int = setting(
        100, label="Patience in steps", group="training", low=5, high=5000, step=5, shown_if=("stop", ("plateau",)),
        help="The run stops once the training loss has not fallen by 0.0001 over this many steps.",
    )
    device: Device = settings.device(pays="For a network this small the CPU is the fastest.")
    bugs: tuple[Bug, ...] = settings.bugs(Bug, MISTAKES)
    # fmt: on

    def problems(self) -> Iterator[Problem]:
        if self.nesterov and (self.optimizer != "SGD" or self.momentum == 0):
            yield Problem("nesterov", "Nesterov needs SGD with a momentum above 0.")
        if self.dataset == "own" and len(self.points) < 4:
            yield Problem("dataset", "Own points only: add at least 4 points first, by clicking or from a CSV.")
        elif self.dataset == "own" and len({label for _, _, label in self.points}) < 2:
            yield Problem("dataset", "Own points only: points of at least two classes are needed.")
        elif self.dataset == "own" and self.n_train < 2:
            yield Problem("test_fraction", "This test share leaves only one of the own points to train on.")
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
    def n_train(self) -> int:
        """The number of training points."""
        own = len(self.points)
        if self.dataset == "own":
            return own - min(max(1, round(self.test_fraction * own)), own - 1)
        return self.points_per_class * self.drawn_classes + own

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps in one pass over the training points."""
        return math.ceil(self.n_train / self.batch_size) if self.batch_size else 1


def make_data(config: ClassifierConfig) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training points, and a test set of the same kind that training never sees.

    Returns:
        x_train (N, 2), y_train (N,), x_test (M, 2), y_test (M,).
    """
    torch.manual_seed(config.seed)
    if config.points:
        own_points = torch.tensor(config.points)
        x_own, y_own = own_points[:, :2], own_points[:, 2].long()
    if config.dataset == "own":
        x_train, y_train, x_test, y_test = split(x_own, y_own, config.test_fraction)
    else:
        x_train, y_train = draw(config, config.points_per_class)
        x_test, y_test = draw(config, config.test_points_per_class)
        if config.points:
            x_train, y_train = torch.cat([x_train, x_own]), torch.cat([y_train, y_own])
    if config.noise > 0:
        y_train = flip_labels(y_train, config.noise, config.n_output)
    return x_train, y_train, x_test, y_test


def prepare(config: ClassifierConfig, x: Tensor, x_train: Tensor) -> Tensor:
    """What the network is given of points x (N, 2): float32 (N, number of features)."""
    inputs = x
    if config.features != ("x1", "x2"):
        inputs = features(x, config.features)
    if config.standardize:
        known = features(x_train, config.features)
        inputs = (inputs - known.mean(dim=0)) / known.std(dim=0).clamp(min=1e-6)
    return inputs


def build_net(config: ClassifierConfig) -> Net:
    """The network with its first weights, the same for the same seed."""
    torch.manual_seed(config.seed)
    activation = nn.Identity if "no_activation" in config.bugs else getattr(nn, config.activation)
    net = Net(
        n_feature=len(config.features),
        n_hidden=config.hidden_sizes,
        n_output=config.n_output,
        activation=activation,
        dropout=config.dropout,
        batch_norm=config.batch_norm,
    )
    if config.init != "default":
        for layer in net.modules():
            if isinstance(layer, nn.Linear):
                getattr(nn.init, config.init)(layer.weight)
                nn.init.zeros_(layer.bias)
    return net


def build_optimizer(config: ClassifierConfig, net: nn.Module) -> torch.optim.Optimizer:
    """The optimizer over all parameters of net."""
    lr = HIGH_LR if "high_lr" in config.bugs else config.lr
    if config.optimizer == "SGD":
        return torch.optim.SGD(
            net.parameters(),
            lr=lr,
            momentum=config.momentum,
            nesterov=config.nesterov,
            weight_decay=config.weight_decay,
        )
    elif config.optimizer == "RMSprop":
        return torch.optim.RMSprop(net.parameters(), lr=lr, momentum=config.momentum, weight_decay=config.weight_decay)
    elif config.optimizer == "Adam":
        return torch.optim.Adam(net.parameters(), lr=lr, weight_decay=config.weight_decay)
    else:
        return torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=config.weight_decay)


def evaluate(
    config: ClassifierConfig, net: nn.Module, loss_func: nn.Module, x: Tensor, y: Tensor, target: Tensor
) -> tuple[float, float]:
    """Loss and accuracy on points the network does not learn from here: eval mode, no gradients."""
    net.eval()
    with torch.no_grad():
        output = net(x)
        if "softmax" in config.bugs:
            output = torch.softmax(output, dim=1)
        loss = loss_func(output, target).item()
        accuracy = (output.argmax(dim=1) == y).float().mean().item()
    net.train()
    return loss, accuracy


def train(
    config: ClassifierConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[Snapshot]:
    """Train, and yield a Snapshot after each step.

    Args:
        changes: step -> {field: value} from that step on, such as {120: {"lr": 0.01}}; may grow while this runs.
        resume: a checkpoint to go on from.
    """
    device = torch.device(config.device)
    x_train, y_train, x_test, y_test = make_data(config)
    net = build_net(config).to(device)
    optimizer = build_optimizer(config, net)
    inputs = prepare(config, x_train, x_train).to(device)
    test_inputs = prepare(config, x_test, x_train).to(device)
    y_train, y_test = y_train.to(device), y_test.to(device)
    if config.loss == "CrossEntropyLoss":
        loss_func: nn.Module = nn.CrossEntropyLoss()
        target, test_target = y_train, y_test
    else:
        loss_func = nn.MSELoss()
        target = nn.functional.one_hot(y_train, config.n_output).float()
        test_target = nn.functional.one_hot(y_test, config.n_output).float()
    order = torch.arange(len(inputs))
    losses: list[float] = []
    first_step = 1
    if resume is not None:
        first_step, order, losses = restore(resume, net, optimizer)
    else:
        yield Snapshot(0, 0, {}, net, optimizer, order)

    for step in range(first_step, config.num_steps + 1):
        if step in changes:
            for group in optimizer.param_groups:
                group["lr"] = changes[step].get("lr", group["lr"])
        if config.batch_size == 0:
            epoch = step
            b_x, b_y = inputs, target
        else:
            epoch = (step - 1) // config.steps_per_epoch + 1
            start = (step - 1) % config.steps_per_epoch * config.batch_size
            if start == 0:
                order = torch.randperm(len(inputs))
            batch = order[start : start + config.batch_size]
            b_x, b_y = inputs[batch], target[batch]

        output = net(b_x)
        if "softmax" in config.bugs:
            output = torch.softmax(output, dim=1)
        loss = loss_func(output, b_y)
        if config.l1 > 0:
            loss = loss + config.l1 * sum(parameter.abs().sum() for parameter in net.parameters())
        metrics = {"loss/train": loss.item()}
        if not math.isfinite(metrics["loss/train"]):
            yield Snapshot(step, epoch, metrics, net, optimizer, order)
            return
        if "no_zero_grad" not in config.bugs:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        if step % config.evaluate_every == 0 or step == config.num_steps:
            _, metrics["accuracy/train"] = evaluate(config, net, loss_func, inputs, y_train, target)
            metrics["loss/test"], metrics["accuracy/test"] = evaluate(
                config, net, loss_func, test_inputs, y_test, test_target
            )
        yield Snapshot(step, epoch, metrics, net, optimizer, order)
        if config.stop == "accuracy":
            if metrics.get("accuracy/test", 0) >= config.target_accuracy:
                return
        if config.stop == "plateau":
            losses.append(metrics["loss/train"])
            if len(losses) > config.patience and step % config.evaluate_every == 0:
                if min(losses[-config.patience :]) > min(losses[: -config.patience]) - 1e-4:
                    return


GRID = 100
"""Points of the boundary picture along each axis."""


@dataclass(frozen=True)
class Scene:
    """What the picture of a config needs beside the network: the points, and the grid the boundary is drawn on."""

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    domain: tuple[float, float, float, float]
    inputs: Tensor


@lru_cache(maxsize=64)
def scene(config: ClassifierConfig) -> Scene:
    """The points of a config, and its boundary grid as network inputs (GRID * GRID, number of features)."""
    with undisturbed(), torch.no_grad():
        x_train, y_train, x_test, y_test = make_data(config)
        domain = nice_domain(torch.cat([x_train, x_test]).numpy())
        across = torch.linspace(domain[0], domain[1], GRID)
        up = torch.linspace(domain[2], domain[3], GRID)
        grid = torch.stack([across.repeat(GRID), up.repeat_interleave(GRID)], dim=1)
        return Scene(x_train, y_train, x_test, y_test, domain, prepare(config, grid, x_train))


def view(config: ClassifierConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """The boundary, each hidden unit's map, the weights and the gradients' sizes."""
    net = snapshot.net
    assert isinstance(net, Net)
    net.eval()
    with torch.no_grad():
        inputs = scene(config).inputs.to(next(net.parameters()).device)
        activations = hidden_activations(net.hidden, inputs)
        output = net.out(activations[-1] if activations else inputs)
        if config.loss == "MSELoss" and "softmax" not in config.bugs:
            probability = output - output.mean(dim=1, keepdim=True) + 1 / config.n_output
        else:
            probability = torch.softmax(output, dim=1)
    net.train()
    maps, scale = unit_maps(activations, GRID)
    levels = 255 // config.n_output
    return Frame(
        snapshot.step,
        snapshot.epoch,
        {
            "decision": decision(probability, levels).reshape(GRID, GRID),
            "units": maps,
            "weights": weights(net),
            "gradient_norm": gradient_norms(net),
        },
        {"levels": levels, "units_scale": scale},
    )


def untrained(config: ClassifierConfig) -> Snapshot:
    """The snapshot of step 0."""
    with undisturbed():
        return next(train(config, {}))


def bench(config: ClassifierConfig) -> Bench:
    """Net, optimizer and first batch, to take one step by hand."""
    with undisturbed():
        x_train, y_train, _, _ = make_data(config)
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        inputs = prepare(config, x_train, x_train)[: config.batch_size or None]
        target = y_train[: config.batch_size or None]

    def loss() -> Tensor:
        output = net(inputs)
        if "softmax" in config.bugs:
            output = torch.softmax(output, dim=1)
        if config.loss == "MSELoss":
            found: Tensor = nn.MSELoss()(output, nn.functional.one_hot(target, config.n_output).float())
        else:
            found = nn.CrossEntropyLoss()(output, target)
        if config.l1 > 0:
            found = found + config.l1 * sum(parameter.abs().sum() for parameter in net.parameters())
        return found

    return Bench(net, optimizer, loss)


def logged_batch(config: ClassifierConfig) -> tuple[Tensor, Tensor]:
    """The test points as the network is given them, and their labels."""
    x_train, _, x_test, y_test = make_data(config)
    return prepare(config, x_test, x_train), y_test


EXPERIMENT = Experiment(
    order=1,
    config=ClassifierConfig,
    train=train,
    view=view,
    untrained=untrained,
    bench=bench,
    logged_batch=logged_batch,
    smallest={"points_per_class": 20, "batch_size": 8, "num_steps": 15, "evaluate_every": 5},
)
