"""What the configs of all experiments on images have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.config import EpochConfig
from core.data.image_sets import ImageSet, chosen_set


class ImageConfig(EpochConfig):
    """Settings of an experiment on images.

    It has the fields `dataset`, `train_size` and, if a person's own images may be chosen, `own_images`.
    """

    if TYPE_CHECKING:
        dataset: str = ""
        own_images: str = ""
        train_size: int = 0

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
