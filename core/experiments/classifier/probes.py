"""The classifier beside its loop: untrained, on the bench, a batch to be logged, and why training ended early."""

from typing import Any

import torch
from torch import Tensor, nn

from core.experiments.classifier.config import ClassifierConfig
from core.experiments.classifier.loop import (
    ValidatedSnapshot,
    build_net,
    build_optimizer,
    make_data,
    prepare,
    set_aside,
    train,
)
from core.snapshot import Bench, Snapshot, undisturbed


def untrained(config: ClassifierConfig) -> Snapshot:
    """The snapshot of step 0."""
    with undisturbed():
        return next(train(config, {}))


def bench(config: ClassifierConfig) -> Bench:
    """Net, optimizer and first batch, to take one step by hand."""
    with undisturbed():
        x_train, y_train, _, _ = make_data(config)
        if config.validates:
            x_train, y_train, _, _ = set_aside(config, x_train, y_train)
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        inputs = prepare(config, x_train, x_train)[: config.batch_size or None]
        target = y_train[: config.batch_size or None]

    def loss() -> Tensor:
        output = net(inputs)
        if "softmax" in config.bugs:
            output = torch.softmax(output, dim=1)
        if config.loss == "MSELoss":
            value: Tensor = nn.MSELoss()(output, nn.functional.one_hot(target, config.n_output).float())
        else:
            value = nn.CrossEntropyLoss()(output, target)
        if config.l1 > 0:
            value = value + config.l1 * sum(parameter.abs().sum() for parameter in net.parameters())
        return value

    return Bench(net, optimizer, loss)


def ending(config: ClassifierConfig, snapshot: Snapshot) -> dict[str, Any]:
    """Why training ended before its last step."""
    if isinstance(snapshot, ValidatedSnapshot):
        return {"code": "validation_plateau", "lowest_step": snapshot.lowest_step}
    if config.stop == "validation_accuracy":
        return {"code": "reached_validation_accuracy", "accuracy": snapshot.metrics["accuracy/validation"]}
    if config.stop == "accuracy":
        return {"code": "reached_accuracy", "accuracy": snapshot.metrics["accuracy/test"]}
    return {"code": "plateau"}


def logged_batch(config: ClassifierConfig) -> tuple[Tensor, Tensor]:
    """The test points as the network is given them, and their labels."""
    x_train, y_train, x_test, y_test = make_data(config)
    if config.validates:
        x_train, _, _, _ = set_aside(config, x_train, y_train)
    return prepare(config, x_test, x_train), y_test
