"""A network of one's own, built from blocks and trained on images or on points."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import AfterValidator
from torch import Tensor, nn

from core import settings
from core.blocks import Block, BlocksRefused, read, write, write_class
from core.blocks.fitting import TESTED_AT_ONCE, Checked, check
from core.checkpoints import restore
from core.config import Problem, setting
from core.data import image_sets
from core.data.image_sets import SETS, TEN, ImageSet, load_images
from core.data.points import draw
from core.experiment import Experiment, classifier_bench
from core.images.config import ImageConfig
from core.images.focus import image_focus, image_frame, looked_at, shown_images
from core.models.built import net_class
from core.optimizers import build_optimizer
from core.settings import PYTORCH, Device, Optimizer, OwnImages
from core.shapes import LayerShape, shape_text
from core.snapshot import Bench, Frame, Snapshot, undisturbed
from core.views.images import byte_maps, tested
from core.views.plane import decision, nice_domain

TUTORIAL_CNN = (
    "Conv2d(1,16,5,stride=2,padding=2),ReLU(),MaxPool2d(2),Conv2d(16,32,5,padding=2),ReLU(),Flatten(),Linear(1568,10)"
)
POINTS = ("clouds", "moons", "circles", "xor", "spirals", "blobs")
"""The sets that are points in the plane; all others are images."""
IMAGES = ("digits", "shapes", "mnist", "fashion_mnist", "kmnist", "cifar10", "own")
TEST_AT_ONCE = TESTED_AT_ONCE
"""Test examples in one forward pass."""
SHOWN = 1000
"""Between the ends of epochs only so many test examples are tried."""

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
        return write(read(text))
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
        help="The network, one block after the other, as one writes them in nn.Sequential.",
    )
    seed: int = settings.seed(fixes="points, first weights, batches")
    optimizer: Optimizer = settings.optimizer("Adam")
    lr: float = settings.lr(0.001, source=PYTORCH)
    batch_size: int = settings.batch_size(low=2)
    num_epochs: int = settings.num_epochs(12, high=500, examples="data", folded=False)
    evaluate_every: int = settings.evaluate_first()
    device: Device = settings.device(pays="A GPU pays with many channels and large batches.")
    bugs: tuple[Bug, ...] = settings.bugs(Bug)
    # fmt: on

    def problems(self) -> Iterator[Problem]:
        if self.dataset == "own" and not self.own_images:
            yield Problem("dataset", "Own images: upload a zip with a folder of images for each class first.")
            return
        if not self.on_points and 0 < self.train_size < self.batch_size:
            yield Problem("train_size", "At least one batch of training images is needed.")
        try:
            read(self.blocks)
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
        """Of one example as the network is given it."""
        size = self.image_set.size
        return (2,) if self.on_points else (self.image_set.channels, size, size)

    @property
    def batches(self) -> tuple[int, ...]:
        """The sizes of batches that make a difference: the usual one, and a last one of a single example."""
        full = min(self.batch_size, self.n_train)
        return (full, 1) if self.n_train % self.batch_size == 1 else (full,)

    @property
    def network(self) -> tuple[Block, ...]:
        """The blocks."""
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
        """The network's class."""
        return net_class(self.source)


