"""How the classifier is trained: its points, its network, and the loop."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoints import restore
from core.data.points import draw, features, flip_labels, split
from core.experiments.classifier.config import ClassifierConfig
from core.models import Net
from core.snapshot import Snapshot

HIGH_LR = 50.0
"""The learning rate of the bug switch: the tutorial's clouds survive 5 and end in NaN at 50."""


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


def set_aside(config: ClassifierConfig, x_train: Tensor, y_train: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Validation points, which training never sees either: fresh ones, or a share of the own points.

    Returns:
        x_train (N, 2), y_train (N,), x_validation (V, 2), y_validation (V,).
    """
    if config.dataset == "own":
        return split(x_train, y_train, config.validation_fraction)
    else:
        x_validation, y_validation = draw(config, config.validation_points_per_class)
        return x_train, y_train, x_validation, y_validation


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


@dataclass
class ValidatedSnapshot(Snapshot):
    """What one training step leaves behind, where the validation loss decides when to stop.

    Attributes:
        lowest_loss: the lowest validation loss so far.
        lowest_step: the step it was measured at.
    """

    lowest_loss: float = math.inf
    lowest_step: int = 0


def train(
    config: ClassifierConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[Snapshot]:
    """Train, and yield a Snapshot after each step.

    Args:
        changes: step -> {field: value} from that step on, such as {120: {"lr": 0.01}}; may grow while this runs.
        resume: a checkpoint to continue from.
    """
    device = torch.device(config.device)
    x_train, y_train, x_test, y_test = make_data(config)
    if config.validates:
        x_train, y_train, x_validation, y_validation = set_aside(config, x_train, y_train)
    net = build_net(config).to(device)
    optimizer = build_optimizer(config, net)
    inputs = prepare(config, x_train, x_train).to(device)
    test_inputs = prepare(config, x_test, x_train).to(device)
    y_train, y_test = y_train.to(device), y_test.to(device)
    if config.validates:
        validation_inputs = prepare(config, x_validation, x_train).to(device)
        y_validation = y_validation.to(device)
    if config.loss == "CrossEntropyLoss":
        loss_func: nn.Module = nn.CrossEntropyLoss()
        target, test_target = y_train, y_test
        if config.validates:
            validation_target = y_validation
    else:
        loss_func = nn.MSELoss()
        target = nn.functional.one_hot(y_train, config.n_output).float()
        test_target = nn.functional.one_hot(y_test, config.n_output).float()
        if config.validates:
            validation_target = nn.functional.one_hot(y_validation, config.n_output).float()
    order = torch.arange(len(inputs))
    losses: list[float] = []
    if config.stop == "validation_loss":
        lowest_loss, lowest_step = math.inf, 0
    first_step = 1
    if resume is not None:
        first_step, order, losses = restore(resume, net, optimizer)
        if config.stop == "validation_loss":
            lowest_loss, lowest_step = float(resume["lowest_loss"]), int(resume["lowest_step"])
    elif config.stop == "validation_loss":
        yield ValidatedSnapshot(0, 0, {}, net, optimizer, order)
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
            if config.validates:
                metrics["loss/validation"], metrics["accuracy/validation"] = evaluate(
                    config, net, loss_func, validation_inputs, y_validation, validation_target
                )
            metrics["loss/test"], metrics["accuracy/test"] = evaluate(
                config, net, loss_func, test_inputs, y_test, test_target
            )
        if config.stop == "validation_loss":
            if metrics.get("loss/validation", math.inf) < lowest_loss:
                lowest_loss, lowest_step = metrics["loss/validation"], step
            yield ValidatedSnapshot(step, epoch, metrics, net, optimizer, order, lowest_loss, lowest_step)
            if "loss/validation" in metrics and step - lowest_step >= config.patience:
                return
        else:
            yield Snapshot(step, epoch, metrics, net, optimizer, order)
        if config.stop == "validation_accuracy":
            if metrics.get("accuracy/validation", 0) >= config.target_accuracy:
                return
        if config.stop == "accuracy":
            if metrics.get("accuracy/test", 0) >= config.target_accuracy:
                return
        if config.stop == "plateau":
            losses.append(metrics["loss/train"])
            if len(losses) > config.patience and step % config.evaluate_every == 0:
                if min(losses[-config.patience :]) > min(losses[: -config.patience]) - 1e-4:
                    return
