"""The settings of the CNN."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from core import settings
from core.config import Problem, setting
from core.images.config import ImageConfig
from core.settings import PYTORCH, Device, GreyImages, Optimizer, Precision

TUTORIAL = "the tutorial's step 2"
SIZE = 28
"""Side of every image in pixels."""


def conv_size(size: int, kernel_size: int, stride: int, padding: int) -> int:
    """The side of a convolution's output, by the formula in the documentation of torch.nn.Conv2d."""
    return (size + 2 * padding - kernel_size) // stride + 1


Dataset = Literal["digits", "mnist", "fashion_mnist", "kmnist", "own"]
Activation = Literal["ReLU", "Tanh", "Sigmoid", "ELU"]
Bug = Literal["no_eval", "unnormalized_test", "shuffled_labels", "no_zero_grad"]


class CNNConfig(ImageConfig):
    """The settings of the CNN; the defaults are the tutorial's where it gives one."""

    experiment: ClassVar[str] = "cnn"

    # fmt: off
    dataset: Dataset = settings.dataset(
        "digits", Dataset,
        help="The images. The 5,000 digits come with the app; the whole sets are fetched once by torchvision.",
    )
    own_images: GreyImages = settings.own_images()
    train_size: int = settings.train_size()
    normalize: bool = setting(
        False, label="Normalise pixels", group="data",
        help="Shift and scale the pixels to mean 0 and standard deviation 1, as most programs for MNIST do.",
    )
    shift: int = settings.shift()
    rotate: int = setting(
        0, label="Rotate by up to N degrees", group="data", low=0, high=45, step=1,
        help="Turn each training image randomly, by at most this angle. A little of it makes the network more robust.",
    )
    channels1: int = setting(
        16, label="Channels of convolution 1", group="network", low=4, high=64, step=1, folded=False, source=TUTORIAL,
        help="How many filters look at the image. Each learns a pattern of its own, such as an edge or a stroke.",
    )
    channels2: int = setting(
        32, label="Channels of convolution 2", group="network", low=4, high=64, step=1, folded=False, source=TUTORIAL,
        help="How many filters look at the first ones' maps: patterns of patterns.",
    )
    channels3: int = setting(
        0, label="Channels of convolution 3 (0 = none)", group="network", low=0, high=64, step=1, source=TUTORIAL,
        help="A third convolution sees a larger part of the image and costs more time.",
    )
    kernel_size: Literal[3, 5, 7] = setting(
        5, label="Kernel size", group="network", choices={3: "3 x 3", 5: "5 x 5", 7: "7 x 7"}, source=TUTORIAL,
        help="The patch that a filter sees at once. Larger kernels see more and have more weights.",
    )
    stride: Literal[1, 2] = setting(
        2, label="Stride of convolution 1", group="network", choices={1: "1", 2: "2"}, source=TUTORIAL,
        help="How far the filter moves each time. With 2 the map is half as wide, and all that follows is faster.",
    )
    padding: int = setting(
        2, label="Padding", group="network", low=0, high=3, step=1, source=TUTORIAL,
        help="Rows of zeros around the image. Without them each convolution cuts off the border.",
    )
    pooling: Literal["MaxPool2d", "AvgPool2d", "Identity"] = setting(
        "MaxPool2d", label="Pooling", group="network", source=TUTORIAL,
        choices={"MaxPool2d": "maximum", "AvgPool2d": "average", "Identity": "none"},
        help="Keep one number of each 2 x 2 square: the largest, or the mean. The exact place is lost.",
    )
    activation: Activation = settings.activation(
        Activation, source=TUTORIAL,
        help="The nonlinearity after each convolution. Sigmoid has small gradients: see how much slower it learns.",
    )
    dropout: float = settings.dropout(
        help="The share of the last layer's inputs set to zero at each training step."
    )
    batch_norm: bool = settings.batch_norm(
        help="Normalise each channel over the batch, after each convolution. It often learns in fewer steps.",
    )
    seed: int = settings.seed(fixes="first weights, batches, augmentation")
    optimizer: Optimizer = settings.optimizer("Adam", more="SGD needs a learning rate of about 0.1 here.")
    lr: float = settings.lr(0.001, source=PYTORCH)
    batch_size: int = settings.batch_size(examples="Images", source=TUTORIAL)
    num_epochs: int = settings.num_epochs(12)
    evaluate_every: int = settings.evaluate_first(examples="images", source=TUTORIAL)
    precision: Precision = settings.precision()
    device: Device = settings.device(pays="A GPU pays off with many channels and large batches.")
    bugs: tuple[Bug, ...] = settings.bugs(Bug, {"unnormalized_test": "test images not normalised"})
    # fmt: on

    def problems(self) -> Iterator[Problem]:
        for number, (before, after) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), start=1):
            if after < 1:
                yield Problem(
                    "padding",
                    "Convolution {number} gets {before} x {before} pixels: too few for a {kernel} x {kernel} kernel.",
                    {"number": number, "before": before, "kernel": self.kernel_size},
                )
                return
        if self.dataset == "own" and not self.own_images:
            yield Problem("dataset", "Own images: upload a zip with a folder of images for each class first.")
        if 0 < self.train_size < self.batch_size:
            yield Problem("train_size", "At least one batch of training images is needed.")
        elif self.batch_norm and self.n_train % self.batch_size == 1 and self.sizes[-1] == 1:
            yield Problem("batch_size", "The last batch would have one image of one pixel: batch norm needs more.")
        if "no_eval" in self.bugs and not (self.dropout or self.batch_norm):
            yield Problem("bugs", "A missing eval() changes nothing here: switch on dropout or batch norm first.")
        if "unnormalized_test" in self.bugs and not self.normalize:
            yield Problem("bugs", "This mistake needs normalised pixels: switch them on first.")

    @property
    def sizes(self) -> tuple[int, ...]:
        """The side in pixels of the image and of each convolution's maps, the first after its pooling."""
        first = conv_size(SIZE, self.kernel_size, self.stride, self.padding)
        sizes = [SIZE, first // 2 if self.pooling != "Identity" else first]
        for _ in range(2 if self.channels3 else 1):
            sizes.append(conv_size(sizes[-1], self.kernel_size, 1, self.padding))
        return tuple(sizes)

    @property
    def map_size(self) -> int:
        """The side in pixels of the last convolution's maps; 1 where they can't be."""
        return max(1, self.sizes[-1])

    @property
    def normalize_test(self) -> bool:
        """Whether test images are normalised."""
        return self.normalize and "unnormalized_test" not in self.bugs
