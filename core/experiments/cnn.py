"""Step 2 of the tutorial: a CNN that reads handwritten digits."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from core import settings
from core.checkpoints import restore
from core.config import Problem, setting
from core.data.digits import augment
from core.data.image_sets import load_images, missing
from core.experiment import Experiment, classifier_bench
from core.images.config import ImageConfig
from core.images.focus import image_focus, image_frame, looked_at, shown_images
from core.models import CNN
from core.optimizers import build_optimizer
from core.settings import PYTORCH, Device, GreyImages, Optimizer, Precision
from core.shapes import LayerShape, trace
from core.snapshot import Bench, Frame, Snapshot, undisturbed
from core.views.images import byte_maps, saliency, tested

TUTORIAL = "the tutorial's step 2"

SIZE = 28
"""Side of every image in pixels."""
MEAN, STD = 0.1307, 0.3081
"""Mean and standard deviation of MNIST's training pixels, as in pytorch/examples mnist/main.py."""
TEST_AT_ONCE = 1000
"""Test images in one forward pass; between the ends of epochs only so many are tested."""


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
        help="Turn each training image a little by chance. Too far, and a 6 looks like a 9.",
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
        help="Keep one number of each 2 x 2 square: the largest, or the mean. It forgets the exact place.",
    )
    activation: Activation = settings.activation(
        Activation, source=TUTORIAL,
        help="The bend behind each convolution. Sigmoid makes small gradients: see how much slower it learns.",
    )
    dropout: float = settings.dropout(
        help="The share of the last layer's inputs set to zero at each training step."
    )
    batch_norm: bool = settings.batch_norm(
        help="Normalise each channel over the batch, behind each convolution. It often learns in fewer steps.",
    )
    seed: int = settings.seed(fixes="first weights, batches, augmentation")
    optimizer: Optimizer = settings.optimizer("Adam", more="SGD needs a learning rate of about 0.1 here.")
    lr: float = settings.lr(0.001, source=PYTORCH)
    batch_size: int = settings.batch_size(examples="Images", source=TUTORIAL)
    num_epochs: int = settings.num_epochs(12)
    evaluate_every: int = settings.evaluate_first(examples="images", source=TUTORIAL)
    precision: Precision = settings.precision()
    device: Device = settings.device(pays="A GPU pays with many channels and large batches.")
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


def make_data(config: CNNConfig) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images, and test images that training never sees.

    Returns:
        images uint8 (N, 28, 28), labels int64 (N,), test images uint8 (M, 28, 28), test labels int64 (M,).
    """
    images, labels, test_images, test_labels = load_images(config)
    if config.train_size > 0:
        images, labels = images[: config.train_size], labels[: config.train_size]
    if "shuffled_labels" in config.bugs:
        torch.manual_seed(config.seed)
        labels = labels[torch.randperm(len(labels))]
    return images, labels, test_images, test_labels


def to_input(images: Tensor, normalize: bool) -> Tensor:
    """What the network is given of images uint8 (N, 28, 28): float32 (N, 1, 28, 28) from 0 to 1, or normalised."""
    x = images.unsqueeze(1).float() / 255
    if normalize:
        x = (x - MEAN) / STD
    return x


def build_net(config: CNNConfig) -> CNN:
    """The network with its first weights, the same for the same seed."""
    torch.manual_seed(config.seed)
    return CNN(
        channels1=config.channels1,
        channels2=config.channels2,
        channels3=config.channels3,
        kernel_size=config.kernel_size,
        stride=config.stride,
        padding=config.padding,
        pooling=getattr(nn, config.pooling),
        activation=getattr(nn, config.activation),
        dropout=config.dropout,
        batch_norm=config.batch_norm,
        size=config.map_size,
        n_output=config.n_classes,
    )


def evaluate(config: CNNConfig, net: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Loss and accuracy on images uint8 (M, 28, 28) that the network does not learn from: eval mode, no gradients."""
    loss_func = nn.CrossEntropyLoss(reduction="sum")
    loss, correct = 0.0, 0
    if "no_eval" not in config.bugs:
        net.eval()
    with torch.no_grad():
        for start in range(0, len(images), TEST_AT_ONCE):
            y = labels[start : start + TEST_AT_ONCE]
            x = to_input(images[start : start + TEST_AT_ONCE], config.normalize_test)
            if config.precision == "bfloat16":
                with torch.autocast(images.device.type, dtype=torch.bfloat16):
                    output = net(x).float()
            else:
                output = net(x)
            loss += loss_func(output, y).item()
            correct += int((output.argmax(dim=1) == y).sum())
    net.train()
    return loss / len(images), correct / len(images)


