"""Step 7 of the tutorial, classification: a recurrent network that reads a digit row by row."""

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from core import settings
from core.checkpoints import restore
from core.config import Problem, setting
from core.data import image_sets
from core.data.image_sets import ImageSet, load_images
from core.data.wave_kinds import KINDS, POINTS, TEST, TRAIN, wave_kinds, wave_pictures
from core.experiment import Experiment, cell_lanes, classifier_bench
from core.images.config import ImageConfig
from core.images.focus import image_focus, image_frame, looked_at, shown_images
from core.models import RNNClassifier
from core.optimizers import build_optimizer
from core.settings import Device, Optimizer
from core.snapshot import Bench, Frame, Snapshot, undisturbed
from core.views.images import byte_maps, tested

TUTORIAL = "the tutorial's step 7"

SIZE = 28
"""Rows of a digit, and pixels in each."""
TEST_AT_ONCE = 1000
"""Test sequences in one forward pass; between the ends of epochs only so many are tested."""
WAVES = ImageSet(TRAIN, TEST, KINDS)
"""What is known of the waves, which are no images, in the same words."""

Dataset = Literal["digits", "waves", "mnist", "fashion_mnist", "kmnist"]
Cell = Literal["LSTM", "GRU", "RNN"]
Bug = Literal["softmax", "forgotten_batch_first", "no_zero_grad"]


class RNNDigitsConfig(ImageConfig):
    """The settings of the network that reads row by row; the defaults are the tutorial's where it gives one."""

    experiment: ClassVar[str] = "rnn_digits"
    own_images: ClassVar[str] = ""

    # fmt: off
    dataset: Dataset = settings.dataset(
        "digits", Dataset, more={"waves": "waves of four kinds"},
        help="What is read: an image row by row, or a wave point by point. Whole sets are fetched once by torchvision.",
    )
    noise: float = setting(
        0.2, label="Noise on each wave", group="data", low=0, high=2, step=0.05, folded=False,
        shown_if=("dataset", ("waves",)),
        help="How far each point is moved by chance. With more of it a saw looks like a sine.",
    )
    train_size: int = settings.train_size(examples="examples")
    cell: Cell = settings.cell(
        Cell, help="What happens at each row. LSTM and GRU have gates that let memory last to the last row."
    )
    hidden_size: int = settings.hidden_size(64, remembers="the rows it has read")
    num_layers: int = settings.num_layers(folded=False)
    dropout: float = settings.dropout_between_layers()
    compare: bool = settings.compare_cells(Cell)
    seed: int = settings.seed(fixes="first weights, batches, waves")
    optimizer: Optimizer = settings.optimizer("Adam", source=TUTORIAL)
    lr: float = settings.lr(0.005)
    clip: float = settings.clip()
    batch_size: int = settings.batch_size()
    num_epochs: int = settings.num_epochs(12, examples="data")
    evaluate_every: int = settings.evaluate_first()
    device: Device = settings.device(pays="A GPU pays with a large hidden state and large batches.")
    bugs: tuple[Bug, ...] = settings.bugs(Bug)
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
    order=4,
    config=RNNDigitsConfig,
    train=train,
    view=view,
    untrained=untrained,
    lanes=cell_lanes,
    bench=bench,
    logged_batch=logged_batch,
    focus=focus,
    missing=missing,
    pictured=pictured,
    smallest={"train_size": 100, "hidden_size": 8, "batch_size": 20, "num_epochs": 2},
)
