"""The check of a network before it runs against the network itself: 1,000 random ones, and what would repair them."""

import random
import tracemalloc
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.blocks import KINDS, MOST_BLOCKS, Block, BlocksRefused, Path, read, walk, write, write_class
from core.blocks.fitting import check, fitted, insert, layers, move, put, remedy, remove, repair_all
from core.models.built import net_class
from core.shapes import Shape, trace

pytestmark = pytest.mark.filterwarnings("ignore:dropout2d")
SMALL: dict[str, list[int | bool]] = {
    "bias": [True, False],
    "stride": [1, 1, 2, 3],
    "padding": [0, 0, 1, 2],
    "kernel_size": [1, 2, 3, 5],
}


def random_block(chance: random.Random, given: Shape | None, inside: bool = False) -> Block:
    """A block of any kind with small sizes; more often than not it fits the shape it is given."""
    kinds = [name for name in KINDS if not (inside and name == "Residual")]
    if given and chance.random() < 0.8:
        axes = {"1d": 2, "2d": 3}
        kinds = [kind for kind in kinds if axes.get(kind[-2:], len(given)) == len(given)]
    kind = chance.choice(kinds)
    if kind == "Residual":
        return Block(
            kind, inner=tuple(random_block(chance, given, inside=True) for _ in range(chance.choice([1, 1, 2])))
        )
    values: list[Any] = []
    for argument in KINDS[kind]:
        if argument.name == "stride" and argument.default is None:
            values.append(chance.choice([None, 1, 2]))
        elif argument.name in SMALL:
            values.append(chance.choice(SMALL[argument.name]))
        elif argument.is_float:
            values.append(chance.choice([0.0, 0.3, 1.0]))
        elif argument.name == "start_dim":
            values.append(chance.choice([1, 1, 2, 3]))
        elif argument.name == "end_dim":
            values.append(chance.choice([-1, -1, 1, 2, -2, -3]))
        elif argument.name == "dim":
            values.append(1)
        elif argument.name == "normalized_shape":
            values.append(chance.choice([4, (3, 3), (1, 4, 4), (2,) * chance.choice([2, 3])]))
        else:
            values.append(chance.choice([1, 2, 3, 4, 6]))
    block = Block(kind, tuple(values))
    return fitted(block, given) if given and chance.random() < 0.6 else block


def sequential(block: Block) -> nn.Sequential:
    """A network of one block."""
    return nn.Sequential(*layers([block]))


def random_network(chance: random.Random) -> tuple[tuple[Block, ...], Shape, int]:
    """Up to seven blocks, the shape of an example, and a batch size."""
    shape: Shape = tuple(chance.choice([1, 2, 3, 4, 6, 9]) for _ in range(chance.choice([1, 2, 3, 3, 3])))
    blocks: tuple[Block, ...] = ()
    given: Shape | None = shape
    for _ in range(chance.choice([1, 2, 3, 4, 5, 7])):
        block = random_block(chance, given)
        blocks = (*blocks, block)
        if given is not None:
            given = trace(partial(sequential, block), given, 5)[-1].output
    return blocks, shape, chance.choice([1, 1, 2, 5])


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=pytest.mark.long)])
def test_random_networks_do_what_the_check_says(count: int) -> None:
    """The class that runs, on the CPU, in training: the same shapes, parameters and refusals, at the same block."""
    outcomes: Counter[str] = Counter()
    for number in range(count):
        chance = random.Random(number)
        blocks, shape, batch = random_network(chance)
        outcome = check(read(write(blocks)), shape, 10, (batch,))
        net = net_class(write_class(blocks, shape, {}))()
        seen: dict[Path, Shape] = {}

        def note(path: Path, seen: dict[Path, Shape] = seen) -> Callable[[nn.Module, Any, Tensor], None]:
            return lambda layer, x, out: seen.update({path: tuple(out.shape[1:])})

        for path, _block in walk(blocks):
            name = "layers." + ".layers.".join(map(str, path))
            net.get_submodule(name).register_forward_hook(note(path))
        try:
            net(torch.randn(batch, *shape))
            failed = False
        except (RuntimeError, ValueError, IndexError):
            failed = True
        predicted = {path: row.output for path, row in outcome.rows.items() if row.output is not None}
        assert predicted == seen, (write(blocks), shape, batch)
        assert failed == (outcome.path is not None), (write(blocks), shape, batch, outcome.problem)
        if failed:
            assert outcome.path not in seen and outcome.problem is not None
            assert "{error}" not in outcome.problem.sentence, (write(blocks), shape, outcome.problem)
        else:
            assert outcome.parameters == sum(p.numel() for p in net.parameters())
            assert outcome.output == seen[(len(blocks) - 1,)]
        outcomes[outcome.problem.sentence if outcome.path and outcome.problem else "works"] += 1
    assert 0.3 < outcomes["works"] / count < 0.7, outcomes
    assert len(outcomes) > (14 if count == 1000 else 9), outcomes


