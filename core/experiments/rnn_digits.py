"""Step 7 of the tutorial, classification: a recurrent network that reads a digit row by row."""

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from core.checkpoints import restore
from core.config import Config, Device, Optimizer, Problem, setting
from core.data import image_sets
from core.data.image_sets import ImageSet, load_images
from core.data.wave_kinds import KINDS, POINTS, TEST, TRAIN, wave_kinds, wave_pictures
from core.experiments.base import Experiment, bug_lanes, classifier_bench
from core.experiments.image_config import ImageConfig
from core.experiments.image_focus import image_focus, image_frame, looked_at, shown_images
from core.experiments.optimizers import build_optimizer
from core.models import RNNClassifier
from core.snapshot import Bench, Frame, Snapshot, undisturbed
from core.views.images import byte_maps, tested

TUTORIAL = "the tutorial's step 7"
PYTORCH = "PyTorch's default"

SIZE = 28
"""Rows of a digit, and pixels in each."""
TEST_AT_ONCE = 1000
"""Test sequences in one forward pass; between the ends of epochs only so many are tested."""
WAVES = ImageSet(TRAIN, TEST, KINDS)
"""What is known of the waves, which are no images, in the same words."""
CELLS = ("RNN", "LSTM", "GRU")

Bug = Literal["softmax", "forgotten_batch_first", "no_zero_grad"]


# fmt: off
class RNNDigitsConfig(ImageConfig):
    """The settings of the network that reads row by row; the defaults are the tutorial's where it gives one."""

    experiment: ClassVar[str] = "rnn_digits"

    dataset: Literal["digits", "waves", "mnist", "fashion_mnist", "kmnist"] = setting(
        "digits", label="Data set", group="data", folded=False,
        choices={
            "digits": "5,000 digits", "waves": "waves of four kinds", "mnist": "MNIST, 70,000",
            "fashion_mnist": "Fashion-MNIST", "kmnist": "KMNIST",
        },
        help="What is read: an image row by row, or a wave point by point. Whole sets are fetched once by torchvision.",
    )
    noise: float = setting(
        0.2, label="Noise on each wave", group="data", low=0, high=2, step=0.05, folded=False,
        shown_if=("dataset", ("waves",)),
        help="How far each point is moved by chance. With more of it a saw looks like a sine.",
    )
    train_size: int = setting(
        0, label="Training examples (0 = all)", group="data", low=0, high=60_000, step=100,
        help="Train on the first so many only. With few of them the network learns them by heart.",
    )
    cell: Literal["LSTM", "GRU", "RNN"] = setting(
        "LSTM", label="Cell", group="network", folded=False,
        choices={"LSTM": "LSTM", "GRU": "GRU", "RNN": "RNN"},
        help="What happens at each row. LSTM and GRU have gates that let memory last to the last row.",
    )
    hidden_size: int = setting(
        64, label="Hidden size", group="network", low=1, high=256, step=1, folded=False,
        help="Numbers in the hidden state: all that the network remembers of the rows it has read.",
    )
    num_layers: int = setting(
        1, label="Number of layers", group="network", low=1, high=4, step=1, folded=False, source=PYTORCH,
        help="Recurrent layers, one on the other: each reads the hidden states of the one below.",
    )
    dropout: float = setting(
        0.0, label="Dropout", group="network", low=0, high=0.9, step=0.05, source=PYTORCH,
        help="The share of numbers set to zero between two layers while training. With one layer it does nothing.",
    )
    compare: bool = setting(
        False, label="LSTM, GRU and RNN side by side", group="network", folded=False,
        help="Train the other two cells beside this one, on the same data and from the same seed.",
    )
    seed: int = setting(
        1, label="Seed", group="network", low=0, high=9999, step=1,
        help="Fixes all chance: first weights, batches, waves. The same seed gives the same run, bit for bit.",
    )
    optimizer: Optimizer = setting(
        "Adam", label="Optimizer", group="training", folded=False, source=TUTORIAL,
        choices={"SGD": "SGD", "Adam": "Adam", "AdamW": "AdamW", "RMSprop": "RMSprop"},
        help="The rule that turns gradients into steps.",
    )
    lr: float = setting(
        0.005, label="Learning rate", group="training", low=1e-5, high=10, log=True, folded=False, live=True,
        help="How far each step goes. Too small crawls, too large forgets; it acts at once, also while it trains.",
    )
    clip: float = setting(
        0.0, label="Clip gradients at (0 = off)", group="training", low=0, high=10, step=0.1,
        help="Shorten the gradient to this length when it is longer. It tames gradients that explode.",
    )
    batch_size: int = setting(
        50, label="Batch size", group="training", low=16, high=512, step=1, folded=False,
        help="Examples per step. Larger batches give calmer steps, but fewer of them in an epoch.",
    )
    num_epochs: int = setting(
        12, label="Epochs to run", group="training", low=1, high=100, step=1,
        help="How often a run sees all training data. Raise it after a run has ended and Play goes on from there.",
    )
    evaluate_every: int = setting(
        50, label="Evaluate every N steps", group="training", low=1, high=1000, step=1,
        help="How often the test set is tried. Between the ends of epochs it is its first 1,000 examples.",
    )
    device: Device = setting(
        "auto", label="Device", group="training",
        help="Where tensors live and are computed. A GPU pays with a large hidden state and large batches.",
    )
    bugs: tuple[Bug, ...] = setting(
        (), label="Bugs", group="training", length=(0, 3),
        choices={
            "softmax": "softmax before the loss", "forgotten_batch_first": "forgotten batch_first",
            "no_zero_grad": "no zero_grad",
        },
        help="Classic mistakes. Each is trained beside the correct run, from the same seed.",
    )

    # fmt: on
    def problems(self) -> Iterator[Problem]:
        if 0 < self.train_size < self.batch_size:
            yield Problem("train_size", "At least one batch of training examples is needed.")
        if self.compare and self.bugs:
            yield Problem("compare", "Either the three cells side by side, or a bug beside the correct run.")

    @property
    def image_set(self) -> ImageSet:
        """What is known of the examples that are read."""
        return WAVES if self.dataset == "waves" else super().image_set

    @property
    def time_steps(self) -> int:
        """Time steps of one example: rows of an image, or points of a wave."""
        return POINTS if self.dataset == "waves" else SIZE

    @property
    def input_size(self) -> int:
        """Numbers at each time step."""
        return 1 if self.dataset == "waves" else SIZE


