"""The classifier's loop once more, for speed: what `loop.train` yields, bit for bit, at two to four times the pace.

A step on a few points is dispatch more than arithmetic, most of it in autograd and in the optimizer. Here the same
kernels of PyTorch, in the same order, on tensors of the same shapes, are called one by one. The lesson is `loop.train`:
it is what scripts show, and it runs wherever `fits` says no.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoints import restore
from core.experiments.classifier.config import ClassifierConfig
from core.experiments.classifier.loop import (
    ValidatedSnapshot,
    build_net,
    build_optimizer,
    make_data,
    prepare,
    set_aside,
)
from core.models import Net
from core.snapshot import Snapshot

aten = torch.ops.aten
MEAN, NOTHING_IGNORED = 1, -100
"""CrossEntropyLoss's defaults, as its kernels take them."""
ONE = torch.ones(())
FORWARD: dict[type[nn.Module], Callable[[Tensor], Tensor]] = {
    nn.ReLU: torch.relu,
    nn.Tanh: torch.tanh,
    nn.Sigmoid: torch.sigmoid,
}
BACKWARD: dict[type[nn.Module], Callable[[Tensor, Tensor], Tensor]] = {
    nn.ReLU: lambda gradient, output: aten.threshold_backward.default(gradient, output, 0),
    nn.Tanh: aten.tanh_backward.default,
    nn.Sigmoid: aten.sigmoid_backward.default,
}
ACTIVATIONS = {"Identity", *(bend.__name__ for bend in FORWARD)}
BUGS = {"softmax", "no_activation", "high_lr"}
"""Activations and bugs of which the loop below knows."""


def fits(config: ClassifierConfig) -> bool:
    """Whether this loop can train a config: it has nothing that only the plain loop does."""
    return (
        config.device == "cpu"
        and config.loss == "CrossEntropyLoss"
        and config.activation in ACTIVATIONS
        and not (config.dropout > 0 or config.batch_norm or config.l1 > 0)
        and BUGS.issuperset(config.bugs)
    )


class Stack:
    """A network's Linear layers and activations, forward and backward by hand."""

    def __init__(self, net: Net):
        linears = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
        bends = [type(layer) for layer in net.hidden if not isinstance(layer, nn.Linear)]
        self.parameters = list(net.parameters())
        self.values = [parameter.detach() for parameter in self.parameters]
        self.gradients = [torch.empty_like(value) for value in self.values]
        self.weights = [layer.weight.detach() for layer in linears]
        self.turned = [weight.t() for weight in self.weights]
        self.biases = [layer.bias.detach() for layer in linears]
        self.bend = FORWARD.get(bends[0]) if bends else None
        self.bend_back = BACKWARD.get(bends[0]) if bends else None

    def forward(self, x: Tensor) -> list[Tensor]:
        """What goes into each Linear, (N, features), and at the end the logits (N, K)."""
        outputs = [x]
        for bias, turned in zip(self.biases[:-1], self.turned[:-1], strict=True):
            x = torch.addmm(bias, x, turned)
            if self.bend:
                x = self.bend(x)
            outputs.append(x)
        outputs.append(torch.addmm(self.biases[-1], x, self.turned[-1]))
        return outputs

    def backward(self, outputs: list[Tensor], gradient: Tensor) -> None:
        """Fill the parameters' gradients, given what `forward` returned and the gradient of the logits."""
        for layer in range(len(self.weights) - 1, -1, -1):
            torch.mm(gradient.t(), outputs[layer], out=self.gradients[2 * layer])
            torch.sum(gradient, 0, out=self.gradients[2 * layer + 1])
            if layer > 0:
                gradient = torch.mm(gradient, self.weights[layer])
                if self.bend_back:
                    gradient = self.bend_back(gradient, outputs[layer])
        if self.parameters[0].grad is not self.gradients[0]:
            for parameter, filled in zip(self.parameters, self.gradients, strict=True):
                parameter.grad = filled


