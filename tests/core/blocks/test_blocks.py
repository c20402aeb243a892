"""Blocks as text: what is read, what is refused and why, and the class that is written."""

import random

import pytest
import torch
from torch import nn

from core.blocks import (
    GROUPS,
    KINDS,
    MOST_BLOCKS,
    MOST_TEXT,
    Block,
    BlocksRefused,
    balanced,
    count,
    fresh,
    read,
    walk,
    write,
    write_class,
)
from core.blocks.fitting import layers
from core.blocks.pasted import read_pasted
from core.models.built import net_class
from tests.core.blocks.test_fitting import random_network

pytestmark = pytest.mark.filterwarnings("ignore:dropout2d")


def test_reads_what_pytorch_prints_and_what_people_write() -> None:
    wanted = "Conv2d(1,16,5,stride=2,padding=2),ReLU(),Flatten(),Linear(8,10,bias=False)"
    for text in (
        "nn.Sequential(nn.Conv2d(1, 16, 5, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 10, bias=False))",
        "Conv2d(1, 16, kernel_size=(5, 5), stride=(2, 2), padding=(2, 2)) ,relu\nFlatten( )\n Linear(8,10,False)",
        "[Conv2d(in_channels=1, out_channels=16, kernel_size=5, stride=2, padding=2), ReLU(), Flatten(1, -1),"
        " Linear(in_features=8, out_features=10, bias=False)]",
        "Conv2d(1, 16, 5, 2, padding=2),  # edges\nReLU(),\nFlatten(),\nLinear(8, 10, bias=False),\n",
    ):
        assert write(read_pasted(text).blocks) == wanted


def test_what_is_written_reads_back() -> None:
    for number in range(300):
        blocks, _, _ = random_network(random.Random(number))
        assert read(write(blocks)) == blocks
    assert read(write(read("LeakyReLU(1e-05),Dropout(.25)"))) == read("LeakyReLU(0.00001),Dropout(0.25)")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Conv2d", "Conv2d needs in_channels."),
        ("Conv2d(1, 16)", "Conv2d needs kernel_size."),
        ("Conv2d(1, 16, 3, 1, 1, 1, 8)", "Conv2d: groups is always 1 here, not “8”."),
        ("Conv2d(1, 16, 3, dilation=2)", "Conv2d: dilation is always 1 here, not “2”."),
        ("Conv2d(1, 16, 3, colour=2)", "Conv2d takes no “colour=2”."),
        ("Conv2d(1, 16, 3, kernel_size=3)", "Conv2d takes no “kernel_size=3”."),
        ("Conv2d(1, 16, kernel_size=3, 1)", "Conv2d takes no “1”."),
        ("Conv2d(1, 10**9, 3)", "Conv2d: out_channels is a whole number from 1 to 8192, not “10**9”."),
        ("Conv2d(1, -4, 3)", "Conv2d: out_channels is a whole number from 1 to 8192, not “-4”."),
        ("Conv2d(1, 4, (3, 5))", "Conv2d: kernel_size is one number here, not “(3, 5)”."),
        ("Linear(4, 5, bias=1)", "Linear: bias is True or False, not “1”."),
        ("Dropout(2)", "Dropout: p is a number from 0 to 1, not “2”."),
        ("Dropout(nan)", "Dropout: p is a number from 0 to 1, not “nan”."),
        ("__import__('os').system('x')", "There is no block “__import__” here."),
        ("1 + 1", "“1 + 1” is not a block: write one as PyTorch does, such as Conv2d(1, 16, 3)."),
        ("Embedding(3)", "There is no block “Embedding” here."),
    ],
)
def test_one_sentence_says_what_is_wrong_and_nothing_is_lost(text: str, why: str) -> None:
    before, block, after = read(f"ReLU(),{text},Tanh()")
    assert str(block.problem) == why
    assert write([before, block, after]) == f"ReLU(),{text},Tanh()"


