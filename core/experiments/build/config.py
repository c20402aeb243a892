"""The settings of a network of one's own."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator
from torch import nn

from core import settings
from core.blocks import Block, BlocksRefused, read, write, write_class
from core.blocks.fitting import Checked, check
from core.blocks.pasted import read_pasted
from core.config import Problem, setting
from core.data import image_sets
from core.data.image_sets import SETS, TEN, ImageSet
from core.images.config import ImageConfig
from core.models.built import net_class
from core.settings import PYTORCH, Device, Optimizer, OwnImages
from core.shapes import shape_text

TUTORIAL_CNN = (
    "Conv2d(1,16,5,stride=2,padding=2),ReLU(),MaxPool2d(2),Conv2d(16,32,5,padding=2),ReLU(),Flatten(),Linear(1568,10)"
)
POINTS = ("clouds", "moons", "circles", "xor", "spirals", "blobs")
"""The sets that are points in the plane; all others are images."""
IMAGES = ("digits", "shapes", "mnist", "fashion_mnist", "kmnist", "cifar10", "own")
Dataset = Literal[
    "digits",
    "shapes",
    "mnist",
    "fashion_mnist",
    "kmnist",
    "cifar10",
    "own",
    "clouds",
    "moons",
    "circles",
    "xor",
    "spirals",
    "blobs",
]
Bug = Literal["softmax", "no_zero_grad", "no_eval"]


def tidied(text: str) -> str:
    """A network's text in its shortest form, so that equal networks are equal texts; as it is if it can't be read."""
    try:
        return write(read_pasted(text).blocks)
    except BlocksRefused:
        return text


class BuildConfig(ImageConfig):
    """The settings of a network of one's own; it begins as the tutorial's CNN."""

    experiment: ClassVar[str] = "build"

    # fmt: off
    dataset: Dataset = settings.dataset(
        "digits", Dataset, more={"blobs": "three blobs"},
        help="What the network is given: images, or points in the plane. Another shape needs another first block.",
    )
    own_images: OwnImages = settings.own_images()
    train_size: int = settings.train_size(shown_if=("dataset", IMAGES))
    points_per_class: int = settings.points_per_class(shown_if=("dataset", POINTS))
    spread: float = settings.spread(shown_if=("dataset", POINTS))
    blocks: Annotated[str, AfterValidator(tidied)] = setting(
        TUTORIAL_CNN, label="Network", group="network", folded=False, source="the tutorial's step 2",
        help="The network, one block after the other, as in nn.Sequential.",
    )
    seed: int = settings.seed(fixes="points, first weights, batches")
    optimizer: Optimizer = settings.optimizer("Adam")
    lr: float = settings.lr(0.001, source=PYTORCH)
    batch_size: int = settings.batch_size(low=2)
    num_epochs: int = settings.num_epochs(12, high=500, examples="data", folded=False)
    evaluate_every: int = settings.evaluate_first()
    device: Device = settings.device(pays="A GPU pays off with many channels and large batches.")
    bugs: tuple[Bug, ...] = settings.bugs(Bug)
    # fmt: on

    def problems(self) -> Iterator[Problem]:
        if self.dataset == "own" and not self.own_images:
            yield Problem("dataset", "Own images: upload a zip with a folder of images for each class first.")
            return
        if not self.on_points and 0 < self.train_size < self.batch_size:
            yield Problem("train_size", "At least one batch of training images is needed.")
        try:
            read_pasted(self.blocks)
        except BlocksRefused as refused:
            yield Problem("blocks", refused.problem.sentence, refused.problem.values)
            return
        problem = self.checked.problem
        if problem is not None:
            yield Problem("blocks", problem.sentence, problem.values)
        elif "no_eval" in self.bugs and not any(name in self.blocks for name in ("Dropout", "BatchNorm")):
            yield Problem("bugs", "A missing eval() changes nothing here: add Dropout or BatchNorm first.")

    @property
    def on_points(self) -> bool:
        """Whether the examples are points in the plane rather than images."""
        return self.dataset in POINTS

    @property
    def image_set(self) -> ImageSet:
        """What is known of the examples, in the words for images."""
        if not self.on_points:
            return super().image_set
        classes = 3 if self.dataset == "blobs" else 2
        return replace(SETS["digits"], train=self.points_per_class * classes, classes=TEN[:classes])

    @property
    def n_train(self) -> int:
        """The number of training examples."""
        return self.image_set.train if self.on_points else super().n_train

    @property
    def grey(self) -> bool:
        """Whether the images have no colours."""
        return self.image_set.channels == 1

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example as the network is given it."""
        size = self.image_set.size
        return (2,) if self.on_points else (self.image_set.channels, size, size)

    @property
    def batches(self) -> tuple[int, ...]:
        """The sizes of batches that make a difference: the usual one, and a last one of a single example."""
        full = min(self.batch_size, self.n_train)
        return (full, 1) if self.n_train % self.batch_size == 1 else (full,)

    @property
    def network(self) -> tuple[Block, ...]:
        """The network's blocks, read from their text."""
        return read(self.blocks)

    @property
    def checked(self) -> Checked:
        """What is known of the network before it runs."""
        return check(self.network, self.input_shape, self.n_classes, self.batches)

    @property
    def source(self) -> str:
        """The network's class, as one would write it, with the shapes where they change."""
        shapes = {
            path: shape_text(row.output)
            for path, row in self.checked.rows.items()
            if row.output is not None and row.output != row.input
        }
        return write_class(self.network, self.input_shape, shapes)

    @property
    def Net(self) -> type[nn.Module]:
        """The network's class, made from `source`."""
        return net_class(self.source)


def missing(config: BuildConfig) -> Problem | None:
    """Why a run can't start yet: its images are not here."""
    return None if config.on_points else image_sets.missing(config)


def pictured(config: BuildConfig) -> bool:
    """Whether the examples are images."""
    return not config.on_points
