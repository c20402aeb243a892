"""An autoencoder: digits are squeezed through a few numbers, and drawn again from these alone."""

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from core import settings
from core.checkpoints import restore
from core.config import EpochConfig, Problem, setting
from core.data.digits import digits
from core.experiment import Experiment
from core.optimizers import build_optimizer
from core.settings import Device, Optimizer
from core.snapshot import Bench, Frame, Snapshot, undisturbed
from core.views.images import projection

DIGITS = 4000
"""Digits to train on."""

Bug = Literal["no_zero_grad", "no_activation"]


class AutoencoderConfig(EpochConfig):
    """The settings of the autoencoder."""

    experiment: ClassVar[str] = "autoencoder"

    # fmt: off
    train_size: int = settings.train_size()
    code_size: int = setting(
        2, label="Numbers in the code", group="network", low=1, high=32, step=1, folded=False,
        help="All that the decoder is told of a digit. With two of them the code can be drawn as a map.",
    )
    seed: int = settings.seed(fixes="first weights, order of the digits")
    optimizer: Optimizer = settings.optimizer("Adam")
    lr: float = settings.lr(0.002)
    batch_size: int = settings.batch_size(examples="Digits")
    num_epochs: int = settings.num_epochs(12)
    evaluate_every: int = settings.evaluate_every(40, help="How often all 1,000 test digits are drawn and compared.")
    device: Device = settings.device(pays="So small a network is quickest on the CPU.")
    bugs: tuple[Bug, ...] = settings.bugs(Bug, more={"no_activation": "no activation between the layers"})
    # fmt: on

    def problems(self) -> Iterator[Problem]:
        if 0 < self.train_size < self.batch_size:
            yield Problem("train_size", "At least one batch of training images is needed.")

    @property
    def n_train(self) -> int:
        """The number of digits to train on."""
        return min(self.train_size or DIGITS, DIGITS)


class Autoencoder(nn.Module):
    """Two halves: an encoder that makes a code of an image, a decoder that makes the image of the code."""

    def __init__(self, code_size: int = 2, activation: type[nn.Module] = nn.ReLU):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(784, 128), activation(), nn.Linear(128, 32), activation(), nn.Linear(32, code_size)
        )
        self.decoder = nn.Sequential(
            nn.Linear(code_size, 32), activation(), nn.Linear(32, 128), activation(), nn.Linear(128, 784), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, 784) -> their reconstructions (N, 784), each pixel from 0 to 1."""
        code = self.encoder(x)  # (N, 784) -> (N, code_size)
        output: Tensor = self.decoder(code)  # (N, code_size) -> (N, 784)
        return output


def make_data(config: AutoencoderConfig) -> tuple[Tensor, Tensor]:
    """Digits to train on and digits to test with, float32 (N, 784) from 0 to 1; nobody asks for their labels."""
    images, _, test_images, _ = digits()
    if config.train_size > 0:
        images = images[: config.train_size]
    return images.flatten(1) / 255, test_images.flatten(1) / 255


def build_net(config: AutoencoderConfig) -> Autoencoder:
    """The network with its first weights, the same for the same seed."""
    torch.manual_seed(config.seed)
    activation = nn.Identity if "no_activation" in config.bugs else nn.ReLU
    return Autoencoder(code_size=config.code_size, activation=activation)


def evaluate(net: nn.Module, x: Tensor) -> float:
    """The loss on digits that the network does not learn from: eval mode, no gradients."""
    net.eval()
    with torch.no_grad():
        loss: float = nn.MSELoss()(net(x), x).item()
    net.train()
    return loss


def train(
    config: AutoencoderConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[Snapshot]:
    """Train, and yield a Snapshot after each step.

    Args:
        changes: step -> {field: value} from that step on, such as {120: {"lr": 0.01}}; may grow while this runs.
        resume: a checkpoint to continue from.
    """
    device = torch.device(config.device)
    images, test_images = (part.to(device) for part in make_data(config))
    net = build_net(config).to(device)
    optimizer = build_optimizer(config, net)
    loss_func = nn.MSELoss()
    order = torch.arange(len(images))
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
            order = torch.randperm(len(images))
        x = images[order[start : start + config.batch_size]]

        output = net(x)
        loss = loss_func(output, x)
        metrics = {"loss/train": loss.item()}
        if not math.isfinite(metrics["loss/train"]):
            yield Snapshot(step, epoch, metrics, net, optimizer, order)
            return
        if "no_zero_grad" not in config.bugs:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        if step % config.steps_per_epoch == 0 or step % config.evaluate_every == 0:
            metrics["loss/test"] = evaluate(net, test_images)
        yield Snapshot(step, epoch, metrics, net, optimizer, order)


REDRAWN = 12
"""Test digits that are drawn beside their reconstructions."""
PLACED = 300
"""Test digits that are placed by their codes."""


@lru_cache(maxsize=1)
def test_digits() -> tuple[Tensor, Tensor]:
    """The test digits that are looked at, uint8 (300, 28, 28), and their labels (300,)."""
    _, _, images, labels = digits()
    return images[:PLACED], labels[:PLACED]


def view(config: AutoencoderConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """What the screen draws of one step.

    Returns:
        input and output uint8 (12, 28, 28); places float32 (300, 2), each digit's code, its two main directions if it
        has more than two numbers; labels uint8 (300,).
    """
    net = snapshot.net
    assert isinstance(net, Autoencoder)
    images, labels = test_digits()
    x = images.flatten(1).to(next(net.parameters()).device) / 255
    with torch.no_grad():
        code = torch.nan_to_num(net.encoder(x))
        output = (255 * torch.nan_to_num(net.decoder(code[:REDRAWN]))).round().to(torch.uint8)
    arrays = {
        "input": images[:REDRAWN].numpy(),
        "output": output.reshape(-1, 28, 28).cpu().numpy(),
        "places": projection(code, labels) if config.code_size > 2 else as_places(code).cpu().numpy(),
        "labels": labels.to(torch.uint8).numpy(),
    }
    return Frame(snapshot.step, snapshot.epoch, arrays)


def as_places(code: Tensor) -> Tensor:
    """Codes of one or two numbers (N, 1 or 2) as places (N, 2) from -1 to 1."""
    places = nn.functional.pad(code, (0, 2 - code.shape[1]))
    return places / places.abs().amax(dim=0).clamp(min=1e-12)


def untrained(config: AutoencoderConfig) -> Snapshot:
    """The snapshot of step 0."""
    with undisturbed():
        net = build_net(config).to(config.device)
        return Snapshot(0, 0, {}, net, build_optimizer(config, net), torch.arange(config.n_train))


def bench(config: AutoencoderConfig) -> Bench:
    """Net, optimizer and first batch, to take one step by hand."""
    with undisturbed():
        images, _ = make_data(config)
        net = build_net(config)
        x = images[: config.batch_size]
        return Bench(net, build_optimizer(config, net), lambda: nn.MSELoss()(net(x), x))


def logged_batch(config: AutoencoderConfig) -> tuple[Tensor, Tensor]:
    """The first test digits: what goes in, and what should come out."""
    _, test_images = make_data(config)
    return test_images[:100], test_images[:100]


EXPERIMENT = Experiment(
    config=AutoencoderConfig,
    train=train,
    view=view,
    untrained=untrained,
    bench=bench,
    logged_batch=logged_batch,
    smallest={"train_size": 100, "batch_size": 20, "num_epochs": 2},
)
