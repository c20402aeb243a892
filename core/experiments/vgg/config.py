"""The settings of the VGG."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator

from core import settings
from core.config import ConfigError, Problem, TrainingConfig, setting
from core.experiment import bug_lanes
from core.foreign import quoted
from core.images.config import ImageConfig
from core.settings import PYTORCH, Device, Optimizer, OwnImages, Precision
from core.shapes.stack import Stack, stack

TUTORIAL = "the tutorial's step 5"
PAPER = "the VGG paper"
MOST_CHANNELS = 1024
MOST_LAYERS = 64
MOST_PARAMETERS = 150
"""Millions; the paper's largest network has 144."""
PRESETS: dict[str, tuple[int | str, ...]] = {
    "VGG-11": (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"),
    "VGG-13": (64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"),
    "VGG-16": (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"),
    "VGG-19": (64, 64, "M", 128, 128, "M", *(256,) * 4, "M", *(512,) * 4, "M", *(512,) * 4, "M"),
    "small": (64, "M", 128, "M", 256, "M"),
    "middle": (128, 128, "M", 256, 256, "M", 512, 512, "M"),
}
"""The lists of the paper's networks A, B, D and E, and two that learn fast."""


def read_layer(text: Any) -> Any:
    """One entry of cfg as a person may have typed it: 64, "64", "'M'" or "m"."""
    entry = text.strip().strip("'\"‘’“”").strip() if isinstance(text, str) else text
    if entry in ("M", "m"):
        return "M"
    try:
        channels = int(str(entry)[:20])
    except ValueError:
        channels = 0
    if not 1 <= channels <= MOST_CHANNELS or isinstance(entry, float | bool):
        values = {"value": quoted(entry), "most": MOST_CHANNELS}
        raise ConfigError(
            [Problem("cfg", "“{value}” is neither 'M' nor a number of channels from 1 to {most}.", values)]
        )
    return channels


Layer = Annotated[int | Literal["M"], BeforeValidator(read_layer)]
Dataset = Literal["digits", "shapes", "mnist", "fashion_mnist", "cifar10", "own"]
Bug = Literal["no_eval", "shuffled_labels", "no_zero_grad"]


class VGGConfig(ImageConfig):
    """The settings of the VGG; its list is the tutorial's."""

    experiment: ClassVar[str] = "vgg"

    # fmt: off
    dataset: Dataset = settings.dataset(
        "digits", Dataset,
        help="The images. Digits and shapes come with the app; whole sets are fetched once by torchvision.",
    )
    own_images: OwnImages = settings.own_images()
    size: Literal[28, 32, 64, 224] = setting(
        32, label="Image size", group="data", folded=False,
        choices={28: "28 x 28", 32: "32 x 32", 64: "64 x 64", 224: "224 x 224, the paper's"},
        help="The images are brought to this size. Each M halves it: 28 can't be halved five times.",
    )
    in_channels: Literal[3, 1] = setting(
        3, label="Channels of the images", group="data", choices={3: "3, colour", 1: "1, grey"}, source=TUTORIAL,
        help="Grey images are repeated three times for 3; colours are averaged for 1.",
    )
    train_size: int = settings.train_size()
    shift: int = settings.shift()
    flip: bool = setting(
        False, label="Mirror randomly", group="data",
        help="Show half of the training images with left and right exchanged. Good for things, bad for digits.",
    )
    cfg: tuple[Layer, ...] = setting(
        PRESETS["VGG-16"], label="cfg", group="network", length=(1, MOST_LAYERS), low=1, high=MOST_CHANNELS,
        folded=False, source=TUTORIAL,
        help="All layers in order: a number is a convolution with this many output channels, M halves the image.",
        note="The network as a list: a number is a convolution with that many channels, M a pooling.",
    )
    width: Literal["1/16", "1/8", "1/4", "1/2", "1"] = setting(
        "1/4", label="Width", group="network", folded=False,
        choices={"1/16": "1/16", "1/8": "1/8", "1/4": "1/4", "1/2": "1/2", "1": "1, the paper's"},
        help="All channels times this. Half the width has about a quarter of the parameters and operations.",
    )
    batch_norm: bool = settings.batch_norm(
        True, folded=False, source=TUTORIAL,
        help="Normalise each channel over the batch, after each convolution. Without it deep networks learn later.",
    )
    compare: Literal["none", "batch_norm", "init"] = setting(
        "none", label="Side by side", group="network", folded=False,
        choices={
            "none": "one network", "batch_norm": "with and without batch norm",
            "init": "good and bad initialisation",
        },
        help="Train a second network beside this one, from the same seed, that differs in one thing only.",
    )
    init: Literal["default", "kaiming", "small"] = setting(
        "default", label="First weights", group="network", source=PYTORCH,
        choices={
            "default": "PyTorch's default", "kaiming": "good: kaiming_normal_", "small": "bad: normal_, std 0.001",
        },
        help="If weights are too small, the signal shrinks from layer to layer; kaiming_normal_ draws larger ones.",
    )
    head: Literal["linear", "paper"] = setting(
        "linear", label="Head", group="network", source=TUTORIAL,
        choices={"linear": "a single Linear", "paper": "the paper's three Linears"},
        help="What turns the last maps into logits. The paper's three Linears hold most of its parameters.",
    )
    dropout: float = settings.dropout(
        0.5, label="Dropout of the head", source=PAPER, shown_if=("head", ("paper",)),
        help="The share of the first two Linears' outputs set to zero at each training step.",
    )
    seed: int = settings.seed(fixes="first weights, batches, augmentation")
    optimizer: Optimizer = settings.optimizer("Adam", more="SGD needs a learning rate of about 0.1 here.")
    lr: float = settings.lr(0.001, source=PYTORCH)
    batch_size: int = settings.batch_size(examples="Images", folded=True)
    num_epochs: int = settings.num_epochs(10)
    evaluate_every: int = settings.evaluate_first(40, examples="images")
    precision: Precision = settings.precision()
    channels_last: bool = setting(
        True, label="channels_last", group="training",
        help="Keep the channels of each pixel next to each other in memory. Training is usually faster.",
    )
    device: Device = settings.device(pays="A GPU pays off with many channels and large batches.")
    bugs: tuple[Bug, ...] = settings.bugs(Bug)
    # fmt: on

    def problems(self) -> Iterator[Problem]:
        broken = self.stack.broken
        if broken is not None:
            yield Problem(
                "cfg",
                "Layer {number}, an M, gets {side} x {side} pixels: nothing is left to halve. Take larger images or "
                "fewer M.",
                {"number": broken + 1, "side": self.stack.layers[broken].side},
            )
            return
        if self.stack.parameters > MOST_PARAMETERS * 1_000_000:
            yield Problem(
                "cfg",
                "This network would have {count} million parameters: at most {most} million fit here.",
                {"count": f"{self.stack.parameters / 1e6:,.0f}", "most": MOST_PARAMETERS},
            )
        if self.dataset == "own" and not self.own_images:
            yield Problem("dataset", "Own images: upload a zip with a folder of images for each class first.")
        if 0 < self.train_size < self.batch_size:
            yield Problem("train_size", "At least one batch of training images is needed.")
        elif self.batch_norm and self.n_train % self.batch_size == 1 and self.stack.smallest == 1:
            yield Problem("batch_size", "The last batch would have one image of one pixel: batch norm needs more.")
        if self.compare != "none" and self.bugs:
            yield Problem("compare", "Either two networks side by side, or a bug beside the correct run.")
        if "no_eval" in self.bugs and not (self.batch_norm or (self.head == "paper" and self.dropout)):
            yield Problem("bugs", "A missing eval() changes nothing here: switch on dropout or batch norm first.")

    @classmethod
    def _read(cls, name: str, value: Any) -> Any:
        if name == "cfg" and isinstance(value, str):
            value = value.strip().removeprefix("cfg").strip().removeprefix("=").strip()
        return super()._read(name, value)

    @classmethod
    def preset(cls, name: str) -> Self:
        """The defaults with one of PRESETS."""
        return cls.create({"cfg": PRESETS[name]})

    @property
    def scaled_cfg(self) -> tuple[int | str, ...]:
        """cfg with all channels times the width."""
        top, _, bottom = self.width.partition("/")
        return tuple(v if isinstance(v, str) else max(1, v * int(top) // int(bottom or 1)) for v in self.cfg)

    @property
    def stack(self) -> Stack:
        """The sizes of all layers, by arithmetic alone."""
        return stack(self.scaled_cfg, self.size, self.in_channels, self.batch_norm, self.hidden, self.n_classes)

    @property
    def hidden(self) -> int:
        """Outputs of the paper's first two Linears, times the width; 0 for a single Linear."""
        top, _, bottom = self.width.partition("/")
        return 4096 * int(top) // int(bottom or 1) if self.head == "paper" else 0

    @property
    def n_features(self) -> int:
        """Numbers that the last maps have together."""
        return self.stack.features

    @property
    def grey_data(self) -> bool:
        """Whether the images of the set have one channel."""
        return self.image_set.channels == 1

    @property
    def border(self) -> int:
        """Rows and columns of black around each image that bring it to the size; 0 if it is resized."""
        more = self.size - self.image_set.size
        return more // 2 if 0 < more <= 4 else 0

    @property
    def resized(self) -> bool:
        """Whether images are resized."""
        return self.size != self.image_set.size and not self.border


def as_asked(config: VGGConfig, refused: Mapping[str, Any]) -> VGGConfig:
    """A config that can't work, unchecked, to show where it breaks.

    Args:
        config: the last one that works.
        refused: all values of the one that does not.
    """
    try:
        layers = tuple(map(read_layer, VGGConfig._read("cfg", refused["cfg"])))
    except ConfigError:
        layers = ()
    if not 1 <= len(layers) <= MOST_LAYERS:
        layers = config.cfg
    return VGGConfig.model_construct(**{**refused, "cfg": layers})


def lanes(config: VGGConfig) -> dict[str, TrainingConfig]:
    """The run itself and, beside it, the correct run where a bug is switched on, or the network to compare with."""
    if config.compare == "batch_norm":
        return {"run": config, "other": config.changed(batch_norm=not config.batch_norm)}
    if config.compare == "init":
        return {"run": config, "other": config.changed(init="small" if config.init != "small" else "kaiming")}
    return bug_lanes(config)
