"""The CNN without a run: its shapes, untrained, on the bench, and a batch to be logged."""

import torch
from torch import Tensor

from core.experiment import classifier_bench
from core.experiments.cnn.config import SIZE, CNNConfig
from core.experiments.cnn.loop import build_net, make_data, to_input
from core.optimizers import build_optimizer
from core.shapes import LayerShape, trace
from core.snapshot import Bench, Snapshot, undisturbed

LOGGED = 500
"""Test images that are logged at most."""


def untrained(config: CNNConfig) -> Snapshot:
    """The snapshot of step 0; it needs no images."""
    with undisturbed():
        net = build_net(config).to(config.device).to(memory_format=torch.channels_last)
        return Snapshot(0, 0, {}, net, build_optimizer(config, net), torch.arange(config.n_train))


def shapes(config: CNNConfig) -> list[LayerShape]:
    """All layers of the network with their shapes, also of settings that can't work."""
    with undisturbed():
        return trace(lambda: build_net(config), (1, SIZE, SIZE))


def bench(config: CNNConfig) -> Bench:
    """Net, optimizer and first batch, to take one step by hand."""
    with undisturbed():
        images, labels, _, _ = make_data(config)
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        x, y = to_input(images[: config.batch_size], config.normalize), labels[: config.batch_size]
    return classifier_bench(net, optimizer, x, y)


def logged_batch(config: CNNConfig) -> tuple[Tensor, Tensor]:
    """The first test images as the network is given them, and their labels."""
    _, _, test_images, test_labels = make_data(config)
    return to_input(test_images[:LOGGED], config.normalize_test), test_labels[:LOGGED]