def test_what_cannot_be_read_does_not_swallow_what_follows() -> None:
    for typed in ("Foo(1", "Foo)(", "Foo(1)) # x", "#", "Foo[(", ")", ","):
        broken = Block("", typed=balanced(typed))
        assert [block.kind for block in read(write([broken, *read("ReLU(),Tanh()")]))] == ["", "ReLU", "Tanh"], typed
    [whole] = read("Foo(1, ReLU(), Tanh()")
    assert whole.typed == "Foo(1, ReLU(), Tanh())"


def test_a_residual_block_in_another_one_is_refused() -> None:
    [block] = read("Residual(Residual(ReLU()))")
    assert str(block.inner[0].problem) == "A residual block can't be inside another one."


@pytest.mark.parametrize(
    "text", ["ReLU()," * (MOST_BLOCKS + 1), f"Residual({'ReLU(),' * MOST_BLOCKS})", " " * MOST_TEXT + "x"]
)
def test_bounds(text: str) -> None:
    with pytest.raises(BlocksRefused):
        read(text)
    assert len(read("ReLU()," * MOST_BLOCKS)) == MOST_BLOCKS


def test_every_kind_is_in_a_group_and_a_fresh_one_is_a_layer_of_torch() -> None:
    assert sorted(KINDS) == sorted(kind for group in GROUPS.values() for kind in group)
    for kind in KINDS:
        [layer] = layers([fresh(kind)])
        assert type(layer).__name__ == kind
        assert read(write([fresh(kind)])) == (fresh(kind),)
    assert count(read("Residual(ReLU,ReLU),Tanh")) == 4
    assert [path for path, _ in walk(read("Residual(ReLU,ReLU),Tanh"))] == [(0,), (0, 0), (0, 1), (1,)]


def test_the_class_is_what_a_learner_would_write_and_what_runs() -> None:
    blocks = read("Conv2d(1,4,3,padding=1),Residual(Conv2d(4,4,3,padding=1),ReLU()),Flatten(),Linear(3136,10)")
    source = write_class(blocks, (1, 28, 28), {(0,): "4 x 28 x 28", (2,): "3136"})
    assert (
        source
        == '''class Net(nn.Module):
    """One block after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1),  # 4 x 28 x 28
            Residual(
                nn.Conv2d(4, 4, 3, padding=1),
                nn.ReLU(),
            ),
            nn.Flatten(),  # 3136
            nn.Linear(3136, 10),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits of each class, (batch, classes), of x, (batch, 1, 28, 28)."""
        logits: Tensor = self.layers(x)
        return logits
'''
    )
    net = net_class(source)()
    torch.manual_seed(0)
    x = torch.randn(2, 1, 28, 28)
    assert isinstance(net.layers, nn.Sequential)
    first, residual, _, last = net.layers
    around = residual.get_submodule("layers")
    assert torch.equal(net(x), last((first(x) + around(first(x))).flatten(1)))


def test_what_is_typed_never_gets_into_the_source() -> None:
    for text in ("print(1)", "ReLU(),nn.Foo()", "Residual(print(1))"):
        with pytest.raises(ValueError):
            write_class(read(text), (1,), {})


@pytest.mark.parametrize(
    "program",
    [
        "net = nn.Sequential(nn.Conv2d(1, 16, 5), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(16 * 24 * 24, 10))",
        "import torch\nfrom torch import nn\n\nself.net = nn.Sequential(\n    nn.Conv2d(1, 16, 5),\n    nn.ReLU(),\n"
        "    nn.Flatten(),  # (16, 24, 24)\n    nn.Linear(9216, 10),\n)\nprint(net)",
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.net = nn.Sequential("
        "nn.Conv2d(1, 16, 5), nn.ReLU(), nn.Flatten(), nn.Linear(9216, 10))\n\n    def forward(self, x):\n"
        "        return self.net(x)",
    ],
)
def test_a_program_is_pasted_as_it_is(program: str) -> None:
    assert write(read_pasted(program).blocks) == write(read("Conv2d(1, 16, 5), ReLU(), Flatten(), Linear(9216, 10)"))
