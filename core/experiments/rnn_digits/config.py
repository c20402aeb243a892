"""The settings of the recurrent network that reads row by row."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from core import settings
from core.config import Problem, setting
from core.data import image_sets
from core.data.image_sets import ImageSet
from core.data.wave_kinds import KINDS, POINTS, TEST, TRAIN
from core.images.config import ImageConfig
from core.settings import Device, Optimizer

TUTORIAL = "the tutorial's step 7"
SIZE = 28
"""Rows of a digit, and pixels in each."""
WAVES = ImageSet(TRAIN, TEST, KINDS)
"""What is known of the waves, which are no images, in the same words."""
Dataset = Literal["digits", "waves", "mnist", "fashion_mnist", "kmnist"]
Cell = Literal["LSTM", "GRU", "RNN"]
Bug = Literal["softmax", "forgotten_batch_first", "no_zero_grad"]


class RNNDigitsConfig(ImageConfig):
    """The settings of the network that reads row by row; the defaults are the tutorial's where it gives one."""

    experiment: ClassVar[str] = "rnn_digits"
    own_images: ClassVar[str] = ""

    # fmt: off
    dataset: Dataset = settings.dataset(
        "digits", Dataset, more={"waves": "waves of four kinds"},
        help="What is read: an image row by row, or a wave point by point. Whole sets are fetched once by torchvision.",
    )
    noise: float = setting(
        0.2, label="Noise on each wave", group="data", low=0, high=2, step=0.05, folded=False,
        shown_if=("dataset", ("waves",)),
        help="How far each point is moved randomly. With more noise a saw looks like a sine.",
    )
    train_size: int = settings.train_size(examples="examples")
    cell: Cell = settings.cell(
        Cell, help="What is computed at each row. LSTM and GRU have gates that let memory last to the last row."
    )
    hidden_size: int = settings.hidden_size(64, remembers="the rows it has read")
    num_layers: int = settings.num_layers(folded=False)
    dropout: float = settings.dropout_between_layers()
    compare: bool = settings.compare_cells(Cell)
    seed: int = settings.seed(fixes="first weights, batches, waves")
    optimizer: Optimizer = settings.optimizer("Adam", source=TUTORIAL)
    lr: float = settings.lr(0.005)
    clip: float = settings.clip()
    batch_size: int = settings.batch_size()
    num_epochs: int = settings.num_epochs(12, examples="data")
    evaluate_every: int = settings.evaluate_first()
    device: Device = settings.device(pays="A GPU pays off with a large hidden state and large batches.")
    bugs: tuple[Bug, ...] = settings.bugs(Bug)
    # fmt: on

    def problems(self) -> Iterator[Problem]:
        if 0 < self.train_size < self.batch_size:
            yield Problem("train_size", "At least one batch of training examples is needed.")
        if self.compare and self.bugs:
            yield Problem("compare", "Either the three cells side by side, or a bug beside the correct run.")

    @property
    def image_set(self) -> ImageSet:
        """What is known of the examples that are read."""
        return WAVES if self.dataset == "waves" else super().image_set

    @property
    def time_steps(self) -> int:
        """Time steps of one example: rows of an image, or points of a wave."""
        return POINTS if self.dataset == "waves" else SIZE

    @property
    def input_size(self) -> int:
        """Numbers at each time step."""
        return 1 if self.dataset == "waves" else SIZE


def class_names(config: RNNDigitsConfig) -> list[str]:
    """The classes by name."""
    return list(KINDS) if config.dataset == "waves" else image_sets.class_names(config)


def missing(config: RNNDigitsConfig) -> Problem | None:
    """Why a run can't start yet: its images were not fetched."""
    return None if config.dataset == "waves" else image_sets.missing(config)


def pictured(config: RNNDigitsConfig) -> bool:
    """Whether the examples are images."""
    return config.dataset != "waves"
