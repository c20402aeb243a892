"""The sets of images that an experiment may choose from: what is known of each, how it is loaded, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torchvision
from torch import Tensor

from core.config import Problem
from core.data import downloads
from core.data.cifar10 import CIFAR_CLASSES, cifar10
from core.data.coloured_shapes import SHAPES, shape_set
from core.data.digits import IMAGE_SETS, digits, image_set
from core.data.own_images import own_images, own_names, own_problem

TEN = tuple(str(number) for number in range(10))


@dataclass(frozen=True)
class ImageSet:
    """What is known of a set before it is here.

    Attributes:
        train: the number of training images.
        test: the number of test images.
        classes: their names, in the order of the labels.
        channels: 1 for grey images, uint8 (N, size, size); 3 for colour, uint8 (N, 3, size, size).
        size: side of an image in pixels.
    """

    train: int
    test: int
    classes: Sequence[str] = TEN
    channels: int = 1
    size: int = 28


SETS = {
    "digits": ImageSet(4000, 1000),
    "shapes": ImageSet(4000, 1000, SHAPES, channels=3, size=32),
    "mnist": ImageSet(60_000, 10_000),
    "fashion_mnist": ImageSet(60_000, 10_000, torchvision.datasets.FashionMNIST.classes),
    "kmnist": ImageSet(60_000, 10_000, torchvision.datasets.KMNIST.classes),
    "cifar10": ImageSet(50_000, 10_000, CIFAR_CLASSES, channels=3, size=32),
}
"""Every set but a person's own, by its name in a config."""


class Choice(Protocol):
    """Settings that choose a set; `own_images` is read only where `dataset` is "own"."""

    @property
    def dataset(self) -> str:
        """The name of a set, or "own"."""

    @property
    def own_images(self) -> str:
        """The key of a person's own images."""


def chosen_set(config: Choice) -> ImageSet:
    """What is known of the set that a config chooses. The key of own images tells how many there are."""
    if config.dataset != "own":
        return SETS[config.dataset]
    if not config.own_images:
        return ImageSet(1, 1, TEN[:2])
    _, train, classes, *colour = config.own_images.split("-")
    known = {"channels": 3, "size": 32} if colour else {}
    return ImageSet(int(train), int(train) // 4 + 1, TEN[: int(classes)], **known)


def load_images(config: Choice) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The images of the set that a config chooses.

    Returns:
        images uint8 (N, 28, 28), or (N, 3, H, W) where they have colours, labels int64 (N,), and the same of the
        test set.

    Raises:
        ConnectionError: they can't be fetched.
    """
    if config.dataset == "digits":
        return digits()
    elif config.dataset == "shapes":
        return shape_set()
    elif config.dataset == "own":
        return own_images(config.own_images)
    elif config.dataset == "cifar10":
        return cifar10()
    else:
        return image_set(IMAGE_SETS[config.dataset])


def class_names(config: Choice) -> list[str]:
    """The classes by name; of own images that are not here, by number."""
    if config.dataset == "own" and not missing(config):
        return own_names(config.own_images, downloads.folder() / "own")
    return list(chosen_set(config).classes)


def missing(config: Choice) -> Problem | None:
    """Why a run can't start yet: its images are not here."""
    if config.dataset == "own":
        return own_problem(config.own_images, downloads.folder() / "own")
    return downloads.missing(config.dataset) if config.dataset in downloads.FETCHED else None
