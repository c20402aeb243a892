"""What the screen shows of the network that reads row by row: one example as it is read, and the test set."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.data.wave_kinds import wave_kinds, wave_pictures
from core.experiments.rnn_digits.config import RNNDigitsConfig
from core.experiments.rnn_digits.loop import to_input
from core.images.focus import image_focus, image_frame, looked_at, shown_images
from core.models import RNNClassifier
from core.snapshot import Frame, Snapshot, undisturbed
from core.views.images import byte_maps, tested

PARTS = ("reading", "test")
"""What a viewer may look at: one example as it is read, or what the test set shows."""
MOST_UNITS = 64
"""Hidden units on the screen at most."""


@lru_cache(maxsize=8)
def test_waves(noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """The waves to test with (1000, time, 1), and their kinds (1000,)."""
    with undisturbed():
        _, _, waves, kinds = wave_kinds(noise, seed)
        return waves, kinds


def shown_examples(config: RNNDigitsConfig) -> tuple[Tensor, Tensor]:
    """The test examples that are looked at, and their labels; none before the images are here."""
    return test_waves(config.noise, config.seed) if config.dataset == "waves" else shown_images(config)


def focus(wish: Any) -> dict[str, Any]:
    """What a viewer wants to look at, checked, see `image_focus`."""
    return image_focus(wish, PARTS)


def subject(config: RNNDigitsConfig, focus: Mapping[str, Any]) -> tuple[Tensor, int]:
    """The example that is read, and its label; -1 for a drawing, or before the images are here."""
    return looked_at(focus, *shown_examples(config), drawn=config.dataset != "waves")


def view(config: RNNDigitsConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """What the screen draws of one step: the part that the viewer looks at."""
    net = snapshot.net
    assert isinstance(net, RNNClassifier)
    example, label = subject(config, focus)
    views = {"reading": lambda: view_reading(config, net, example), "test": lambda: view_test(config, net)}
    return image_frame(snapshot, focus, label, views)


def view_reading(config: RNNDigitsConfig, net: RNNClassifier, example: Tensor) -> dict[str, np.ndarray]:
    """One example as it is read: after each row the hidden state, and what the network would say if it were the last.

    Returns:
        input (time, feature) as the data has it; hidden uint8 (1, time, units); probability float32 (time, classes).
    """
    r_out, _ = net.rnn(to_input(config, example[None]).to(net.out.weight.device))
    probability = torch.softmax(net.out(r_out[0]), dim=1)
    units = torch.linspace(0, r_out.shape[2] - 1, min(MOST_UNITS, r_out.shape[2])).round().long()
    return {
        "input": example.numpy(),
        "hidden": byte_maps(r_out[:, :, units]),
        "probability": torch.nan_to_num(probability).cpu().numpy(),
    }


def view_test(config: RNNDigitsConfig, net: RNNClassifier) -> dict[str, np.ndarray]:
    """The first 1,000 test examples: confusion matrix, surest mistakes, and the last hidden states in 2-D."""
    examples, labels = shown_examples(config)
    images = wave_pictures(examples) if config.dataset == "waves" else examples
    if not len(examples):
        hidden = net.out.weight.new_zeros(0, config.hidden_size)
    else:
        hidden = net.rnn(to_input(config, examples).to(net.out.weight.device))[0][:, -1]
    return tested(images, labels, hidden, net.out(hidden), config.n_classes)
