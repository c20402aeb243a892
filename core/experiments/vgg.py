"""Step 5 of the tutorial: a deep network, VGG, made by make_layers from a list of numbers."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import BeforeValidator
from torch import Tensor, nn

from core import settings
from core.checkpoints import restore
from core.config import ConfigError, Problem, TrainingConfig, setting
from core.data.digits import augment, mirror
from core.data.image_sets import load_images, missing
from core.experiment import Experiment, bug_lanes, classifier_bench
from core.images.config import ImageConfig
from core.images.focus import image_focus, image_frame, looked_at, shown_images
from core.models import VGG
from core.optimizers import build_optimizer
from core.settings import PYTORCH, Device, Optimizer, OwnImages, Precision
from core.shapes import LayerShape, trace
from core.shapes.memory import fits
from core.shapes.stack import Stack, stack
from core.snapshot import Bench, Frame, Snapshot, undisturbed
from core.views.images import saliency, tested
from core.views.stack import colour_filters, depth, maps_of_blocks, shown_blocks

TUTORIAL = "the tutorial's step 5"
PAPER = "the VGG paper"

MOST_CHANNELS = 1024
MOST_LAYERS = 64
MOST_PARAMETERS = 150
"""Millions; the paper's largest network has 144."""
TESTED = 1000
"""Between the ends of epochs only so many images are tested."""
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
    found = text.strip().strip("'\"‘’“”").strip() if isinstance(text, str) else text
    if found in ("M", "m"):
        return "M"
    try:
        channels = int(str(found)[:20])
    except ValueError:
        channels = 0
    if not 1 <= channels <= MOST_CHANNELS or isinstance(found, float | bool):
        values = {"value": str(found)[:40], "most": MOST_CHANNELS}
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
        False, label="Mirror by chance", group="data",
        help="Show half of the training images with left and right exchanged. Good for things, bad for digits.",
    )
    cfg: tuple[Layer, ...] = setting(
        PRESETS["VGG-16"], label="cfg", group="network", length=(1, MOST_LAYERS), low=1, high=MOST_CHANNELS,
        folded=False, source=TUTORIAL,
        help="The layers from first to last: a number is a convolution with so many channels, M halves the image.",
    )
    width: Literal["1/16", "1/8", "1/4", "1/2", "1"] = setting(
        "1/4", label="Width", group="network", folded=False,
        choices={"1/16": "1/16", "1/8": "1/8", "1/4": "1/4", "1/2": "1/2", "1": "1, the paper's"},
        help="All channels times this. Half the width takes a quarter of the time and of the parameters.",
    )
    batch_norm: bool = settings.batch_norm(
        True, folded=False, source=TUTORIAL,
        help="Normalise each channel over the batch, behind each convolution. Without it so deep a network stalls.",
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
        help="Weights too small let the signal fade from layer to layer; kaiming_normal_ keeps its size.",
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
        help="Keep the channels of each pixel side by side in memory. The numbers are the same, the pace is higher.",
    )
    device: Device = settings.device(pays="A GPU pays with many channels and large batches.")
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
    """What was asked for though it can't work, unchecked, to show where it breaks.

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


def make_data(config: VGGConfig) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images, and test images that training never sees.

    Returns:
        images uint8 (N, H, W), or (N, 3, H, W) in colour, labels int64 (N,), and the same to test with.
    """
    images, labels, test_images, test_labels = load_images(config)
    if config.train_size > 0:
        images, labels = images[: config.train_size], labels[: config.train_size]
    if "shuffled_labels" in config.bugs:
        torch.manual_seed(config.seed)
        labels = labels[torch.randperm(len(labels))]
    return images, labels, test_images, test_labels


def to_input(config: VGGConfig, images: Tensor) -> Tensor:
    """What the network is given of images uint8: float32 (N, channels, size, size) from -1 to 1."""
    x = images.float() / 255
    if config.grey_data:
        x = x.unsqueeze(1)
        if config.in_channels == 3:
            x = x.expand(-1, 3, -1, -1)
    elif config.in_channels == 1:
        x = x.mean(dim=1, keepdim=True)
    if config.border > 0:
        x = nn.functional.pad(x, [config.border] * 4)
    if config.resized:
        x = nn.functional.interpolate(x, size=config.size, mode="bilinear")
    return 2 * x - 1


def initialise(config: VGGConfig, net: VGG) -> None:
    """First weights of the convolutions other than PyTorch's."""
    for layer in net.features:
        if isinstance(layer, nn.Conv2d):
            if config.init == "kaiming":
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            else:
                nn.init.normal_(layer.weight, std=0.001)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)


