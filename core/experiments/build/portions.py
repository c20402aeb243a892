"""How much of a network of one's own is computed at once for a picture, in the server too."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from core.experiments.build.config import BuildConfig
from core.experiments.build.loop import TEST_AT_ONCE

SHOWN_FLOPS = 10e9
"""Operations that one picture may cost."""
SHOWN_NUMBERS = 25_000_000
"""Numbers that one block may be given and put out at once for a picture."""


def device_of(net: nn.Module) -> torch.device:
    """Where a network's weights are."""
    return next(net.parameters()).device


def at_once(config: BuildConfig) -> int:
    """Examples that go through the network together for a picture, in the server too."""
    return max(1, min(TEST_AT_ONCE, SHOWN_NUMBERS // max(1, config.checked.largest)))


def in_parts(function: Callable[[Tensor], Tensor], x: Tensor, few: int) -> Tensor:
    """A function's value for many examples, a few at a time."""
    return torch.cat([function(part) for part in torch.split(x, few)] if len(x) else [function(x)])
