"""VGG: a deep network from a list of numbers (Simonyan and Zisserman 2014, arXiv 1409.1556)."""

from collections.abc import Sequence

from torch import Tensor, nn


def make_layers(cfg: Sequence[int | str], batch_norm: bool = False, in_channels: int = 3) -> nn.Sequential:
    """The layers of a VGG up to its head.

    Args:
        cfg: for each layer the channels of a 3 x 3 convolution, or "M" for a pooling that halves width and height.
        batch_norm: whether each convolution is followed by BatchNorm2d.
        in_channels: channels of the images.
    """
    layers: list[nn.Module] = []
    for v in cfg:
        if isinstance(v, str):
            layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
        else:
            conv2d = nn.Conv2d(in_channels, v, kernel_size=3, padding=1)
            if batch_norm:
                layers += [conv2d, nn.BatchNorm2d(v), nn.ReLU(inplace=True)]
            else:
                layers += [conv2d, nn.ReLU(inplace=True)]
            in_channels = v
    return nn.Sequential(*layers)


class VGG(nn.Module):
    """The layers of make_layers, then a single Linear, or the three of the paper.

    Args:
        cfg, batch_norm, in_channels: see make_layers.
        n_features: numbers that those layers put out for one image, channels x height x width.
        hidden: outputs of the paper's first two Linears, 4096 there; 0 for a single Linear.
        dropout: probability that one of those outputs is set to zero while training.
        n_output: number of classes.
    """

    def __init__(
        self,
        cfg: Sequence[int | str],
        n_features: int,
        batch_norm: bool = False,
        in_channels: int = 3,
        hidden: int = 0,
        dropout: float = 0.5,
        n_output: int = 10,
    ):
        super().__init__()
        self.features = make_layers(cfg, batch_norm, in_channels)
        if hidden > 0:
            self.classifier = nn.Sequential(
                nn.Linear(n_features, hidden),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout),
                nn.Linear(hidden, hidden),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout),
                nn.Linear(hidden, n_output),
            )
        else:
            self.classifier = nn.Sequential(nn.Linear(n_features, n_output))

    def forward(self, x: Tensor) -> Tensor:
        """Logits of each class, (batch, n_output), of images x, (batch, in_channels, height, width)."""
        x = self.features(x)
        x = x.flatten(start_dim=1)
        logits: Tensor = self.classifier(x)
        return logits
