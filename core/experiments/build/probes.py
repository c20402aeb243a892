"""A network of one's own without a run: its shapes, untrained, on the bench, and a batch to be logged."""

import torch
from torch import Tensor

from core.experiment import classifier_bench
from core.experiments.build.config import BuildConfig
from core.experiments.build.loop import build_net, make_data, to_input
from core.experiments.build.portions import SHOWN_FLOPS, at_once
from core.optimizers import build_optimizer
from core.shapes import LayerShape
from core.snapshot import Bench, Snapshot, undisturbed

LOGGED = 200
"""Test images that are logged at most."""


def untrained(config: BuildConfig) -> Snapshot:
    """The snapshot of step 0; it needs no images."""
    with undisturbed():
        net = build_net(config).to(config.device)
        return Snapshot(0, 0, {}, net, build_optimizer(config, net), torch.arange(config.n_train))


def shapes(config: BuildConfig) -> list[LayerShape]:
    """All layers of the network with their shapes, also of settings that can't work."""
    return list(config.checked.rows.values())


def bench(config: BuildConfig) -> Bench:
    """Net, optimizer and first batch, to take one step by hand; a few examples where they cost much."""
    count = int(min(config.batch_size, at_once(config), max(2, SHOWN_FLOPS // 5 // max(1, config.checked.flops))))
    with undisturbed():
        x_train, y_train, _, _ = make_data(config)
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        x, y = to_input(config, x_train[:count]), y_train[:count]
    return classifier_bench(net, optimizer, x, y)


def logged_batch(config: BuildConfig) -> tuple[Tensor, Tensor]:
    """The first test examples as the network is given them, and their labels."""
    _, _, x_test, y_test = make_data(config)
    return to_input(config, x_test[:LOGGED]), y_test[:LOGGED]