def make_data(config: RNNDigitsConfig) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training examples (N, time, feature) and labels (N,), and the same to test with; images are uint8."""
    if config.dataset == "waves":
        examples, labels, test_examples, test_labels = wave_kinds(config.noise, config.seed)
    else:
        examples, labels, test_examples, test_labels = load_images(config)
    if config.train_size > 0:
        examples, labels = examples[: config.train_size], labels[: config.train_size]
    return examples, labels, test_examples, test_labels


def to_input(config: RNNDigitsConfig, examples: Tensor) -> Tensor:
    """What the network is given: float32 (batch, time, feature); each row of an image is a time step."""
    if config.dataset == "waves":
        return examples
    return examples.float() / 255


def build_net(config: RNNDigitsConfig) -> RNNClassifier:
    """The network with its first weights, the same for the same seed."""
    torch.manual_seed(config.seed)
    return RNNClassifier(
        input_size=config.input_size,
        hidden_size=config.hidden_size,
        num_layers=config.num_layers,
        cell=getattr(nn, config.cell),
        batch_first="forgotten_batch_first" not in config.bugs,
        dropout=config.dropout,
        n_output=config.n_classes,
    )


def evaluate(config: RNNDigitsConfig, net: nn.Module, examples: Tensor, labels: Tensor) -> tuple[float, float]:
    """Loss and accuracy on examples that the network does not learn from: eval mode, no gradients."""
    loss_func = nn.CrossEntropyLoss(reduction="sum")
    loss, correct = 0.0, 0
    net.eval()
    with torch.no_grad():
        for start in range(0, len(examples), TEST_AT_ONCE):
            y = labels[start : start + TEST_AT_ONCE]
            output = net(to_input(config, examples[start : start + TEST_AT_ONCE]))
            if "softmax" in config.bugs:
                output = torch.softmax(output, dim=1)
            loss += loss_func(output, y).item()
            correct += int((output.argmax(dim=1) == y).sum())
    net.train()
    return loss / len(examples), correct / len(examples)


def train(
    config: RNNDigitsConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[Snapshot]:
    """Train, and yield a Snapshot after each step.

    Args:
        changes: step -> {field: value} from that step on, such as {120: {"lr": 0.01}}; may grow while this runs.
        resume: a checkpoint to go on from.

    Raises:
        ConnectionError: the images can't be fetched.
    """
    device = torch.device(config.device)
    examples, labels, test_examples, test_labels = (part.to(device) for part in make_data(config))
    net = build_net(config).to(device)
    optimizer = build_optimizer(config, net)
    loss_func = nn.CrossEntropyLoss()
    order = torch.arange(len(examples))
    first_step = 1
    if resume is not None:
        first_step, order, _ = restore(resume, net, optimizer)
    else:
        yield Snapshot(0, 0, {}, net, optimizer, order)

    for step in range(first_step, config.num_steps + 1):
        if step in changes:
            for group in optimizer.param_groups:
                group["lr"] = changes[step].get("lr", group["lr"])
        epoch = (step - 1) // config.steps_per_epoch + 1
        start = (step - 1) % config.steps_per_epoch * config.batch_size
        if start == 0:
            order = torch.randperm(len(examples))
        batch = order[start : start + config.batch_size]
        b_x, b_y = to_input(config, examples[batch]), labels[batch]

        output = net(b_x)
        if "softmax" in config.bugs:
            output = torch.softmax(output, dim=1)
        loss = loss_func(output, b_y)
        metrics = {"loss/train": loss.item()}
        if not math.isfinite(metrics["loss/train"]):
            yield Snapshot(step, epoch, metrics, net, optimizer, order)
            return
        if "no_zero_grad" not in config.bugs:
            optimizer.zero_grad()
        loss.backward()
        if config.clip > 0:
            nn.utils.clip_grad_norm_(net.parameters(), config.clip)
        optimizer.step()

        end_of_epoch = step % config.steps_per_epoch == 0
        if end_of_epoch or step % config.evaluate_every == 0:
            shown = len(test_examples) if end_of_epoch else TEST_AT_ONCE
            metrics["accuracy/train"] = (output.argmax(dim=1) == b_y).float().mean().item()
            metrics["loss/test"], metrics["accuracy/test"] = evaluate(
                config, net, test_examples[:shown], test_labels[:shown]
            )
        yield Snapshot(step, epoch, metrics, net, optimizer, order)


PARTS = ("reading", "test")
"""What a viewer may look at: one example as it is read, or what the test set shows."""
MOST_UNITS = 64
"""Hidden units on the screen at most."""


@lru_cache(maxsize=8)
def test_waves(noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """The waves to test with (1000, time, 1), and their kinds (1000,)."""
    with undisturbed():
        _, _, waves, kinds = wave_kinds(noise, seed)
        return waves, kinds


def shown_examples(config: RNNDigitsConfig) -> tuple[Tensor, Tensor]:
    """The test examples that are looked at, and their labels; none before the images are here."""
    return test_waves(config.noise, config.seed) if config.dataset == "waves" else shown_images(config)


def focus(asked: Any) -> dict[str, Any]:
    """What a viewer asks to look at, checked, see `image_focus`."""
    return image_focus(asked, PARTS)


def class_names(config: RNNDigitsConfig) -> list[str]:
    """The classes by name."""
    return list(KINDS) if config.dataset == "waves" else image_sets.class_names(config)


def missing(config: RNNDigitsConfig) -> Problem | None:
    """Why a run can't start yet: its images were not fetched."""
    return None if config.dataset == "waves" else image_sets.missing(config)