def build_net(config: VGGConfig) -> VGG:
    """The network with its first weights, the same for the same seed."""
    torch.manual_seed(config.seed)
    net = VGG(
        config.scaled_cfg,
        config.n_features,
        batch_norm=config.batch_norm,
        in_channels=config.in_channels,
        hidden=config.hidden,
        dropout=config.dropout,
        n_output=config.n_classes,
    )
    if config.init != "default":
        initialise(config, net)
    if config.channels_last:
        net = net.to(memory_format=torch.channels_last)
    return net


def evaluate(config: VGGConfig, net: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Loss and accuracy on images that the network does not learn from: eval mode, no gradients."""
    loss_func = nn.CrossEntropyLoss(reduction="sum")
    loss, correct = 0.0, 0
    if "no_eval" not in config.bugs:
        net.eval()
    with torch.no_grad():
        for start in range(0, len(images), config.batch_size):
            y = labels[start : start + config.batch_size]
            x = to_input(config, images[start : start + config.batch_size])
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
    config: VGGConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
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
    net = build_net(config).to(device)
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
        b_x, b_y = to_input(config, images[batch]), labels[batch]
        if config.shift > 0:
            b_x = augment(b_x, config.shift, 0)
        if config.flip:
            b_x = mirror(b_x)

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
            shown = len(test_images) if end_of_epoch else TESTED
            metrics["accuracy/train"] = (output.argmax(dim=1) == b_y).float().mean().item()
            metrics["loss/test"], metrics["accuracy/test"] = evaluate(
                config, net, test_images[:shown], test_labels[:shown]
            )
        yield Snapshot(step, epoch, metrics, net, optimizer, order)


PARTS = ("layers", "depth", "test")
"""What a viewer may look at: all blocks for one image, how signal and gradient pass through the depth, the test set."""
VIEWED_FLOPS = 4e10
"""About as many floating-point operations one look may take."""
LARGE_FLOPS, LARGE_PARAMETERS = 2e9, 25_000_000
"""Beyond these a network is drawn by its own process only, once it trains."""
BY_HAND_FLOPS = 1e10
"""Operations of a batch beyond which no steps are taken by hand: that is done where all pages are served."""
MEASURED = 32
"""Test images of which the depth's activations are taken."""


def focus(asked: Any) -> dict[str, Any]:
    """What a viewer asks to look at, checked, see `image_focus`."""
    return image_focus(asked, PARTS)


def is_large(config: VGGConfig) -> bool:
    """Whether the network is too large to be built and run outside of a process of its own."""
    return config.stack.flops > LARGE_FLOPS or config.stack.parameters > LARGE_PARAMETERS


def at_once(config: VGGConfig, most: int) -> int:
    """How many images one look may send through the network."""
    return int(max(4, min(most, VIEWED_FLOPS // config.stack.flops)))


def view(config: VGGConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """What the screen draws of one step: the part that the viewer looks at."""
    net = snapshot.net
    assert isinstance(net, VGG)
    image, label = looked_at(focus, *shown_images(config))
    unseen = next(net.parameters()).is_meta
    views = {
        "layers": lambda: view_layers(config, net, image) if not unseen else {"input": image.numpy()},
        "depth": lambda: view_depth(config, net) if not unseen else {},
        "test": lambda: view_test(config, net),
    }
    names = [f"{row.kind} {row.channels}" for row in config.stack.weighted]
    sides = [config.stack.block_sides[number] for number in shown_blocks(len(config.stack.block_sides))]
    return image_frame(snapshot, focus, label, views, unseen=unseen, names=names, sides=sides)


def view_layers(config: VGGConfig, net: VGG, image: Tensor) -> dict[str, np.ndarray]:
    """One image through all blocks: the first filters and their gradients, each block's maps, the probabilities."""
    first = net.features[0]
    x = to_input(config, image_batch(config, image)).to(next(net.parameters()).device)
    maps, features = maps_of_blocks(net.features, x)
    probability = torch.softmax(net.classifier(features.flatten(start_dim=1)), dim=1)[0]
    filters = colour_filters(first) if isinstance(first, nn.Conv2d) else {}
    return {
        "input": image.numpy(),
        **filters,
        **{f"maps{number}": block for number, block in enumerate(maps, start=1)},
        "probability": torch.nan_to_num(probability).cpu().numpy(),
        "saliency": saliency(net, x)[:: max(1, config.size // 56), :: max(1, config.size // 56)].copy(),
    }


def image_batch(config: VGGConfig, image: Tensor) -> Tensor:
    """One image as a batch of the set's kind: a drawing becomes coloured where the set is."""
    if image.dim() == 2 and not config.grey_data:
        side = config.image_set.size
        image = nn.functional.interpolate(image[None, None].float(), size=side, mode="bilinear")[0, 0].to(torch.uint8)
        image = image.expand(3, side, side)
    return image[None]


def view_depth(config: VGGConfig, net: VGG) -> dict[str, np.ndarray]:
    """The gradient's size and the signal's in every layer with weights."""
    images, _ = shown_images(config)
    if not len(images):
        images = torch.zeros(4, *images.shape[1:], dtype=torch.uint8)
    x = to_input(config, images[: at_once(config, MEASURED)]).to(next(net.parameters()).device)
    return depth(net, x)


def view_test(config: VGGConfig, net: VGG) -> dict[str, np.ndarray]:
    """The first test images: confusion matrix, surest mistakes, and the last layer's inputs in 2-D."""
    images, labels = shown_images(config)
    if next(net.parameters()).is_meta:
        images, labels = images[:0], labels[:0]
    count = at_once(config, len(images)) if len(images) else 0
    images, labels = images[:count], labels[:count]
    device = next(net.parameters()).device
    parts = [
        net.features(to_input(config, images[start : start + config.batch_size]).to(device)).flatten(start_dim=1)
        for start in range(0, count, config.batch_size)
    ]
    features = torch.cat(parts) if parts else torch.zeros(0, config.n_features)
    logits = net.classifier(features) if parts else torch.zeros(0, config.n_classes)
    return tested(images, labels, features, logits, config.n_classes)


def untrained(config: VGGConfig) -> Snapshot:
    """The snapshot of step 0; it needs no images. Of a large network only the shapes: it costs nothing."""
    with undisturbed(), torch.device("meta" if is_large(config) else config.device):
        net = build_net(config)
        return Snapshot(0, 0, {}, net, build_optimizer(config, net), torch.arange(config.n_train))


def lanes(config: VGGConfig) -> dict[str, TrainingConfig]:
    """The run itself and, beside it, the correct run where a bug is switched on, or the network to compare with."""
    if config.compare == "batch_norm":
        return {"run": config, "other": config.changed(batch_norm=not config.batch_norm)}
    if config.compare == "init":
        return {"run": config, "other": config.changed(init="small" if config.init != "small" else "kaiming")}
    return bug_lanes(config)


def shapes(config: VGGConfig) -> list[LayerShape]:
    """All layers of the network with their shapes, also of settings that can't work."""
    with undisturbed():
        return trace(lambda: build_net(config), (config.in_channels, config.size, config.size))


def bench(config: VGGConfig) -> Bench:
    """Net, optimizer and first batch, to take one step by hand."""
    with undisturbed():
        images, labels, _, _ = make_data(config)
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        x, y = to_input(config, images[: config.batch_size]), labels[: config.batch_size]
    return classifier_bench(net, optimizer, x, y)


def cannot_start(config: VGGConfig) -> Problem | None:
    """Why a run can't start: its images are not here, or it would not fit into memory."""
    needed = sum(memory(lane) for lane in lanes(config).values() if isinstance(lane, VGGConfig))
    return missing(config) or fits(needed)


LOADING = 3
"""How many times its own size a set takes while it is loaded."""


def memory(config: VGGConfig) -> int:
    """Bytes that training takes at its peak, predicted."""
    known = config.image_set
    data = (known.train + known.test) * known.channels * known.size**2
    copies = {"SGD": 0, "RMSprop": 1}.get(config.optimizer, 2)
    training = config.stack.training_bytes(config.batch_size, copies, config.precision == "bfloat16")
    return data + max(training, (LOADING - 1) * data)


LOGGED = 200
"""Test images that are logged at most."""


def logged_batch(config: VGGConfig) -> tuple[Tensor, Tensor]:
    """The first test images as the network is given them, and their labels."""
    _, _, test_images, test_labels = make_data(config)
    return to_input(config, test_images[:LOGGED]), test_labels[:LOGGED]


EXPERIMENT = Experiment(
    order=5,
    config=VGGConfig,
    train=train,
    view=view,
    untrained=untrained,
    lanes=lanes,
    bench=bench,
    logged_batch=logged_batch,
    focus=focus,
    missing=cannot_start,
    pictured=lambda config: True,
    smallest={"train_size": 100, "size": 28, "cfg": "64,M,64,M", "width": "1/16", "batch_size": 20, "num_epochs": 2},
)
