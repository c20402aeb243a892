"""Networks as people paste them: what is read computes what was pasted, or one sentence says why not."""

import inspect
import random
from collections import OrderedDict
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.blocks import (
    FIXED,
    KINDS,
    MOST_BLOCKS,
    NO_MATTER,
    ORDER,
    Block,
    BlocksRefused,
    read,
    read_block,
    write,
    write_class,
)
from core.blocks.fitting import advice, check, layers, repair_all
from core.blocks.pasted import MOST_PASTED, read_pasted
from core.experiments.build import BuildConfig
from core.models.built import net_class
from tests.core.blocks.test_fitting import random_network

pytestmark = pytest.mark.filterwarnings("ignore:dropout2d")

TWO_PARTS = """
class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.eyes = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.mind = nn.Sequential(nn.Conv2d(6, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.mouth = nn.Linear(12 * 7 * 7, 10)

    def forward(self, x):
        return self.mouth(self.mind(self.eyes(x)).flatten(1))
"""
NO_SEQUENTIAL = """
import torch
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(16 * 4 * 4, 120)
        self.fc2 = nn.Linear(120, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = F.max_pool2d(torch.tanh(self.conv2(x)), (2, 2))
        x = x.view(-1, self.num_flat_features(x))
        x = F.dropout(F.leaky_relu(self.fc1(x), 0.1), training=self.training)
        return self.fc2(x), x  # x is for a picture

    def num_flat_features(self, x):
        size = x.size()[1:]
        num_features = 1
        for s in size:
            num_features *= s
        return num_features

net = Net().to(device)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
print(net)
"""
LOOPS = """
class MLP(nn.Module):
    def __init__(self, sizes=(784, 32, 16, 10), activation="relu"):
        super().__init__()
        layers = [nn.Flatten()]
        for number, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
            layers.append(nn.Linear(a, b))
            if number < len(sizes) - 2:
                layers += [nn.ReLU(True) if activation == "relu" else nn.Tanh()]
        self.net = nn.Sequential(*layers)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        return self.net(x)
"""
RESIDUAL = """
class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(c)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x))) + x

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, padding="same")
        self.blocks = nn.ModuleList([Block(width) for _ in range(3)])
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))
"""
FROM_A_LIST = """
cfg = [4, "M", 8, "M"]

def make_layers(cfg, batch_norm=True):
    layers = []
    in_channels = 1
    for v in cfg:
        if v == "M":
            layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
        else:
            conv2d = nn.Conv2d(in_channels, v, kernel_size=3, padding=1)
            if batch_norm:
                layers += [conv2d, nn.BatchNorm2d(v), nn.ReLU(inplace=True)]
            else:
                layers += [conv2d, nn.ReLU(inplace=True)]
            in_channels = v
    return nn.Sequential(*layers)

class VGG(nn.Module):
    def __init__(self, features, num_classes=10):
        super().__init__()
        self.features = features
        self.classifier = nn.Sequential(nn.Linear(8 * 7 * 7, 16), nn.ReLU(True), nn.Linear(16, num_classes))

    def forward(self, x):
        x = self.features(x)
        x = x.reshape(x.size(0), -1)
        x = self.classifier(x)
        return x

net = VGG(make_layers(cfg))
"""
ORDERED = """
reader = nn.Sequential(OrderedDict([
    ("eyes", nn.Sequential(OrderedDict({"conv": nn.Conv2d(1, 4, 3), "act": nn.ReLU()}))),
    ("flat", nn.Flatten()),
    ("last", nn.Linear(4 * 26 * 26, 10)),
])).to(device)
"""
ADDED = """
net = torch.nn.Sequential()
net.add_module("flat", torch.nn.Flatten())
net.add_module("last", torch.nn.Linear(784, 10))
net = net.cuda()
"""
SUBCLASS = """
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(784, 10))
"""
PROGRAMS = {
    "two parts": TWO_PARTS,
    "no Sequential": NO_SEQUENTIAL,
    "loops": LOOPS,
    "residual": RESIDUAL,
    "from a list": FROM_A_LIST,
    "OrderedDict": ORDERED,
    "add_module": ADDED,
    "subclass": SUBCLASS,
}


FLAT = "Flatten(),Linear(784,10)"
NO_LAYER = "No layer was found in this text: paste blocks as in nn.Sequential, or a class with forward()."


