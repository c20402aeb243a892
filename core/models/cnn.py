"""The tutorial's CNN: two convolutions, a pooling, and one Linear."""

from torch import Tensor, nn


class CNN(nn.Module):
    """Convolution, activation and pooling, convolution and activation; a Linear gives the logits.

    Args:
        channels1, channels2, channels3: channels that the convolutions put out; 0 leaves the third one out.
        kernel_size: side in pixels of every kernel.
        stride: stride of the first convolution; the others have 1.
        padding: rows and columns of zeros around every convolution's input.
        pooling: nn.MaxPool2d or nn.AvgPool2d behind the first convolution, nn.Identity for none.
        activation: the layer behind each convolution.
        dropout: probability that an input of the Linear is set to zero while training.
        batch_norm: whether each convolution is followed by BatchNorm2d.
        size: side in pixels of the last convolution's maps; 28 -> 14 -> 7 with the defaults.
        in_channels: channels of the images.
        n_output: number of classes.
    """

    def __init__(
        self,
        channels1: int = 16,
        channels2: int = 32,
        channels3: int = 0,
        kernel_size: int = 5,
        stride: int = 2,
        padding: int = 2,
        pooling: type[nn.Module] = nn.MaxPool2d,
        activation: type[nn.Module] = nn.ReLU,
        dropout: float = 0.0,
        batch_norm: bool = False,
        size: int = 7,
        in_channels: int = 1,
        n_output: int = 10,
    ):
        super().__init__()
        if batch_norm:
            self.conv1 = nn.Sequential(
                nn.Conv2d(in_channels, channels1, kernel_size, stride, padding),
                nn.BatchNorm2d(channels1),
                activation(),
                pooling(2),
            )
            self.conv2 = nn.Sequential(
                nn.Conv2d(channels1, channels2, kernel_size, 1, padding), nn.BatchNorm2d(channels2), activation()
            )
        else:
            self.conv1 = nn.Sequential(
                nn.Conv2d(in_channels, channels1, kernel_size, stride, padding), activation(), pooling(2)
            )
            self.conv2 = nn.Sequential(nn.Conv2d(channels1, channels2, kernel_size, 1, padding), activation())
        if channels3 > 0:
            self.conv2.append(nn.Conv2d(channels2, channels3, kernel_size, 1, padding))
            if batch_norm:
                self.conv2.append(nn.BatchNorm2d(channels3))
            self.conv2.append(activation())
        if dropout > 0:
            self.conv2.append(nn.Dropout(dropout))
        self.out = nn.Linear((channels3 or channels2) * size * size, n_output)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of each class, (batch, n_output), of images x, (batch, in_channels, height, width)."""
        x = self.conv1(x)
        x = self.conv2(x)
        x = x.flatten(start_dim=1)
        logits: Tensor = self.out(x)
        return logits
