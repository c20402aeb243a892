"""Transfer: convolutions trained on the digits 0 to 4, a new head, and a few of the digits 5 to 9."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from core.data.digits import digits
from core.models import CNN
from core.processes.confined import confined

WAYS = ("frozen", "tuned", "new", "chance")
"""Trained convolutions frozen, or trained on; everything new; convolutions frozen as chance made them."""
SECONDS = 2.5
"""How long each way may train."""


def digits_between(low: int, high: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The digits from low to high, both included, with labels that begin at 0.

    Returns:
        images float32 (N, 1, 28, 28), labels int64 (N,), test images, test labels.
    """
    images, labels, test_images, test_labels = digits()
    chosen, tested = (labels >= low) & (labels <= high), (test_labels >= low) & (test_labels <= high)
    return (
        images[chosen].unsqueeze(1).float() / 255,
        labels[chosen] - low,
        test_images[tested].unsqueeze(1).float() / 255,
        test_labels[tested] - low,
    )


def load_convolutions(net: CNN, weights: dict[str, Tensor]) -> None:
    """Take all but the head from a file: its shape would not fit another number of classes anyway."""
    convolutions = {key: tensor for key, tensor in weights.items() if not key.startswith("out.")}
    net.load_state_dict(convolutions, strict=False)


def freeze(net: CNN) -> None:
    """Keep the convolutions as they are: they get no gradients."""
    for part in (net.conv1, net.conv2):
        part.requires_grad_(False)


def train_head(net: CNN, images: Tensor, labels: Tensor, frozen: bool, num_epochs: int) -> Iterator[float]:
    """Train on other data; yields each epoch's mean loss."""
    if frozen:
        freeze(net)
    optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=0.002)
    loss_func = nn.CrossEntropyLoss()
    for _epoch in range(num_epochs):
        order, total = torch.randperm(len(images)), 0.0
        for start in range(0, len(images), 10):
            batch = order[start : start + 10]
            loss = loss_func(net(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        yield total / len(images)


def compare(n_train: int, num_epochs: int, seed: int) -> dict[str, list[float]]:
    """Test accuracy on the digits 5 to 9 after each epoch, for each of the `WAYS`; the first one before any training.

    Args:
        n_train: how many of these digits there are to train on.
    """
    accuracies: dict[str, list[float]] = json.loads(
        confined(run_compare, n_train, num_epochs, seed, seconds=40, memory=2000)
    )
    return accuracies


def run_compare(n_train: int, num_epochs: int, seed: int) -> bytes:
    """`compare` in the process of its own."""
    weights = trained_on_low_digits(seed)
    images, labels, test_images, test_labels = digits_between(5, 9)
    torch.manual_seed(seed)
    chosen = torch.randperm(len(images))[:n_train]
    accuracy: dict[str, list[float]] = {}
    for way in WAYS:
        torch.manual_seed(seed)
        net = CNN(n_output=5)
        if way in ("frozen", "tuned"):
            load_convolutions(net, weights)
        frozen = way in ("frozen", "chance")
        accuracy[way] = [share_right(net, test_images, test_labels)]
        end = time.perf_counter() + SECONDS
        for _loss in train_head(net, images[chosen], labels[chosen], frozen, num_epochs):
            accuracy[way].append(share_right(net, test_images, test_labels))
            if time.perf_counter() > end:
                break
    return json.dumps(accuracy).encode()


def trained_on_low_digits(seed: int) -> dict[str, Tensor]:
    """The weights of a CNN after two epochs on the digits 0 to 4."""
    torch.manual_seed(seed)
    net = CNN(n_output=5)
    images, labels, _, _ = digits_between(0, 4)
    for _loss in train_head(net, images, labels, frozen=False, num_epochs=2):
        pass
    return dict(net.state_dict())


def share_right(net: CNN, images: Tensor, labels: Tensor) -> float:
    """The share of images that are recognised."""
    with torch.no_grad():
        return float((net(images).argmax(dim=1) == labels).float().mean())