def network_of(program: str) -> nn.Module:
    """The network that a program makes when it is run."""
    from collections import OrderedDict

    names: dict[str, Any] = {"nn": nn, "torch": torch, "F": F, "OrderedDict": OrderedDict, "device": "cpu"}
    exec(program.replace(".cuda()", "").replace("print(net)", ""), names)
    made = [value for name, value in names.items() if isinstance(value, nn.Module) and name != "criterion"]
    classes = [value for value in names.values() if isinstance(value, type) and issubclass(value, nn.Module)]
    net: nn.Module = made[-1] if made else classes[-1]()
    return net


def rebuilt(blocks: tuple[Block, ...], like: nn.Module) -> nn.Module:
    """The network that this app makes of blocks, with another's weights."""
    net = net_class(write_class(blocks, (1, 28, 28), {}))()
    net.load_state_dict(dict(zip(net.state_dict(), like.state_dict().values(), strict=True)))
    return net


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_read_computes_what_the_program_computes(name: str) -> None:
    torch.manual_seed(0)
    net = network_of(PROGRAMS[name]).eval()
    blocks = read_pasted(PROGRAMS[name]).blocks
    x = torch.randn(4, 1, 28, 28)
    expected = net(x)
    expected = expected[0] if isinstance(expected, tuple) else expected
    assert torch.equal(rebuilt(blocks, net).eval()(x), expected)
    assert read(write(blocks)) == blocks
    assert check(blocks, (1, 28, 28), 10, (50,)).problem is None


@pytest.mark.parametrize("name", ["from a list", "OrderedDict", "add_module", "subclass", "loops"])
def test_what_pytorch_prints_is_read_back(name: str) -> None:
    net = network_of(PROGRAMS[name])
    pasted = read_pasted(f">>> print(net)\n{net}\n")
    expected = read_pasted(PROGRAMS[name]).blocks
    assert [block.kind for block in pasted.blocks] == [block.kind for block in expected]
    assert check(pasted.blocks, (1, 28, 28), 10, (50,)).problem is None
    assert rebuilt(pasted.blocks, net).state_dict().keys() == rebuilt(expected, net).state_dict().keys()


def test_every_network_of_this_page_is_read_as_pytorch_prints_it() -> None:
    for number in range(200):
        blocks, _shape, _batch = random_network(random.Random(number))
        if any(block.kind == "Residual" for block in blocks):
            continue
        printed = str(nn.Sequential(*layers(blocks)))
        assert str(nn.Sequential(*layers(read_pasted(printed).blocks))) == printed


def test_a_printed_class_says_that_its_forward_is_not_seen() -> None:
    pasted = read_pasted(str(network_of(TWO_PARTS)))
    expected = read_pasted(TWO_PARTS).blocks
    assert str(nn.Sequential(*layers(pasted.blocks))) == str(nn.Sequential(*layers(expected)))
    assert [str(note) for note in pasted.notes] == [
        "8 blocks were read.",
        "A printed Reader does not show its forward(): what is called only there, such as relu or flatten, is missing.",
        "Flatten was put before Linear(588, 10).",
    ]


def test_parallel_and_compiled_networks_are_unfolded() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    for printed in (str(nn.DataParallel(net)), f"OptimizedModule(\n  (_orig_mod): {net}\n)"):
        assert write(read_pasted(printed).blocks) == "Flatten(),Linear(784,10)"
    shown = "ModuleList(\n  (0-2): 3 x Linear(in_features=4, out_features=4, bias=True)\n)"
    assert write(read_pasted(shown).blocks) == ",".join(["Linear(4,4)"] * 3)


@pytest.mark.parametrize(
    "text",
    [
        "Using cuda device\nModel structure: {net}\n\nTotal params: 7,850",
        ">>> net = Net()\n>>> net\n{net}",
        "model = {net}",
        "```\n{net}\n```",
        "{net}\n)",
        "{net}\n\n\n\ndef forward(self, input):\n    return getattr(self, '0')(input)",
    ],
    ids=["words", "prompt", "assigned", "Markdown", "one parenthesis more", "torch.fx"],
)
def test_what_stands_around_a_printed_network_is_passed_over(text: str) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    assert write(read_pasted(text.replace("{net}", str(net))).blocks) == "Flatten(),Linear(784,10)"
    parts = "\n".join(str(part) for part in (nn.Flatten(), nn.Sequential(nn.Linear(784, 9)), nn.Linear(9, 10)))
    assert write(read_pasted(parts).blocks) == "Flatten(),Linear(784,9),Linear(9,10)", "as its children are printed"


