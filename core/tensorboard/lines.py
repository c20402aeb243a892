"""The lines that log: run around the training loop, shown on the page, and taken over into the exported script."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter


def log_scalars(writer: SummaryWriter, step: int, metrics: dict[str, float]) -> None:
    """What a training step's loss and accuracy are."""
    writer.add_scalar("Train/Loss", metrics["loss/train"], step)
    if "accuracy/train" in metrics:
        writer.add_scalar("Train/Accuracy", metrics["accuracy/train"], step)


def log_test(writer: SummaryWriter, step: int, metrics: dict[str, float]) -> None:
    """What the test set says."""
    writer.add_scalar("Test/Loss", metrics["loss/test"], step)
    if "accuracy/test" in metrics:
        writer.add_scalar("Test/Accuracy", metrics["accuracy/test"], step)


def log_validation(writer: SummaryWriter, step: int, metrics: dict[str, float]) -> None:
    """What the validation points say, which decide when to stop."""
    writer.add_scalar("Validation/Loss", metrics["loss/validation"], step)
    writer.add_scalar("Validation/Accuracy", metrics["accuracy/validation"], step)


def log_learning_rate(writer: SummaryWriter, step: int, lr: float) -> None:
    """The learning rate that the step was taken with."""
    writer.add_scalar("Train/Learning rate", lr, step)


def log_histograms(writer: SummaryWriter, step: int, net: nn.Module) -> None:
    """How the numbers in each weight and in its gradient are spread."""
    for name, parameter in net.named_parameters():
        writer.add_histogram(f"weights/{name}", parameter, step)
        if parameter.grad is not None:
            writer.add_histogram(f"gradients/{name}", parameter.grad, step)


def log_graph(writer: SummaryWriter, net: nn.Module, x: Tensor) -> None:
    """The operations of the network, followed on two examples; in eval mode, so that it changes nothing."""
    x = x[:2].to(next(net.parameters()).device)
    net.eval()
    with torch.no_grad():
        writer.add_graph(net, x)
    net.train()


def as_images(x: Tensor) -> Tensor:
    """Input as images (N, channels, height, width) from 0 to 1."""
    images = x if x.dim() == 4 else x.unsqueeze(1)
    return (images - images.min()) / (images.max() - images.min())


def log_images(writer: SummaryWriter, x: Tensor) -> None:
    """Sixteen of the images."""
    writer.add_images("Images", as_images(x[:16]))


def outputs(net: nn.Module, x: Tensor) -> Tensor:
    """The network's logits (N, classes) for x, in eval mode and without gradients."""
    device = next(net.parameters()).device
    net.eval()
    with torch.no_grad():
        found = torch.cat([net(part.to(device)) for part in torch.split(x, 50)]).float().cpu()
    net.train()
    return found


def log_pr_curves(writer: SummaryWriter, step: int, net: nn.Module, x: Tensor, y: Tensor) -> None:
    """Precision and recall of each class over all thresholds."""
    probability = torch.softmax(outputs(net, x), dim=1)
    for label in range(probability.shape[1]):
        writer.add_pr_curve(f"Class {label}", y == label, probability[:, label], step)


def log_embedding(writer: SummaryWriter, step: int, net: nn.Module, x: Tensor, y: Tensor) -> None:
    """The network's outputs as points, each with its label and its image."""
    writer.add_embedding(outputs(net, x), metadata=y.tolist(), label_img=as_images(x), global_step=step)


def log_hparams(writer: SummaryWriter, step: int, hparams: dict[str, Any], final: dict[str, float]) -> None:
    """The run's settings, with the last value of each metric."""
    metrics = {f"final/{name}": value for name, value in final.items()}
    writer.add_hparams(hparams, metrics, run_name=".", global_step=step)