def updater(config: ClassifierConfig, stack: Stack, optimizer: torch.optim.Optimizer) -> Callable[[], object]:
    """What takes a step with the gradients: SGD without momentum all at once, any other by the optimizer itself."""
    if config.optimizer != "SGD" or config.momentum > 0:
        return optimizer.step
    group = optimizer.param_groups[0]
    decay = config.weight_decay

    def descend() -> None:
        slopes = torch._foreach_add(stack.gradients, stack.values, alpha=decay) if decay else stack.gradients
        torch._foreach_add_(stack.values, slopes, alpha=-group["lr"])

    return descend


def share_right(output: Tensor, y: Tensor) -> float:
    """The share of points whose label y (N,) has the largest of their numbers (N, K)."""
    return (output.argmax(dim=1) == y).float().mean().item()


def train(
    config: ClassifierConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[Snapshot]:
    """Train as `loop.train` does, with the same arguments, a config that `fits`, and the same snapshots."""
    x_train, y_train, x_test, y_test = make_data(config)
    if config.validates:
        x_train, y_train, x_validation, y_validation = set_aside(config, x_train, y_train)
        validation_inputs = prepare(config, x_validation, x_train)
    net = build_net(config)
    optimizer = build_optimizer(config, net)
    inputs, test_inputs = prepare(config, x_train, x_train), prepare(config, x_test, x_train)
    order = torch.arange(len(inputs))
    losses: list[float] = []
    by_loss = config.stop == "validation_loss"
    lowest_loss, lowest_step = math.inf, 0
    first_step = 1
    if resume is not None:
        first_step, order, losses = restore(resume, net, optimizer)
        if by_loss:
            lowest_loss, lowest_step = float(resume["lowest_loss"]), int(resume["lowest_step"])
    elif by_loss:
        yield ValidatedSnapshot(0, 0, {}, net, optimizer, order)
    else:
        yield Snapshot(0, 0, {}, net, optimizer, order)

    stack = Stack(net)
    update = updater(config, stack, optimizer)
    per_epoch, softmax = config.steps_per_epoch, "softmax" in config.bugs
    for step in range(first_step, config.num_steps + 1):
        if step in changes:
            for group in optimizer.param_groups:
                group["lr"] = changes[step].get("lr", group["lr"])
        if config.batch_size == 0:
            epoch = step
            b_x, b_y = inputs, y_train
        else:
            epoch = (step - 1) // per_epoch + 1
            start = (step - 1) % per_epoch * config.batch_size
            if start == 0:
                order = torch.randperm(len(inputs))
            batch = order[start : start + config.batch_size]
            b_x, b_y = inputs[batch], y_train[batch]

        outputs = stack.forward(b_x)
        output = torch.softmax(outputs[-1], 1) if softmax else outputs[-1]
        logs = torch.log_softmax(output, 1)
        loss, count = aten.nll_loss_forward.default(logs, b_y, None, MEAN, NOTHING_IGNORED)
        metrics = {"loss/train": loss.item()}
        if not math.isfinite(metrics["loss/train"]):
            yield Snapshot(step, epoch, metrics, net, optimizer, order)
            return
        gradient = aten.nll_loss_backward.default(ONE, logs, b_y, None, MEAN, NOTHING_IGNORED, count)
        gradient = aten._log_softmax_backward_data.default(gradient, logs, 1, torch.float32)
        if softmax:
            gradient = aten._softmax_backward_data.default(gradient, output, 1, torch.float32)
        stack.backward(outputs, gradient)
        update()

        if step % config.evaluate_every == 0 or step == config.num_steps:
            output = stack.forward(inputs)[-1]
            metrics["accuracy/train"] = share_right(torch.softmax(output, 1) if softmax else output, y_train)
            if config.validates:
                output = stack.forward(validation_inputs)[-1]
                output = torch.softmax(output, 1) if softmax else output
                metrics["loss/validation"] = nn.functional.cross_entropy(output, y_validation).item()
                metrics["accuracy/validation"] = share_right(output, y_validation)
            output = stack.forward(test_inputs)[-1]
            output = torch.softmax(output, 1) if softmax else output
            metrics["loss/test"] = nn.functional.cross_entropy(output, y_test).item()
            metrics["accuracy/test"] = share_right(output, y_test)
        if by_loss:
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
