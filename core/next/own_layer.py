"""After step 3: your own layer, with your own backward pass, checked against numerical gradients."""

from typing import Any

import torch
from torch import Tensor, nn


class Swish(torch.autograd.Function):
    """x * sigmoid(x). It keeps only x for the backward pass, and computes the rest again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        y: Tensor = x * torch.sigmoid(x)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        x: Tensor = ctx.saved_tensors[0]
        sigmoid = torch.sigmoid(x)
        return grad * (sigmoid + x * sigmoid * (1 - sigmoid))


class Scaled(nn.Module):
    """A module around it, with a parameter."""

    def __init__(self, size: int):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = Swish.apply(x * self.scale)
        return y


x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
print("gradcheck:", torch.autograd.gradcheck(Swish.apply, (x,)))
print("equal to nn.SiLU:", torch.allclose(Swish.apply(x), nn.SiLU()(x)))
net = nn.Sequential(nn.Linear(3, 8), Scaled(8), nn.Linear(8, 1))
net(torch.randn(4, 3)).sum().backward()
print("parameters:", [(name, tuple(p.shape), p.grad is not None) for name, p in net.named_parameters()])