def test_a_printed_layer_that_no_block_is_says_so_wherever_it_stands() -> None:
    net = nn.Sequential(
        nn.Embedding(9, 8), nn.ModuleList([nn.ModuleDict({"a": nn.LSTM(8, 8), "b": nn.Linear(8, 2)})] * 2)
    )
    blocks = read_pasted(str(net)).blocks
    assert [str(block.problem) for block in blocks if block.problem] == [
        "There is no block “Embedding” here.", *["There is no block “LSTM” here."] * 2
    ]  # fmt: skip
    assert [block.kind for block in blocks] == ["", "", "Linear", "", "Linear"]
    own = "Net(\n  (conv): Conv2d(1, 6, kernel_size=(3, 3), stride=(1, 1))\n  (bn): BatchNormAct2d(\n    6, eps=1e-05"
    blocks = read_pasted(f"{own}, affine=True\n    (drop): Identity()\n    (act): ReLU()\n  )\n)").blocks
    assert [str(block.problem) for block in blocks] == ["None", "There is no block “BatchNormAct2d” here."]
    dense = "_DenseBlock(\n  (layer): _DenseLayer(\n    (norm): BatchNorm2d(6)\n  )\n)"
    assert write(read_pasted(dense).blocks) == "BatchNorm2d(6)"


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"Residual"}))
def test_the_order_and_defaults_of_arguments_are_those_of_pytorch(kind: str) -> None:
    parameters = dict(list(inspect.signature(getattr(nn, kind).__init__).parameters.items())[1:])
    own = [argument.name for argument in KINDS[kind]]
    order = ORDER[kind].split() if kind in ORDER else own
    known = [name for name in parameters if name not in ("device", "dtype", "args", "kwargs")]
    assert [name for name in order if name not in ("device", "dtype")] == known
    for name in set(order) - set(own) - set(NO_MATTER):
        assert parameters[name].default == FIXED[name]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("nn.Flatten(), nn.Linear(784, 10), nn.ReLU(True), nn.Identity()", f"{FLAT},ReLU()"),
        (
            "nn.Flatten(), nn.Linear(784, 20), nn.ReLU(True), nn.Linear(20, 10)",
            "Flatten(),Linear(784,20),ReLU(),Linear(20,10)",
        ),
        (
            "Sequential(\n  (0): Conv2d(1, 6, kernel_size=(3, 3), stride=(1, 1))\n  (1): BatchNorm2d(6, eps=1e-05, "
            "momentum=0.1, affine=True, track_running_stats=True)\n  (2): ReLU()\n  (3): MaxPool2d(kernel_size=2, "
            "stride=2, padding=0, dilation=1, ceil_mode=False)\n  (4): Flatten(start_dim=1, end_dim=-1)\n"
            "  (5): Linear(in_features=1014, out_features=10, bias=True)\n)",
            "Conv2d(1,6,3),BatchNorm2d(6),ReLU(),MaxPool2d(2,stride=2),Flatten(),Linear(1014,10)",
        ),
        ('net = nn.Sequential(OrderedDict([("flat", nn.Flatten()), ("last", nn.Linear(784, 10))]))', FLAT),
        (
            "class Reader(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.first = nn.Linear(784, 20)\n        self.last = nn.Linear(20, 10)\n\n"
            "    def forward(self, x):\n        return self.last(F.relu(self.first(x.flatten(1))))",
            "Flatten(),Linear(784,20),ReLU(),Linear(20,10)",
        ),
        ("reader = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))", FLAT),
        ("nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).to(device)", FLAT),
        ("nn.Flatten(), nn.Linear(784, 10).to('cuda:0').eval()", FLAT),
        ("nn.Flatten（），nn.Linear（784，10）", FLAT),
        ("网络 ＝ nn．Sequential（nn.Flatten（），nn.Linear（in_features＝784，out_features＝10））", FLAT),
        ("nn.LeakyReLU(0.1, True), nn.Dropout(0.5, True)", "LeakyReLU(negative_slope=0.1),Dropout()"),
        ("nn.ELU(1.0, inplace=True), nn.SiLU(False), nn.GELU('none')", "ELU(),SiLU(),GELU()"),
        ("nn.Conv2d(1, 4, 5, 1, 2, 1, 1, False, 'zeros')", "Conv2d(1,4,5,padding=2,bias=False)"),
        ("nn.Conv2d(1, 4, 5, padding='same')", "Conv2d(1,4,5,padding=2)"),
        (
            "nn.BatchNorm2d(4, 1e-5, 0.1), nn.MaxPool2d(2, 2, 0, 1, False, False)",
            "BatchNorm2d(4),MaxPool2d(2,stride=2)",
        ),
        ("net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)", FLAT),
        ("nn.Sequential(OrderedDict(flat=nn.Flatten(), last=nn.Linear(784, 10)))", FLAT),
        ("```python\nnet = nn.Sequential(\n    nn.Flatten(),\n    nn.Linear(784, 10),\n)\n```\n", FLAT),
        ("1 net = nn.Sequential(\n2     nn.Flatten(),\n3     nn.Linear(784, 10),\n4 )", FLAT),
        ("+net = nn.Sequential(\n+    nn.Flatten(),\n+    nn.Linear(784, 10))", FLAT),
        ("- nn.Flatten()\n- nn.Linear(784, 10)", FLAT),
        ("nn。Flatten（）；ｎｎ．Linear（７８４，１０）", FLAT),
        ("def __init__(self):\n    self.flat = nn.Flatten()\n    self.last = nn.Linear(784, 10)", FLAT),
        ("net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\nreturn net", FLAT),
        ("n = 14\nnet = nn.Sequential(nn.Flatten(), nn.Linear(2 * n * 28, 10))", FLAT),
        (">>> net = nn.Sequential(\n...     nn.Flatten(),\n...     nn.Linear(784, 10))\n>>> net", FLAT),
        ("flatten\nLinear( 784, 10 )", FLAT),
        ("        self.a = nn.Sequential(\n            nn.Flatten())\n        self.b = nn.Linear(784, 10)", FLAT),
        ("nn.Flatten(), nn.Sequential(nn.ModuleList([nn.Linear(784, 10)]), nn.ReLU())", f"{FLAT},ReLU()"),
    ],
)
def test_what_people_write(text: str, blocks: str) -> None:
    assert write(read_pasted(text).blocks) == blocks
    assert all(block.problem is None for block in read_pasted(text).blocks)