DIGITS = (1, 28, 28)


def checked(text: str, shape: Shape = DIGITS, classes: int = 10, batches: tuple[int, ...] = (50,)) -> str:
    """What is wrong with a network, and at which block."""
    outcome = check(read(text), shape, classes, batches)
    return f"{outcome.path} {outcome.problem}" if outcome.problem else ""


CNN = "Conv2d(1,16,5,stride=2,padding=2),ReLU(),MaxPool2d(2),Conv2d(16,32,5,padding=2),ReLU(),Flatten(),Linear(1568,10)"


def test_the_tutorials_network_works() -> None:
    outcome = check(read(CNN), DIGITS, 10, (50,))
    assert outcome.problem is None and outcome.output == (10,)
    assert outcome.parameters == 28_938
    assert outcome.flops == 2 * (25 * 16 * 14 * 14 + 25 * 16 * 32 * 7 * 7 + 1568 * 10)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("Conv2d(1,16,3),Conv2d(8,4,3)", "(1,) Conv2d has in_channels=8, but its input has 16."),
        ("Conv1d(1,16,3)", "(0,) Conv1d wants channels x length here and gets 1 x 28 x 28."),
        ("Flatten(),Conv2d(1,2,3)", "(1,) Conv2d wants channels x height x width here and gets 784."),
        (
            "Conv2d(1,4,31,padding=1)",
            "(0,) Conv2d gets 1 x 28 x 28: with padding 1 that is too small for a 31 x 31 kernel.",
        ),
        ("MaxPool2d(40)", "(0,) MaxPool2d gets 1 x 28 x 28: too small for a kernel of 40."),
        ("AvgPool2d(2,padding=2)", "(0,) AvgPool2d: padding can be at most half of kernel_size, 1 here, not 2."),
        ("LayerNorm((28,27))", "(0,) LayerNorm wants a shape here that ends in 28 x 27 and gets 1 x 28 x 28."),
        ("Flatten(2,1)", "(0,) Flatten can't join dimensions 2 to 1 of 1 x 28 x 28."),
        (
            "Residual(Conv2d(1,1,3))",
            "(0,) x + layers(x) needs equal shapes, but x is 1 x 28 x 28 and the layers make 1 x 26 x 26 of it.",
        ),
        (
            "Residual(ReLU(),Linear(3,3))",
            "(0, 1) Linear wants 3 numbers on the last axis and gets 1 x 28 x 28: put Flatten before it.",
        ),
        ("Flatten(),Linear(784,9)", "None The network outputs 9, but 10 classes need 10 numbers."),
        ("ReLU(),Tan()", "(1,) There is no block “Tan” here."),
        (
            "ReLU(),Linear(3,3),Tan()",
            "(1,) Linear wants 3 numbers on the last axis and gets 1 x 28 x 28: put Flatten before it.",
        ),
        ("Residual()", "(0,) A residual block needs at least one block inside."),
        ("", "None The network has no blocks yet."),
        (
            "AdaptiveAvgPool2d(1),Flatten(),Softmax(dim=1)",
            "None The network outputs 1, but 10 classes need 10 numbers.",
        ),
    ],
)
def test_where_it_breaks_and_why(text: str, where: str) -> None:
    assert checked(text) == where


def test_a_last_batch_of_one_stops_batch_norm_only_where_nothing_else_is_averaged() -> None:
    flat = "Flatten(),Linear(784,8),BatchNorm1d(8),Linear(8,10)"
    assert checked(flat, batches=(50,)) == ""
    assert "one number a channel" in checked(flat, batches=(50, 1))
    assert checked(f"BatchNorm2d(1),{CNN}", batches=(50, 1)) == ""


def test_what_works_with_one_size_of_batches_alone_does_not_work() -> None:
    """PyTorch takes (batch, length, length) for one image of `batch` channels, if there are as many."""
    text = "Flatten(1,2),Conv2d(50,10,28),Flatten(),Linear(1,10)"
    assert "channels x height x width" in checked(text, batches=(50,))
    assert "channels x height x width" in checked(text, batches=(49,))


def test_what_would_be_too_much_for_a_shared_machine_is_refused() -> None:
    assert "6,512,650 parameters are too many" in checked("Flatten(),Linear(784,8192),Linear(8192,10)")
    assert "million operations" in checked(
        "Conv2d(1,256,3,padding=1),Conv2d(256,256,3,padding=1),AdaptiveAvgPool2d(1),Flatten(),Linear(256,10)"
    )
    wide = "Conv2d(1,256,1),ReLU(),Tanh(),ELU(),AdaptiveAvgPool2d(1),Flatten(),Linear(256,10)"
    assert checked(wide) == ""
    assert "GB of memory" in checked(wide, batches=(512,))


