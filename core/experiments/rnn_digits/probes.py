"""The network that reads row by row without a run: untrained, on the bench, and a batch to be logged."""

import torch
from torch import Tensor

from core.experiment import classifier_bench
from core.experiments.rnn_digits.config import RNNDigitsConfig
from core.experiments.rnn_digits.loop import build_net, make_data, to_input
from core.optimizers import build_optimizer
from core.snapshot import Bench, Snapshot, undisturbed

LOGGED = 500
"""Test images that are logged at most."""


def untrained(config: RNNDigitsConfig) -> Snapshot:
    """The snapshot of step 0; it needs no images."""
    with undisturbed():
        net = build_net(config).to(config.device)
        return Snapshot(0, 0, {}, net, build_optimizer(config, net), torch.arange(config.n_train))


def bench(config: RNNDigitsConfig) -> Bench:
    """Net, optimizer and first batch, to take one step by hand."""
    with undisturbed():
        examples, labels, _, _ = make_data(config)
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        x, y = to_input(config, examples[: config.batch_size]), labels[: config.batch_size]
    return classifier_bench(net, optimizer, x, y)


def logged_batch(config: RNNDigitsConfig) -> tuple[Tensor, Tensor]:
    """The first test examples as the network is given them, and their labels."""
    _, _, test_examples, test_labels = make_data(config)
    return to_input(config, test_examples[:LOGGED]), test_labels[:LOGGED]
