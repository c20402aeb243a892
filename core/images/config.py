"""What the configs of all experiments on images have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.config import EpochConfig
from core.data.image_sets import ImageSet, chosen_set


class ImageConfig(EpochConfig):
    """The settings of an experiment on images.

    Attributes:
        dataset: the name of the set.
        own_images: the key of a person's own images; empty where they can't be chosen.
        train_size: the number of training images, 0 for all.
    """

    REQUIRED = (*EpochConfig.REQUIRED, "dataset", "own_images", "train_size")

    if TYPE_CHECKING:

        @property
        def dataset(self) -> str: ...

        @property
        def train_size(self) -> int: ...

        @property
        def own_images(self) -> str: ...

    @property
    def image_set(self) -> ImageSet:
        """What is known of the set that is chosen."""
        return chosen_set(self)

    @property
    def n_train(self) -> int:
        """The number of training images."""
        whole = self.image_set.train
        return min(self.train_size, whole) if self.train_size else whole

    @property
    def n_classes(self) -> int:
        """The number of classes, and so of logits."""
        return len(self.image_set.classes)
