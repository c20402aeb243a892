"""How the network that reads row by row is trained: its examples, its network, and the loop."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoints import restore
from core.data.image_sets import load_images
from core.data.wave_kinds import wave_kinds
from core.experiments.rnn_digits.config import RNNDigitsConfig
from core.models import RNNClassifier
from core.optimizers import build_optimizer
from core.snapshot import Snapshot

TEST_AT_ONCE = 1000
"""Test sequences in one forward pass; between the ends of epochs no more are tested."""


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
        resume: a checkpoint to continue from.

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