def make_data(config: BuildConfig) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training examples and their labels, and the same of a test set that training never sees.

    Returns:
        points float32 (N, 2), or images uint8 (N, H, W) or (N, 3, H, W), and labels int64 (N,), twice.
    """
    if config.on_points:
        torch.manual_seed(config.seed)
        x_train, y_train = draw(config, config.points_per_class)
        x_test, y_test = draw(config, config.points_per_class)
    else:
        x_train, y_train, x_test, y_test = load_images(config)
        if config.train_size > 0:
            x_train, y_train = x_train[: config.train_size], y_train[: config.train_size]
    return x_train, y_train, x_test, y_test


def to_input(config: BuildConfig, x: Tensor) -> Tensor:
    """What the network is given: points as they are, images as float32 (N, C, H, W) from 0 to 1."""
    if config.on_points:
        return x
    if config.grey:
        x = x.unsqueeze(1)
    return x.float() / 255


def build_net(config: BuildConfig) -> nn.Module:
    """The network with its first weights, the same for the same seed."""
    torch.manual_seed(config.seed)
    return config.Net()


def evaluate(config: BuildConfig, net: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Loss and accuracy on examples that the network does not learn from: eval mode, no gradients."""
    loss_func = nn.CrossEntropyLoss(reduction="sum")
    loss, correct = 0.0, 0
    if "no_eval" not in config.bugs:
        net.eval()
    with torch.no_grad():
        for start in range(0, len(x), TEST_AT_ONCE):
            b_y = y[start : start + TEST_AT_ONCE]
            output = net(to_input(config, x[start : start + TEST_AT_ONCE]))
            if "softmax" in config.bugs:
                output = torch.softmax(output, dim=1)
            loss += loss_func(output, b_y).item()
            correct += int((output.argmax(dim=1) == b_y).sum())
    net.train()
    return loss / len(x), correct / len(x)


