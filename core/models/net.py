"""The tutorial's first network: fully connected layers."""

from collections.abc import Sequence

from torch import Tensor, nn


class Net(nn.Module):
    """Fully connected layers, each followed by an activation; the last one gives the logits.

    Args:
        n_feature: numbers per point, the size of the input.
        n_hidden: neurons of the hidden layer, or of each hidden layer in turn (may be empty).
        n_output: number of classes.
        activation: the layer put behind each hidden Linear.
        dropout: probability that a hidden activation is set to zero while training.
        batch_norm: whether each hidden Linear is followed by BatchNorm1d.
    """

    def __init__(
        self,
        n_feature: int,
        n_hidden: int | Sequence[int],
        n_output: int,
        activation: type[nn.Module] = nn.ReLU,
        dropout: float = 0.0,
        batch_norm: bool = False,
    ):
        super().__init__()
        layers: list[nn.Module] = []
        for size in [n_hidden] if isinstance(n_hidden, int) else n_hidden:
            layers.append(nn.Linear(n_feature, size))
            if batch_norm:
                layers.append(nn.BatchNorm1d(size))
            layers.append(activation())
            if dropout > 0:
                layers.append(nn.Dropout(dropout))
            n_feature = size
        self.hidden = nn.Sequential(*layers)
        self.out = nn.Linear(n_feature, n_output)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of each class, (batch, n_output), of points x, (batch, n_feature)."""
        logits: Tensor = self.out(self.hidden(x))
        return logits