def subject(config: RNNDigitsConfig, focus: Mapping[str, Any]) -> tuple[Tensor, int]:
    """The example that is read, and its label; -1 for a drawing, or before the images are here."""
    return looked_at(focus, *shown_examples(config), drawn=config.dataset != "waves")


def view(config: RNNDigitsConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """What the screen draws of one step: the part that the viewer looks at."""
    net = snapshot.net
    assert isinstance(net, RNNClassifier)
    example, label = subject(config, focus)
    views = {"reading": lambda: view_reading(config, net, example), "test": lambda: view_test(config, net)}
    return image_frame(snapshot, focus, label, views)


def view_reading(config: RNNDigitsConfig, net: RNNClassifier, example: Tensor) -> dict[str, np.ndarray]:
    """One example as it is read: after each row the hidden state, and what the network would say if it were the last.

    Returns:
        input (time, feature) as the data has it; hidden uint8 (1, time, units); probability float32 (time, classes).
    """
    r_out, _ = net.rnn(to_input(config, example[None]).to(net.out.weight.device))
    probability = torch.softmax(net.out(r_out[0]), dim=1)
    units = torch.linspace(0, r_out.shape[2] - 1, min(MOST_UNITS, r_out.shape[2])).round().long()
    return {
        "input": example.numpy(),
        "hidden": byte_maps(r_out[:, :, units]),
        "probability": torch.nan_to_num(probability).cpu().numpy(),
    }


def view_test(config: RNNDigitsConfig, net: RNNClassifier) -> dict[str, np.ndarray]:
    """The first 1,000 test examples: confusion matrix, surest mistakes, and the last hidden states in 2-D."""
    examples, labels = shown_examples(config)
    images = wave_pictures(examples) if config.dataset == "waves" else examples
    if not len(examples):
        hidden = net.out.weight.new_zeros(0, config.hidden_size)
    else:
        hidden = net.rnn(to_input(config, examples).to(net.out.weight.device))[0][:, -1]
    return tested(images, labels, hidden, net.out(hidden), config.n_classes)


def untrained(config: RNNDigitsConfig) -> Snapshot:
    """The snapshot of step 0; it needs no images."""
    with undisturbed():
        net = build_net(config).to(config.device)
        return Snapshot(0, 0, {}, net, build_optimizer(config, net), torch.arange(config.n_train))


def lanes(config: RNNDigitsConfig) -> dict[str, Config]:
    """The run itself and, beside it, the correct run where a bug is switched on, or the other two cells."""
    if config.compare:
        return {"run": config, **{c: config.changed(cell=c) for c in CELLS if c != config.cell}}
    return bug_lanes(config)


def bench(config: RNNDigitsConfig) -> Bench:
    """Net, optimizer and first batch, to take one step by hand."""
    with undisturbed():
        examples, labels, _, _ = make_data(config)
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        x, y = to_input(config, examples[: config.batch_size]), labels[: config.batch_size]
    return classifier_bench(net, optimizer, x, y)


LOGGED = 500
"""Test images that are logged at most."""


def logged_batch(config: RNNDigitsConfig) -> tuple[Tensor, Tensor]:
    """The first test examples as the network is given them, and their labels."""
    _, _, test_examples, test_labels = make_data(config)
    return to_input(config, test_examples[:LOGGED]), test_labels[:LOGGED]


def pictured(config: RNNDigitsConfig) -> bool:
    """Whether the examples are images."""
    return config.dataset != "waves"


EXPERIMENT = Experiment(
    "rnn_digits", RNNDigitsConfig, train, view, untrained, lanes, bench, logged_batch, focus, missing, pictured,
    smallest={"train_size": 100, "hidden_size": 8, "batch_size": 20, "num_epochs": 2},
)  # fmt: skip