def test_the_widest_network_is_checked_and_what_is_beyond_refused_without_memory() -> None:
    tracemalloc.start()
    widest = ",".join(["Conv2d(8192,8192,64,padding=64)"] * MOST_BLOCKS)
    assert "outputs 8192 x 4188 x 4188" in checked(widest, (8192, 28, 28))
    for text in ("ReLU()," * 20_000, "(" * 8000, "Residual(" * 800, "Conv2d(" + "1," * 3000, "[" * 7000 + "]" * 900):
        try:
            blocks = read(text)
        except BlocksRefused:
            blocks = ()
        assert check(blocks, DIGITS, 10, (50,)).problem is not None
    assert "in_channels is a whole number from 1 to 8192" in checked("Conv2d(1000000000,1000000000,3)")
    assert tracemalloc.get_traced_memory()[1] < 30e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("text", "sentence", "repaired"),
    [
        (CNN.replace("1568", "32"), "Set in_features of Linear to 1568", CNN),
        ("Conv2d(3,4,3)", "Set in_channels of Conv2d to 1", "Conv2d(1,4,3)"),
        ("Conv2d(1,4,31)", "Use padding=2", "Conv2d(1,4,31,padding=2)"),
        ("BatchNorm2d(4)", "Set num_features of BatchNorm2d to 1", "BatchNorm2d(1)"),
        ("LayerNorm((4,4))", "Use normalized_shape=(1, 28, 28)", "LayerNorm((1,28,28))"),
        ("LayerNorm(4)", "Use normalized_shape=28", "LayerNorm(28)"),
        ("MaxPool2d(2,padding=2)", "Use padding=1", "MaxPool2d(2,padding=1)"),
        ("AdaptiveAvgPool2d(1),MaxPool2d(2)", "Take MaxPool2d out", "AdaptiveAvgPool2d(1)"),
        ("Conv1d(28,4,3)", "Put Flatten(1, 2) before it: each row is a channel", "Flatten(end_dim=2),Conv1d(28,4,3)"),
        ("Flatten(),Linear(784,9)", "Let the last Linear output 10 numbers", "Flatten(),Linear(784,10)"),
        (
            "Flatten(),Linear(784,9),ReLU()",
            "Add Linear(9, 10) at the end",
            "Flatten(),Linear(784,9),ReLU(),Linear(9,10)",
        ),
        ("Linear(28,10)", "Put Flatten before it", "Flatten(),Linear(28,10)"),
        ("ReLU()", "Put Flatten at the end", "ReLU(),Flatten()"),
        (
            "Residual(Conv2d(1,4,3),ReLU())",
            "Let Conv2d keep the shape: use Conv2d(1,1,3,padding=1)",
            "Residual(Conv2d(1,1,3,padding=1),ReLU())",
        ),
    ],
)
def test_a_click_repairs_it(text: str, sentence: str, repaired: str) -> None:
    blocks = read(text)
    fix = remedy(blocks, check(blocks, DIGITS, 10, (50,)), 10)
    assert fix is not None
    assert str(fix.sentence) == sentence
    assert write(fix.blocks) == repaired


def test_most_random_networks_can_be_fixed_wholly() -> None:
    repaired = 0
    for number in range(60):
        blocks, _, _ = random_network(random.Random(number))
        after = repair_all(blocks, DIGITS, 10, (50,))
        works = check(after, DIGITS, 10, (50,)).problem is None
        assert works or remedy(after, check(after, DIGITS, 10, (50,)), 10) is None or len(after) > 20
        repaired += works
    assert repaired > 40


def test_moving_putting_and_taking_out() -> None:
    blocks = read("ReLU,Residual(Tanh,ELU),GELU")

    def moved(path: Path, to: Path) -> str:
        return write(move(blocks, path, to)).replace("()", "")

    assert moved((0,), (3,)) == "Residual(Tanh,ELU),GELU,ReLU"
    assert moved((2,), (0,)) == "GELU,ReLU,Residual(Tanh,ELU)"
    assert moved((0,), (1, 0)) == "Residual(ReLU,Tanh,ELU),GELU"
    assert moved((2,), (1, 2)) == "ReLU,Residual(Tanh,ELU,GELU)"
    assert moved((1, 0), (1, 2)) == "ReLU,Residual(ELU,Tanh),GELU"
    assert moved((1, 1), (1, 0)) == "ReLU,Residual(ELU,Tanh),GELU"
    assert moved((1, 1), (2,)) == "ReLU,Residual(Tanh),ELU,GELU"
    assert moved((1, 1), (1,)) == "ReLU,ELU,Residual(Tanh),GELU"
    assert moved((1,), (1, 1)) == "ReLU,Residual(Tanh,ELU),GELU", "not into itself"
    assert write(remove(blocks, (1, 0))) == "ReLU(),Residual(ELU()),GELU()"
    assert write(put(blocks, (1, 1), Block("SiLU"))) == "ReLU(),Residual(Tanh(),SiLU()),GELU()"
    assert write(insert(blocks, (3,), Block("SiLU"))).endswith("GELU(),SiLU()")
