"""The VGG without a run: its shapes, untrained, on the bench, and a batch to be logged."""

import torch
from torch import Tensor

from core.experiment import classifier_bench
from core.experiments.vgg.config import VGGConfig
from core.experiments.vgg.cost import is_large
from core.experiments.vgg.loop import build_net, make_data, to_input
from core.optimizers import build_optimizer
from core.shapes import LayerShape, trace
from core.snapshot import Bench, Snapshot, undisturbed

LOGGED = 200
"""Test images that are logged at most."""


def untrained(config: VGGConfig) -> Snapshot:
    """The snapshot of step 0; it needs no images. Of a large network only the shapes: it costs nothing."""
    with undisturbed(), torch.device("meta" if is_large(config) else config.device):
        net = build_net(config)
        return Snapshot(0, 0, {}, net, build_optimizer(config, net), torch.arange(config.n_train))


def shapes(config: VGGConfig) -> list[LayerShape]:
    """All layers of the network with their shapes, also of settings that can't work."""
    with undisturbed():
        return trace(lambda: build_net(config), (config.in_channels, config.size, config.size))


def bench(config: VGGConfig) -> Bench:
    """Net, optimizer and first batch, to take one step by hand."""
    with undisturbed():
        images, labels, _, _ = make_data(config)
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        x, y = to_input(config, images[: config.batch_size]), labels[: config.batch_size]
    return classifier_bench(net, optimizer, x, y)


def logged_batch(config: VGGConfig) -> tuple[Tensor, Tensor]:
    """The first test images as the network is given them, and their labels."""
    _, _, test_images, test_labels = make_data(config)
    return to_input(config, test_images[:LOGGED]), test_labels[:LOGGED]
