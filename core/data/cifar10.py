"""CIFAR-10: small photographs in colour, of ten kinds of things (Alex Krizhevsky 2009), by torchvision."""

import os

import torch
import torchvision
from torch import Tensor

CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""The classes, in the order of their labels."""


def cifar10() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The whole of CIFAR-10: 50,000 images to train on, 10,000 to test with.

    It is looked for in the folder TORCH_PLAYGROUND_DATA, or in "data", and fetched if it is not there.

    Returns:
        images uint8 (50000, 3, 32, 32), labels int64 (50000,), and the same of the test set (10000).

    Raises:
        ConnectionError: the file can't be fetched, or is not what it should be.
    """
    root = os.environ.get("TORCH_PLAYGROUND_DATA", "data")
    try:
        train = torchvision.datasets.CIFAR10(root, train=True, download=True)
        test = torchvision.datasets.CIFAR10(root, train=False, download=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".:")
        raise ConnectionError(f"CIFAR10 is not in the folder {root} and can't be fetched: {reason}.") from None
    images, test_images = (torch.from_numpy(part.data).permute(0, 3, 1, 2).contiguous() for part in (train, test))
    return images, torch.tensor(train.targets), test_images, torch.tensor(test.targets)
