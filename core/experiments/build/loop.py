"""How a network of one's own is trained: its examples, the network, and the loop."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from core.blocks.fitting import TESTED_AT_ONCE
from core.checkpoints import restore
from core.data.image_sets import load_images
from core.data.points import draw
from core.experiments.build.config import BuildConfig
from core.optimizers import build_optimizer
from core.snapshot import Snapshot

TEST_AT_ONCE = TESTED_AT_ONCE
"""Test examples in one forward pass."""
SHOWN = 1000
"""Test examples that are used between the ends of epochs."""


def make_data(config: BuildConfig) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training examples and their labels, and the same of a test set that training never sees.

    Returns:
        points float32 (N, 2), or images uint8 (N, H, W) or (N, 3, H, W), and labels int64 (N,), twice.
    """
    if config.on_points:
        torch.manual_seed(config.seed)
        x_train, y_train = draw(config, config.points_per_class)
        x_test, y_test = draw(config, config.points_per_class)
    else:
        x_train, y_train, x_test, y_test = load_images(config)
        if config.train_size > 0:
            x_train, y_train = x_train[: config.train_size], y_train[: config.train_size]
    return x_train, y_train, x_test, y_test


def to_input(config: BuildConfig, x: Tensor) -> Tensor:
    """What the network is given: points as they are, images as float32 (N, C, H, W) from 0 to 1."""
    if config.on_points:
        return x
    if config.grey:
        x = x.unsqueeze(1)
    return x.float() / 255


def build_net(config: BuildConfig) -> nn.Module:
    """The network with its first weights, the same for the same seed."""
    torch.manual_seed(config.seed)
    return config.Net()


def evaluate(config: BuildConfig, net: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Loss and accuracy on examples that the network does not learn from: eval mode, no gradients."""
    loss_func = nn.CrossEntropyLoss(reduction="sum")
    loss, correct = 0.0, 0
    if "no_eval" not in config.bugs:
        net.eval()
    with torch.no_grad():
        for start in range(0, len(x), TEST_AT_ONCE):
            b_y = y[start : start + TEST_AT_ONCE]
            output = net(to_input(config, x[start : start + TEST_AT_ONCE]))
            if "softmax" in config.bugs:
                output = torch.softmax(output, dim=1)
            loss += loss_func(output, b_y).item()
            correct += int((output.argmax(dim=1) == b_y).sum())
    net.train()
    return loss / len(x), correct / len(x)


def train(
    config: BuildConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[Snapshot]:
    """Train, and yield a Snapshot after each step.

    Args:
        changes: step -> {field: value} from that step on, such as {120: {"lr": 0.01}}; may grow while this runs.
        resume: a checkpoint to continue from.

    Raises:
        ConnectionError: the images can't be fetched.
    """
    device = torch.device(config.device)
    x_train, y_train, x_test, y_test = (part.to(device) for part in make_data(config))
    net = build_net(config).to(device)
    optimizer = build_optimizer(config, net)
    loss_func = nn.CrossEntropyLoss()
    order = torch.arange(len(x_train))
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
            order = torch.randperm(len(x_train))
        batch = order[start : start + config.batch_size]
        b_x, b_y = to_input(config, x_train[batch]), y_train[batch]

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
        optimizer.step()

        end_of_epoch = step % config.steps_per_epoch == 0
        if end_of_epoch or step % config.evaluate_every == 0:
            shown = len(x_test) if end_of_epoch else SHOWN
            metrics["accuracy/train"] = (output.argmax(dim=1) == b_y).float().mean().item()
            metrics["loss/test"], metrics["accuracy/test"] = evaluate(config, net, x_test[:shown], y_test[:shown])
        yield Snapshot(step, epoch, metrics, net, optimizer, order)