def train(
    config: CNNConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[Snapshot]:
    """Train, and yield a Snapshot after each step.

    Args:
        changes: step -> {field: value} from that step on, such as {120: {"lr": 0.01}}; may grow while this runs.
        resume: a checkpoint to go on from.

    Raises:
        ConnectionError: the images can't be fetched.
    """
    device = torch.device(config.device)
    images, labels, test_images, test_labels = (part.to(device) for part in make_data(config))
    net = build_net(config).to(device).to(memory_format=torch.channels_last)
    optimizer = build_optimizer(config, net)
    loss_func = nn.CrossEntropyLoss()
    order = torch.arange(len(images))
    first_step = 1
    if resume is not None:
        first_step, order, _ = restore(resume, net, optimizer)
    else:
        yield Snapshot(0, 0, {}, net, optimizer, order)

    for step in range(first_step, config.num_steps + 1):
        if step in changes:
            for group in optimizer.param_groups:
                group["lr"] = changes[step].get("lr", group["lr"])
        epoch = (step - 1) // config.steps_per_epoch + 1
        start = (step - 1) % config.steps_per_epoch * config.batch_size
        if start == 0:
            order = torch.randperm(len(images))
        batch = order[start : start + config.batch_size]
        b_x, b_y = to_input(images[batch], config.normalize), labels[batch]
        if config.shift > 0 or config.rotate > 0:
            b_x = augment(b_x, config.shift, config.rotate)

        if config.precision == "bfloat16":
            with torch.autocast(device.type, dtype=torch.bfloat16):
                output = net(b_x)
                loss = loss_func(output, b_y)
        else:
            output = net(b_x)
            loss = loss_func(output, b_y)
        metrics = {"loss/train": loss.item()}
        if not math.isfinite(metrics["loss/train"]):
            yield Snapshot(step, epoch, metrics, net, optimizer, order)
            return
        if "no_zero_grad" not in config.bugs:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        end_of_epoch = step % config.steps_per_epoch == 0
        if end_of_epoch or step % config.evaluate_every == 0:
            shown = len(test_images) if end_of_epoch else TEST_AT_ONCE
            metrics["accuracy/train"] = (output.argmax(dim=1) == b_y).float().mean().item()
            metrics["loss/test"], metrics["accuracy/test"] = evaluate(
                config, net, test_images[:shown], test_labels[:shown]
            )
        yield Snapshot(step, epoch, metrics, net, optimizer, order)


PARTS = ("layers", "convolution", "test")
"""What a viewer may look at: all layers for one image, one convolution close up, or what the test set shows."""


def focus(asked: Any) -> dict[str, Any]:
    """What a viewer asks to look at, checked, see `image_focus`; "channel" is the filter seen close up."""
    return image_focus(asked, PARTS, [("channel", 63)])


def view(config: CNNConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """What the screen draws of one step: the part that the viewer looks at."""
    net = snapshot.net
    assert isinstance(net, CNN)
    image, label = looked_at(focus, *shown_images(config))
    channel = focus.get("channel", 0)
    views = {
        "layers": lambda: view_layers(config, net, image),
        "convolution": lambda: view_convolution(config, net, image, channel % config.channels1),
        "test": lambda: view_test(config, net),
    }
    return image_frame(snapshot, focus, label, views, stride=config.stride, padding=config.padding, channel=channel)


def first_convolution(net: CNN) -> nn.Conv2d:
    """The first layer."""
    first = net.conv1[0]
    assert isinstance(first, nn.Conv2d)
    return first


def view_layers(config: CNNConfig, net: CNN, image: Tensor) -> dict[str, np.ndarray]:
    """One image through all layers: the filters and their gradients, the maps, the probabilities, the saliency."""
    weight = first_convolution(net).weight
    gradient = torch.zeros_like(weight) if weight.grad is None else weight.grad
    x = to_input(image[None], config.normalize_test).to(weight.device)
    maps1 = net.conv1(x)
    maps2 = net.conv2(maps1)
    probability = torch.softmax(net.out(maps2.flatten(start_dim=1)), dim=1)[0]
    return {
        "input": image.numpy(),
        "filters": byte_maps(weight[:, 0]),
        "filter_gradients": byte_maps(gradient[:, 0]),
        "maps1": byte_maps(maps1[0]),
        "maps2": byte_maps(maps2[0]),
        "probability": torch.nan_to_num(probability).cpu().numpy(),
        "saliency": saliency(net, x),
    }


def view_convolution(config: CNNConfig, net: CNN, image: Tensor, channel: int) -> dict[str, np.ndarray]:
    """One filter of the first convolution: its input, weights and bias, and its output before the activation."""
    first = first_convolution(net)
    x = to_input(image[None], config.normalize_test).to(first.weight.device)
    return {
        "input": x[0, 0].cpu().numpy(),
        "kernel": first.weight[channel, 0].cpu().numpy(),
        "bias": torch.zeros(1).numpy() if first.bias is None else first.bias[channel : channel + 1].cpu().numpy(),
        "output": first(x)[0, channel].cpu().numpy(),
    }


def view_test(config: CNNConfig, net: CNN) -> dict[str, np.ndarray]:
    """The first 1,000 test images: confusion matrix, surest mistakes, and the last layer's inputs in 2-D."""
    images, labels = shown_images(config)
    hidden = net.conv2(net.conv1(to_input(images, config.normalize_test).to(net.out.weight.device))).flatten(1)
    return tested(images, labels, hidden, net.out(hidden), config.n_classes)


def untrained(config: CNNConfig) -> Snapshot:
    """The snapshot of step 0; it needs no images."""
    with undisturbed():
        net = build_net(config).to(config.device).to(memory_format=torch.channels_last)
        return Snapshot(0, 0, {}, net, build_optimizer(config, net), torch.arange(config.n_train))


def shapes(config: CNNConfig) -> list[LayerShape]:
    """All layers of the network with their shapes, also of settings that can't work."""
    with undisturbed():
        return trace(lambda: build_net(config), (1, SIZE, SIZE))


def bench(config: CNNConfig) -> Bench:
    """Net, optimizer and first batch, to take one step by hand."""
    with undisturbed():
        images, labels, _, _ = make_data(config)
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        x, y = to_input(images[: config.batch_size], config.normalize), labels[: config.batch_size]
    return classifier_bench(net, optimizer, x, y)


LOGGED = 500
"""Test images that are logged at most."""


def logged_batch(config: CNNConfig) -> tuple[Tensor, Tensor]:
    """The first test images as the network is given them, and their labels."""
    _, _, test_images, test_labels = make_data(config)
    return to_input(test_images[:LOGGED], config.normalize_test), test_labels[:LOGGED]


EXPERIMENT = Experiment(
    order=2,
    config=CNNConfig,
    train=train,
    view=view,
    untrained=untrained,
    bench=bench,
    logged_batch=logged_batch,
    focus=focus,
    missing=missing,
    pictured=lambda config: True,
    smallest={"train_size": 100, "channels1": 4, "channels2": 5, "batch_size": 20, "num_epochs": 2},
)
