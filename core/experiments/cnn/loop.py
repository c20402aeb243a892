"""How the CNN is trained: its images, its network, and the loop."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoints import restore
from core.data.digits import augment
from core.data.image_sets import load_images
from core.experiments.cnn.config import CNNConfig
from core.models import CNN
from core.optimizers import build_optimizer
from core.snapshot import Snapshot

MEAN, STD = 0.1307, 0.3081
"""Mean and standard deviation of MNIST's training pixels, as in pytorch/examples mnist/main.py."""
TEST_AT_ONCE = 1000
"""Test images in one forward pass; between the ends of epochs no more are tested."""


def make_data(config: CNNConfig) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images, and test images that training never sees.

    Returns:
        images uint8 (N, 28, 28), labels int64 (N,), test images uint8 (M, 28, 28), test labels int64 (M,).
    """
    images, labels, test_images, test_labels = load_images(config)
    if config.train_size > 0:
        images, labels = images[: config.train_size], labels[: config.train_size]
    if "shuffled_labels" in config.bugs:
        torch.manual_seed(config.seed)
        labels = labels[torch.randperm(len(labels))]
    return images, labels, test_images, test_labels


def to_input(images: Tensor, normalize: bool) -> Tensor:
    """What the network is given of images uint8 (N, 28, 28): float32 (N, 1, 28, 28) from 0 to 1, or normalised."""
    x = images.unsqueeze(1).float() / 255
    if normalize:
        x = (x - MEAN) / STD
    return x


def build_net(config: CNNConfig) -> CNN:
    """The network with its first weights, the same for the same seed."""
    torch.manual_seed(config.seed)
    return CNN(
        channels1=config.channels1,
        channels2=config.channels2,
        channels3=config.channels3,
        kernel_size=config.kernel_size,
        stride=config.stride,
        padding=config.padding,
        pooling=getattr(nn, config.pooling),
        activation=getattr(nn, config.activation),
        dropout=config.dropout,
        batch_norm=config.batch_norm,
        size=config.map_size,
        n_output=config.n_classes,
    )


def evaluate(config: CNNConfig, net: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Loss and accuracy on images uint8 (M, 28, 28) that the network does not learn from: eval mode, no gradients."""
    loss_func = nn.CrossEntropyLoss(reduction="sum")
    loss, correct = 0.0, 0
    if "no_eval" not in config.bugs:
        net.eval()
    with torch.no_grad():
        for start in range(0, len(images), TEST_AT_ONCE):
            y = labels[start : start + TEST_AT_ONCE]
            x = to_input(images[start : start + TEST_AT_ONCE], config.normalize_test)
            if config.precision == "bfloat16":
                with torch.autocast(images.device.type, dtype=torch.bfloat16):
                    output = net(x).float()
            else:
                output = net(x)
            loss += loss_func(output, y).item()
            correct += int((output.argmax(dim=1) == y).sum())
    net.train()
    return loss / len(images), correct / len(images)


def train(
    config: CNNConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[Snapshot]:
    """Train, and yield a Snapshot after each step.

    Args:
        changes: step -> {field: value} from that step on, such as {120: {"lr": 0.01}}; may grow while this runs.
        resume: a checkpoint to continue from.

    Raises:
        ConnectionError: the images can't be fetched.
    """
    device = torch.device(config.device)
    images, labels, test_images, test_labels = (part.to(device) for part in make_data(config))
    net = build_net(config).to(device).to(memory_format=torch.channels_last)
    optimizer = build_optimizer(config, net)
    loss_func = nn.CrossEntropyLoss()
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
        batch = order[start : start + config.batch_size]
        b_x, b_y = to_input(images[batch], config.normalize), labels[batch]
        if config.shift > 0 or config.rotate > 0:
            b_x = augment(b_x, config.shift, config.rotate)

        if config.precision == "bfloat16":
            with torch.autocast(device.type, dtype=torch.bfloat16):
                output = net(b_x)
                loss = loss_func(output, b_y)
        else:
            output = net(b_x)
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
            shown = len(test_images) if end_of_epoch else TEST_AT_ONCE
            metrics["accuracy/train"] = (output.argmax(dim=1) == b_y).float().mean().item()
            metrics["loss/test"], metrics["accuracy/test"] = evaluate(
                config, net, test_images[:shown], test_labels[:shown]
            )
        yield Snapshot(step, epoch, metrics, net, optimizer, order)