ROW = "net = nn.Sequential(nn.Flatten(), nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 10))\n"
EDITS = [
    "net = nn.Sequential(nn.Linear(784, 10))\nnet.insert(0, nn.Flatten())",
    f"{ROW}net.insert(-1, nn.Tanh())",
    f"{ROW}net.insert(4, nn.Tanh())",
    f"{ROW}net[1] = nn.Linear(784, 20)\nnet[-1] = nn.Linear(20, 10)",
    f"{ROW}del net[2]",
    f"{ROW}del net[-3:]\nnet.append(nn.Linear(784, 10))",
    f"{ROW}last = net.pop(2)",
    f"{ROW}net.pop(-1)\nnet.extend([nn.Linear(50, 20), nn.Linear(20, 10)])",
    f"{ROW}net.append(nn.ReLU()).append(nn.Linear(10, 10))",
    f"{ROW}net = net[:2]",
    f"{ROW}net = net[::2] + nn.Sequential(nn.Linear(784, 10))",
    f"{ROW}net += nn.Sequential(nn.Tanh())",
    "net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\nnet = nn.Sequential(*net[:1], nn.Linear(784, 9), *net[2:])",
    f"{ROW}net = nn.Sequential(*list(net.children())[:-1], nn.Linear(50, 5))",
    f"{ROW}net = net[1:]\nnet.append(nn.Tanh())",
    f"{ROW}net.add_module('1', nn.Linear(784, 50))\nnet.add_module('tanh', nn.Tanh())\nnet.tanh = nn.Sigmoid()",
    f"{ROW}setattr(net, '2', nn.Tanh())\ndelattr(net, '3')",
    f"{ROW}net._modules['2'] = nn.GELU()",
    f"{ROW}first = net[0]\nnet = nn.Sequential(net, nn.Sequential(nn.Tanh()))\nnet[0][2] = nn.Sigmoid()\ndel net[1][0]",
    "part = nn.Sequential(nn.Flatten())\nnet = nn.Sequential(part, nn.Linear(784, 10))\npart.append(nn.ReLU())",
    "layers = [nn.Linear(784, 10)]\nkept = layers\nlayers += [nn.ReLU()]\nlayers.insert(0, nn.Flatten())\n"
    "layers[-1] = nn.Tanh()\nlayers[1:1] = [nn.ReLU(), nn.SiLU()]\nlayers.pop(2)\nnet = nn.Sequential(*kept)",
    "layers = [nn.Linear(784, 10), nn.Flatten()]\nlayers.reverse()\nnet = nn.Sequential(*layers)\nlayers.clear()",
    "layers = [nn.Flatten()]\nfor n in (784, 50, 20, 10):\n    if n == 50:\n        continue\n    if n == 10:\n"
    "        break\n    layers.append(nn.Linear(n, n))\nelse:\n    layers.clear()\nnet = nn.Sequential(*layers)",
    "parts = OrderedDict([('a', nn.Flatten()), ('b', nn.Linear(784, 9)), ('c', nn.ReLU())])\n"
    "parts['b'] = nn.Linear(784, 10)\ndel parts['c']\nparts.update({'d': nn.Tanh()})\nnet = nn.Sequential(parts)",
    f"{TWO_PARTS}net = Reader()\nnet.eyes[0] = nn.Conv2d(1, 6, 5, padding=2)\nnet.mind.insert(2, nn.ReLU())\n"
    "net.mouth = nn.Linear(588, 20)",
    f"{SUBCLASS}net = Net()\nnet.append(nn.ReLU())\nnet[1] = nn.Linear(784, 20)\nnet.last = nn.Linear(20, 10)",
    "class Net(nn.Sequential):\n    pass\nnet = Net(nn.Flatten(), nn.Linear(784, 10))\nnet.pop(0)\n"
    "net.insert(0, nn.Flatten())",
    "class Net(nn.Sequential):\n    def __init__(self):\n        super().__init__()\n        self.append(nn.Flatten())"
    "\n        for i in range(2):\n            self.add_module(f'fc{i}', nn.Linear(784, 784))\n"
    "            self.add_module('act%d' % i, nn.ReLU())\nnet = Net()",
    "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.parts = nn.ModuleList([nn.Linear(784, 10)])\n        self.parts.insert(0, nn.Flatten())\n"
    "        self.parts[1] = nn.Linear(784, 20)\n        for i in range(2):\n"
    "            setattr(self, 'fc' + str(i), nn.Linear(20, 20))\n    def forward(self, x):\n"
    "        for part in self.parts:\n            x = part(x)\n        for i in range(2):\n"
    "            x = getattr(self, 'fc{}'.format(i))(x)\n        return x\nnet = Net()",
]
"""Programs that change their network after they made it."""


