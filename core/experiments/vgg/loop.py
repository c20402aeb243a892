"""How the VGG is trained: its images, its network, and the loop."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoints import restore
from core.data.digits import augment, mirror
from core.data.image_sets import load_images
from core.experiments.vgg.config import VGGConfig
from core.models import VGG
from core.optimizers import build_optimizer
from core.snapshot import Snapshot

TESTED = 1000
"""Test images that are used between the ends of epochs."""


def make_data(config: VGGConfig) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images, and test images that training never sees.

    Returns:
        images uint8 (N, H, W), or (N, 3, H, W) in colour, labels int64 (N,), and the same to test with.
    """
    images, labels, test_images, test_labels = load_images(config)
    if config.train_size > 0:
        images, labels = images[: config.train_size], labels[: config.train_size]
    if "shuffled_labels" in config.bugs:
        torch.manual_seed(config.seed)
        labels = labels[torch.randperm(len(labels))]
    return images, labels, test_images, test_labels


def to_input(config: VGGConfig, images: Tensor) -> Tensor:
    """What the network is given of images uint8: float32 (N, channels, size, size) from -1 to 1."""
    x = images.float() / 255
    if config.grey_data:
        x = x.unsqueeze(1)
        if config.in_channels == 3:
            x = x.expand(-1, 3, -1, -1)
    elif config.in_channels == 1:
        x = x.mean(dim=1, keepdim=True)
    if config.border > 0:
        x = nn.functional.pad(x, [config.border] * 4)
    if config.resized:
        x = nn.functional.interpolate(x, size=config.size, mode="bilinear")
    return 2 * x - 1


def initialise(config: VGGConfig, net: VGG) -> None:
    """First weights of the convolutions other than PyTorch's."""
    for layer in net.features:
        if isinstance(layer, nn.Conv2d):
            if config.init == "kaiming":
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            else:
                nn.init.normal_(layer.weight, std=0.001)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)


def build_net(config: VGGConfig) -> VGG:
    """The network with its first weights, the same for the same seed."""
    torch.manual_seed(config.seed)
    net = VGG(
        config.scaled_cfg,
        config.n_features,
        batch_norm=config.batch_norm,
        in_channels=config.in_channels,
        hidden=config.hidden,
        dropout=config.dropout,
        n_output=config.n_classes,
    )
    if config.init != "default":
        initialise(config, net)
    if config.channels_last:
        net = net.to(memory_format=torch.channels_last)
    return net


def evaluate(config: VGGConfig, net: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Loss and accuracy on images that the network does not learn from: eval mode, no gradients."""
    loss_func = nn.CrossEntropyLoss(reduction="sum")
    loss, correct = 0.0, 0
    if "no_eval" not in config.bugs:
        net.eval()
    with torch.no_grad():
        for start in range(0, len(images), config.batch_size):
            y = labels[start : start + config.batch_size]
            x = to_input(config, images[start : start + config.batch_size])
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
    config: VGGConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
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
    net = build_net(config).to(device)
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
        b_x, b_y = to_input(config, images[batch]), labels[batch]
        if config.shift > 0:
            b_x = augment(b_x, config.shift, 0)
        if config.flip:
            b_x = mirror(b_x)

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
            shown = len(test_images) if end_of_epoch else TESTED
            metrics["accuracy/train"] = (output.argmax(dim=1) == b_y).float().mean().item()
            metrics["loss/test"], metrics["accuracy/test"] = evaluate(
                config, net, test_images[:shown], test_labels[:shown]
            )
        yield Snapshot(step, epoch, metrics, net, optimizer, order)