def train(
    config: BuildConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[Snapshot]:
    """Train, and yield a Snapshot after each step.

    Args:
        changes: step -> {field: value} from that step on, such as {120: {"lr": 0.01}}; may grow while this runs.
        resume: a checkpoint to go on from.

    Raises:
        ConnectionError: the images can't be fetched.
    """
    device = torch.device(config.device)
    x_train, y_train, x_test, y_test = (part.to(device) for part in make_data(config))
    net = build_net(config).to(device)
    optimizer = build_optimizer(config, net)
    loss_func = nn.CrossEntropyLoss()
    order = torch.arange(len(x_train))
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
            order = torch.randperm(len(x_train))
        batch = order[start : start + config.batch_size]
        b_x, b_y = to_input(config, x_train[batch]), y_train[batch]

        output = net(b_x)
        if "softmax" in config.bugs:
            output = torch.softmax(output, dim=1)
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
            shown = len(x_test) if end_of_epoch else SHOWN
            metrics["accuracy/train"] = (output.argmax(dim=1) == b_y).float().mean().item()
            metrics["loss/test"], metrics["accuracy/test"] = evaluate(config, net, x_test[:shown], y_test[:shown])
        yield Snapshot(step, epoch, metrics, net, optimizer, order)


# What the screen shows

PARTS = ("blocks", "test")
"""What a viewer may look at of a network for images: one image on its way, or what the test set shows."""
MOST_STAGES = 8
"""Blocks whose maps are drawn."""
MOST_BYTES = 60_000
"""Bytes of all maps of a frame."""
SHOWN_FLOPS = 10e9
"""Operations that one picture may cost."""
SHOWN_NUMBERS = 25_000_000
"""Numbers that one block may be given and put out at once for a picture."""
GRID = 100
"""Points of the boundary picture along each axis at most."""


def focus(asked: Any) -> dict[str, Any]:
    """What a viewer asks to look at, checked, see `image_focus`."""
    return image_focus(asked, PARTS)


def missing(config: BuildConfig) -> Problem | None:
    """Why a run can't start yet: its images are not here."""
    return None if config.on_points else image_sets.missing(config)


@dataclass(frozen=True)
class Stage:
    """Blocks that are looked at as one: a convolution with its norm and activation, say.

    Attributes:
        name: the blocks' names.
        end: the number of the block after the last one.
        shape: what it puts out.
    """

    name: str
    end: int
    shape: tuple[int, ...]


@lru_cache(maxsize=128)
def stages(blocks: str, input_shape: tuple[int, ...], n_classes: int, batches: tuple[int, ...]) -> list[Stage]:
    """The stages whose outputs are drawn: all but reshapings and the last layer, spread over the network."""
    network = read(blocks)
    checked = check(network, input_shape, n_classes, batches)
    found: list[Stage] = []
    for number, block in enumerate(network[: last_linear(network)]):
        output = checked.rows[(number,)].output or ()
        follows = not any(word in block.kind for word in ("Conv", "Pool", "Linear", "Residual"))
        if block.kind == "Flatten":
            continue
        if follows and found and found[-1].end == number:
            found[-1] = Stage(f"{found[-1].name} → {block.kind}", number + 1, output)
        else:
            found.append(Stage(block.kind, number + 1, output))
    if len(found) > MOST_STAGES:
        found = [found[round(i * (len(found) - 1) / (MOST_STAGES - 1))] for i in range(MOST_STAGES)]
    return found


def last_linear(network: tuple[Block, ...]) -> int:
    """The number of the last Linear; of the last block where there is none."""
    return max((n for n, block in enumerate(network) if block.kind == "Linear"), default=len(network) - 1)


def stages_of(config: BuildConfig) -> list[Stage]:
    """The stages of a config's network."""
    return stages(config.blocks, config.input_shape, config.n_classes, config.batches)


def view(config: BuildConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """What the screen draws of one step: the boundary of points, or the part of images that the viewer looks at."""
    net = snapshot.net
    if config.on_points:
        return view_plane(config, snapshot)
    image, label = looked_at(focus, *shown_images(config), drawn=config.grey)
    views: dict[str, Callable[[], dict[str, np.ndarray]]] = {
        "blocks": lambda: view_blocks(config, net, image),
        "test": lambda: view_test(config, net),
    }
    return image_frame(snapshot, {**focus, "part": focus.get("part", "blocks")}, label, views)


def layers_of(net: nn.Module) -> nn.Sequential:
    """The layers of a network of one's own."""
    found = net.layers
    assert isinstance(found, nn.Sequential)
    return found


def device_of(net: nn.Module) -> torch.device:
    """Where a network's weights are."""
    return next(net.parameters()).device


def view_blocks(config: BuildConfig, net: nn.Module, image: Tensor) -> dict[str, np.ndarray]:
    """One image on its way through the network: each stage's maps, and the probabilities."""
    x = to_input(config, image[None]).to(device_of(net))
    arrays = {"input": image.numpy()}
    layers, done = layers_of(net), 0
    drawn = stages_of(config)
    for number, stage in enumerate(drawn):
        x = layers[done : stage.end](x)
        done = stage.end
        arrays[f"maps{number}"] = maps_of(x[0], MOST_BYTES // len(drawn))
    probability = torch.softmax(layers[done:](x), dim=1)[0]
    return arrays | {"probability": torch.nan_to_num(probability).cpu().numpy()}


def maps_of(output: Tensor, most: int) -> np.ndarray:
    """What a block puts out as byte maps (count, rows, columns) of at most so many bytes: the first ones.

    Args:
        output: (numbers,), (channels, length) or (channels, height, width).
    """
    maps = output.reshape(len(output), 1, -1) if output.dim() < 3 else output
    if max(maps.shape[1:]) > 32:
        rows, columns = (min(32, side) for side in maps.shape[1:])
        maps = nn.functional.adaptive_avg_pool2d(maps[: max(1, most // 32)], (rows, columns))
    count = max(1, min(128, most // (maps.shape[1] * maps.shape[2])))
    return byte_maps(maps[:count])


def view_test(config: BuildConfig, net: nn.Module) -> dict[str, np.ndarray]:
    """The first test images: confusion matrix, surest mistakes, and the last Linear's inputs in 2-D."""
    images, labels = shown_images(config)
    count = int(min(SHOWN, max(50, SHOWN_FLOPS // max(1, config.checked.flops))))
    images, labels = images[:count], labels[:count]
    layers, last = layers_of(net), last_linear(config.network)
    few = at_once(config)
    hidden = in_parts(lambda x: layers[:last](to_input(config, x).to(device_of(net))), images, few)
    return tested(images, labels, hidden.flatten(1), in_parts(layers[last:], hidden, few), config.n_classes)


def at_once(config: BuildConfig) -> int:
    """Examples that go through the network together for a picture, in the server too."""
    return max(1, min(TEST_AT_ONCE, SHOWN_NUMBERS // max(1, config.checked.largest)))


def in_parts(function: Callable[[Tensor], Tensor], x: Tensor, few: int) -> Tensor:
    """A function's value for many examples, a few at a time."""
    return torch.cat([function(part) for part in torch.split(x, few)] if len(x) else [function(x)])


@dataclass(frozen=True)
class Scene:
    """What the picture of points needs beside the network: the points, and the grid that the boundary is drawn on."""

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    domain: tuple[float, float, float, float]
    grid: Tensor


@lru_cache(maxsize=64)
def scene(dataset: str, points_per_class: int, spread: float, seed: int, side: int) -> Scene:
    """The points of a set, and a grid (side * side, 2) over them."""
    values: dict[str, Any] = {"dataset": dataset, "points_per_class": points_per_class, "spread": spread, "seed": seed}
    with undisturbed():
        x_train, y_train, x_test, y_test = make_data(BuildConfig.model_construct(**values))
    domain = nice_domain(torch.cat([x_train, x_test]).numpy())
    across, up = torch.linspace(domain[0], domain[1], side), torch.linspace(domain[2], domain[3], side)
    grid = torch.stack([across.repeat(side), up.repeat_interleave(side)], dim=1)
    return Scene(x_train, y_train, x_test, y_test, domain, grid)


def scene_of(config: BuildConfig) -> Scene:
    """The scene of a config: a network that computes more is drawn on a coarser grid."""
    side = next((side for side in (GRID, 50) if side * side * config.checked.flops < SHOWN_FLOPS), 20)
    return scene(config.dataset, config.points_per_class, config.spread, config.seed, side)


def view_plane(config: BuildConfig, snapshot: Snapshot) -> Frame:
    """The boundary."""
    net, grid = snapshot.net, scene_of(config).grid
    side = math.isqrt(len(grid))
    net.eval()
    with torch.no_grad():
        logits = in_parts(net, grid.to(device_of(net)), at_once(config))
    net.train()
    levels = 255 // config.n_classes
    boundary = decision(torch.softmax(logits, dim=1), levels).reshape(side, side)
    return Frame(snapshot.step, snapshot.epoch, {"decision": boundary}, {"levels": levels})


def untrained(config: BuildConfig) -> Snapshot:
    """The snapshot of step 0; it needs no images."""
    with undisturbed():
        net = build_net(config).to(config.device)
        return Snapshot(0, 0, {}, net, build_optimizer(config, net), torch.arange(config.n_train))


def shapes(config: BuildConfig) -> list[LayerShape]:
    """All layers of the network with their shapes, also of settings that can't work."""
    return list(config.checked.rows.values())


def bench(config: BuildConfig) -> Bench:
    """Net, optimizer and first batch, to take one step by hand; a few examples where they cost much."""
    count = int(min(config.batch_size, at_once(config), max(2, SHOWN_FLOPS // 5 // max(1, config.checked.flops))))
    with undisturbed():
        x_train, y_train, _, _ = make_data(config)
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        x, y = to_input(config, x_train[:count]), y_train[:count]
    return classifier_bench(net, optimizer, x, y)


LOGGED = 200
"""Test images that are logged at most."""


def logged_batch(config: BuildConfig) -> tuple[Tensor, Tensor]:
    """The first test examples as the network is given them, and their labels."""
    _, _, x_test, y_test = make_data(config)
    return to_input(config, x_test[:LOGGED]), y_test[:LOGGED]


def pictured(config: BuildConfig) -> bool:
    """Whether the examples are images."""
    return not config.on_points


EXPERIMENT = Experiment(
    order=6,
    config=BuildConfig,
    train=train,
    view=view,
    untrained=untrained,
    bench=bench,
    logged_batch=logged_batch,
    focus=focus,
    missing=missing,
    pictured=pictured,
    smallest={"train_size": 100, "batch_size": 20, "num_epochs": 2},
)