@pytest.mark.parametrize("program", EDITS)
def test_what_a_program_does_to_its_network_is_followed(program: str) -> None:
    names: dict[str, Any] = {"nn": nn, "F": F, "OrderedDict": OrderedDict}
    exec(program, names)
    blocks = read_pasted(program).blocks
    made = [str(layer) for layer in layers(blocks)]
    if ".flatten(1)" in program:
        made.remove(str(nn.Flatten()))
    own = [str(layer) for layer in names["net"].modules() if not isinstance(layer, nn.Sequential)]
    assert made == [layer for layer in own if not layer.startswith(("Reader(", "Net(", "ModuleList("))]


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        ("net[number] = nn.Tanh()", "net[number] = nn.Tanh()"),
        ("net[7] = nn.Tanh()", "net[7] = nn.Tanh()"),
        ("net[1:3] = [nn.Tanh()]", "net[1:3] = [nn.Tanh()]"),
        ("net.insert(number, nn.Tanh())", "net.insert(number, nn.Tanh())"),
        ("net.pop(number)", "net.pop(number)"),
        ("del net[number]", "del net[number]"),
        ("setattr(net, name, nn.Tanh())", "setattr(net, name, nn.Tanh())"),
        ("net[2].forward = torch.tanh", "net[2].forward = torch.tanh"),
        ("net[2].p = 0.5", "net[2].p = 0.5"),
        ("while unknown:\n    net.append(nn.Tanh())", "net.append(nn.Tanh())"),
        ("if unknown:\n    net[0] = nn.Tanh()", "net[0] = nn.Tanh()"),
        ("try:\n    del net[0]\nexcept IndexError:\n    pass", "del net[0]"),
        ("if unknown:\n    net = nn.Sequential(nn.Tanh())", "net = nn.Sequential(nn.Tanh())"),
        ("for layer in net.modules():\n    layer.p = 0.1", "layer.p = 0.1"),
    ],
)
def test_what_can_not_be_followed_is_named(edit: str, line: str) -> None:
    number = 2 + ("\n" in edit)
    with pytest.raises(BlocksRefused) as refused:
        read_pasted(ROW + edit)
    why = f"Line {number} can't be put into a row of blocks: “{line}”. The network stays as it was."
    assert str(refused.value) == why


