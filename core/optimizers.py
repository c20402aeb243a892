"""The optimizer of the experiments that leave its finer settings at PyTorch's defaults."""

import torch
from torch import nn

from core.config import TrainingConfig


def build_optimizer(config: TrainingConfig, net: nn.Module) -> torch.optim.Optimizer:
    """The optimizer over all parameters of net."""
    if config.optimizer == "SGD":
        return torch.optim.SGD(net.parameters(), lr=config.lr)
    elif config.optimizer == "RMSprop":
        return torch.optim.RMSprop(net.parameters(), lr=config.lr)
    elif config.optimizer == "Adam":
        return torch.optim.Adam(net.parameters(), lr=config.lr, fused=True)
    else:
        return torch.optim.AdamW(net.parameters(), lr=config.lr, fused=True)
