"""A residual block: what its layers make of x is added to x."""

from torch import Tensor, nn


class Residual(nn.Module):
    """x + layers(x). Both must have the same shape, else there is nothing to add up.

    Args:
        layers: the layers of the detour, in their order.
    """

    def __init__(self, *layers: nn.Module):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """The sum, of the shape of x."""
        out: Tensor = self.layers(x)
        if out.shape != x.shape:
            raise ValueError(f"x is {tuple(x.shape)}, but the layers make {tuple(out.shape)} of it")
        return x + out