@pytest.mark.parametrize(
    "more",
    [
        "net.eval()\nlosses = []\nfor x, y in loader:\n    losses.append(criterion(net(x), y))\n    losses[0] = 1",
        "if torch.cuda.device_count() > 1:\n    net = nn.DataParallel(net)",
        "for layer in net.modules():\n    if isinstance(layer, nn.Linear):\n        layer.weight.data = w\n"
        "for p in net.parameters():\n    p.requires_grad = False",
        "net[0].name = 'a'\nsizes = [1, 2]\nsizes[number] = 3\nsizes.pop(7)\nwhile unknown:\n    sizes.append(3)",
    ],
)
def test_what_does_not_change_the_network_is_passed_over(more: str) -> None:
    pasted = read_pasted(ROW + more)
    assert write(pasted.blocks) == "Flatten(),Linear(784,50),ReLU(),Linear(50,10)"
    assert [str(note) for note in pasted.notes] == ["4 blocks were read from net."]


def test_a_piece_of_a_network_is_no_network() -> None:
    pasted = read_pasted(f"{ROW}first = net[:2]\n")
    assert write(pasted.blocks) == "Flatten(),Linear(784,50),ReLU(),Linear(50,10)"
    assert str(pasted.notes[-1]) == "Also in this text, but not taken: first."


def test_what_is_done_in_place_in_forward_is_refused() -> None:
    for line in ("F.relu_(x)", "x[x < 0] = 0", "x.clamp_(0)", "self.mind(x)"):
        with pytest.raises(BlocksRefused, match="Line 10 can't be put into a row"):
            read_pasted(TWO_PARTS.replace("        return", f"        {line}\n        return"))


def test_what_can_not_be_seen_is_no_part_of_a_block() -> None:
    for unseen in ("\u200b", "\ufeff", "\u2060", "\u202a", "\xad"):
        assert write(read_pasted(f"{unseen}nn.Flatten(), nn.Lin{unseen}ear(784,\xa010)").blocks) == FLAT
        assert write(read_pasted(f"{unseen}net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))").blocks) == FLAT
        assert write(read(f"{unseen}Flatten(),Linear(784,10)")) == FLAT
    for end in ("。", "．", ".", " 。\n"):
        assert write(read_pasted(f"nn.Flatten(), nn.Linear(784, 10){end}").blocks) == FLAT
    assert write(read_pasted("nn.Flatten()。\nnn.Linear(784, 10)。").blocks) == FLAT


def test_more_layers_than_there_may_be_are_counted_as_printed() -> None:
    for times in (65, 100, 1000, 123_456_789):
        shown = f"ModuleList(\n  (0-{times - 1}): {times} x Linear(in_features=4, out_features=4, bias=True)\n)"
        with pytest.raises(BlocksRefused) as refused:
            read_pasted(shown)
        assert str(refused.value) == f"{times} blocks are too many: at most 64."
    with pytest.raises(BlocksRefused, match="more layers than can be followed"):
        read_pasted(f"ModuleList(\n  (0-1): {'9' * 5000} x Linear(in_features=4, out_features=4)\n)")


def test_parts_without_forward_are_joined_and_said() -> None:
    pasted = read_pasted("eyes = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())\nmouth = nn.Linear(2704, 10)")
    assert write(pasted.blocks) == "Conv2d(1,4,3),ReLU(),Flatten(),Linear(2704,10)"
    assert [str(note) for note in pasted.notes] == [
        "4 blocks were read, in this order: eyes, mouth.",
        "Flatten was put before Linear(2704, 10).",
    ]


def test_what_is_not_the_same_here_is_said() -> None:
    program = TWO_PARTS.replace("self.mouth =", "self.spare = nn.Dropout()\n        self.mouth =")
    assert str(read_pasted(program).notes[1]) == "Left out, since forward() does not use it: spare."
    program = TWO_PARTS.replace("self.mind(self.eyes(x))", "self.mind(self.mind(self.eyes(x)))")
    assert str(read_pasted(program).notes[1]) == "Used more than once, here each time with weights of its own: mind."


@pytest.mark.parametrize(
    "text",
    [
        "model = keras.Sequential([layers.Flatten(), layers.Dense(10)])",
        "net = nn.Sequential(*[nn.Flatten(), Dense(10)])",
        "nn.Sequential(OrderedDict(flat=nn.Flatten(), last=Dense(10)))",
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.parts = nn.ModuleList([nn.Flatten(), Dense(10)])",
    ],
)
def test_no_layer_of_a_list_is_left_out_in_silence(text: str) -> None:
    flat, dense = read_pasted(text).blocks
    assert (flat.kind, str(dense.problem)) == ("Flatten", "There is no block “Dense” here.")


def test_an_unknown_layer_without_a_forward_is_said() -> None:
    lines = [
        "super().__init__()",
        "self.first = Block(1, 8)",
        "self.flat = nn.Flatten()",
        "self.last = nn.Linear(8, 9)",
    ]
    body = "".join(f"        {line}\n" for line in lines)
    pasted = read_pasted(f"class Net(nn.Module):\n    def __init__(self):\n{body}")
    assert write(pasted.blocks) == "Flatten(),Linear(8,9)"
    assert str(pasted.notes[-1]) == "Left out, since there is no such block here: first."


def test_other_networks_in_the_text_are_said() -> None:
    program = f"{TWO_PARTS}\nspare = nn.Linear(3, 4)\nnet = Reader()\n"
    assert [str(note) for note in read_pasted(program).notes] == [
        "8 blocks were read, in the order of Reader.forward().",
        "Also in this text, but not taken: spare.",
    ]
    both = read_pasted(TWO_PARTS + TWO_PARTS.replace("Reader", "Second"))
    assert str(both.notes[-1]) == "Also in this text, but not taken: Reader."


def test_a_sum_of_two_branches_is_no_residual_block() -> None:
    program = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.c = nn.Linear(4, 4)

    def forward(self, x):
        return self.a(x) + self.c(self.b(x))
"""
    with pytest.raises(BlocksRefused, match="Line 10 can't be put into a row of blocks"):
        read_pasted(program)
    residual = read_pasted(program.replace("self.c(self.b(x))", "self.c(self.a(x))"))
    assert write(residual.blocks) == "Linear(4,4),Residual(Linear(4,4))"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            TWO_PARTS.replace("self.mouth(", "torch.cat([x, x], 1) + self.mouth("),
            "Line 10 can't be put into a row of blocks: “torch.cat([x, x], 1)”. The network stays as it was.",
        ),
        (
            f"{TWO_PARTS}\nclass Other(Reader):\n    pass\nnet = Other()",
            "Line 12 can't be put into a row of blocks: “class Other(Reader):”. The network stays as it was.",
        ),
        (
            TWO_PARTS.replace(".flatten(1)", ".view(28, -1)"),
            "Line 10 can't be put into a row of blocks: “self.mind(self.eyes(x)).view(28, -1)”. The network stays as "
            "it was.",
        ),
        (TWO_PARTS.replace("(self):", "(self)"), "Line 3 can't be read as Python: “def __init__(self)”."),
        ("class Net(nn.Module):\n    pass", NO_LAYER),
        ("import torch\nx = 3", NO_LAYER),
        ("Embedding(3)", "There is no block “Embedding” here."),
        ("ReLU()," * (MOST_BLOCKS + 1), "65 blocks are too many: at most 64."),
        ("#" * (MOST_PASTED + 1), "This text is too long for a network of 64 blocks."),
    ],
)
def test_what_is_no_network_is_refused_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(BlocksRefused) as refused:
        read_pasted(text)
    assert str(refused.value) == why


@pytest.mark.parametrize(
    "text",
    [
        "nn.ReLU(" * 150 + ")" * 150,
        "x = " + "+".join(["1"] * 9000),
        "net = a" + ".b()" * 3000,
        "net = " + "-" * 9000 + "1",
        "net = nn.Sequential(*[nn.ReLU()] * 10**9)",
        "net = nn.Linear(9**9**9, 10)",
        "net = nn.Linear('a' * 10**10, 10)",
        "a = [nn.ReLU()]\n" + "a = [a, a]\n" * 60 + "net = nn.Sequential(*a)",
        "a = [nn.ReLU()]\n" + "for i in range(64):\n    a.extend(a)\n" * 3 + "net = nn.Sequential(*a)",
        "def f():\n    return f() + f()\nnet = nn.Sequential(f())",
        "net = nn.Sequential(__import__('os').system('echo ran'))",
        f"net = nn.Linear({'9' * 400} * 1.5, int(1e999))",
        "for i in range(0, 9, 0):\n    a = i\nfor i in range(10**8 * 10**8 * 10**8):\n    a = i",
        "a = []\na.extend()\na.append()\nnet = nn.Sequential(*a)",
    ],
)
def test_nothing_is_run_and_nothing_grows(text: str) -> None:
    with pytest.raises(BlocksRefused):
        read_pasted(text)


PIECES = st.sampled_from(
    [
        "nn.",
        "Linear",
        "ReLU",
        "Sequential",
        "(",
        ")",
        "[",
        "]",
        ",",
        "=",
        "\n",
        "    ",
        "x",
        "self",
        ".",
        "3",
        "*",
        "+",
        "-",
    ]
    + [
        "class N(nn.Module):",
        "def forward(self, x):",
        "return ",
        "for i in ",
        "range",
        "if ",
        ":",
        "(0): ",
        "2 x ",
        "'",
    ]
    + ["append", "extend", "view", "1e999", "None", "lambda", "not ", "（", "，", "{", "}", "**", "//", "0"]
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60))
@settings(max_examples=500)
def test_any_text_gives_blocks_or_a_refusal(text: str) -> None:
    try:
        pasted = read_pasted(text)
    except BlocksRefused as refused:
        assert str(refused)
        return
    assert read(write(pasted.blocks)) == pasted.blocks


def test_a_list_with_a_broken_block_stays_as_it_is() -> None:
    for typed in ("width=3", "x = ReLU()", "return"):
        blocks = (read_block(typed), *read(FLAT))
        assert read_pasted(write(blocks)).blocks == blocks and blocks[0].problem is not None


def test_a_last_softmax_is_taken_out_by_a_button() -> None:
    for last in ("nn.Softmax(dim=-1)", "nn.Softmax(dim=1)", "nn.Sigmoid()"):
        blocks = read_pasted(f"nn.Flatten(), nn.Linear(784, 10), {last}").blocks
        assert check(blocks, (1, 28, 28), 10, (50,)).problem is None
        better = advice(blocks)
        assert better is not None and write(better.blocks) == "Flatten(),Linear(784,10)"
    assert advice(read("Flatten(),Linear(784,10)")) is None
    blocks = read_pasted("nn.Flatten(), nn.Linear(784, 10), nn.LogSoftmax(dim=1)").blocks
    checked = check(blocks, (1, 28, 28), 10, (50,))
    assert str(checked.problem) == "Leave LogSoftmax out: CrossEntropyLoss does it itself."
    assert write(repair_all(blocks, (1, 28, 28), 10, (50,))) == "Flatten(),Linear(784,10)"


def test_a_program_in_a_link_or_for_a_run_without_a_screen_is_read_as_well() -> None:
    config = BuildConfig.create({"blocks": TWO_PARTS})
    assert config.blocks == write(read_pasted(TWO_PARTS).blocks)
    _config, [problem] = BuildConfig.forgive({"blocks": TWO_PARTS.replace("(self):", "(self)")})
    assert str(problem) == "Line 3 can't be read as Python: “def __init__(self)”."


TORCHINFO = """
==========================================================================================
Layer (type:depth-idx)                   Output Shape              Param #
==========================================================================================
Net                                      [1, 10]                   --
├─Conv2d: 1-1                            [1, 16, 14, 14]           416
├─ReLU: 1-2                              [1, 16, 14, 14]           --
├─Linear: 1-3                            [1, 10]                   31,370
==========================================================================================
Total params: 31,786
"""
TORCHSUMMARY = """
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1           [-1, 16, 14, 14]             416
            Linear-2                   [-1, 10]          31,370
================================================================
"""
LIGHTNING = """
  | Name  | Type             | Params | Mode
---------------------------------------------------
0 | conv1 | Conv2d           | 416    | train
1 | out   | Linear           | 31.4 K | train
---------------------------------------------------
31.8 K    Trainable params
"""


@pytest.mark.parametrize("table", [TORCHINFO, TORCHSUMMARY, LIGHTNING, LIGHTNING.strip()])
def test_a_table_of_layers_is_refused_for_what_it_leaves_out(table: str) -> None:
    with pytest.raises(BlocksRefused) as refused:
        read_pasted(table)
    assert "leaves out some of their arguments: paste what print(net) shows" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Sequential(\n  (0): Linear(in_features=2, out_features=2, bias=True)\n)", "One block was read."),
        ("net = nn.Sequential(nn.Linear(2, 2))", "One block was read from net."),
        (
            "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        "
            "self.a = nn.Linear(2, 2)\n    def forward(self, x):\n        return self.a(x)\n",
            "One block was read, in the order of Net.forward().",
        ),
    ],
)
def test_one_block_is_one(text: str, note: str) -> None:
    assert [str(said) for said in read_pasted(text).notes] == [note]
