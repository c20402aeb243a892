"""An experiment's script is the same whether its parts, an own model among them, stand in one module or in many."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import core.experiments
from core.export import notebook, script
from core.export.program import program_of
from tests.core.scripts import Scripts

IMPORTS = """
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from core.config import Config, setting
from core.optimizers import build_optimizer
from core.snapshot import Snapshot
"""

CONFIG = '''
POINTS = 20
SPAN = 3.0


class LineConfig(Config):
    """Settings of the line."""

    experiment: ClassVar[str] = "ramp"

    lr: float = setting(0.1, label="Learning rate", group="training", low=0.001, high=1.0, help="How far.")
    optimizer: str = setting("SGD", label="Optimizer", group="training", help="Which.")
    bias: bool = setting(True, label="Bias", group="network", help="Whether a number is added.")
    num_steps: int = setting(5, label="Steps", group="training", low=1, high=50, help="How many.")
'''

PLACES = '''
def places(config: LineConfig, count: int) -> Tensor:
    """Where the points are, float32 (count, 1)."""
    return torch.linspace(-SPAN, SPAN, count).unsqueeze(1)
'''

DATA = '''
class Line(Dataset[tuple[Tensor, Tensor]]):
    """Points of a line."""

    def __init__(self, x: Tensor):
        self.x = x

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.x[index], 2 * self.x[index] + 1


def make_data(config: LineConfig) -> tuple[Tensor, Tensor]:
    """x and y, each float32 (N, 1)."""
    line = Line(places(config, POINTS))
    pairs = [line[index] for index in range(len(line))]
    return torch.stack([x for x, _ in pairs]), torch.stack([y for _, y in pairs])
'''

MODEL = '''
class Straight(nn.Module):
    """A line.

    Args:
        bias: whether a number is added.
        squared: whether x is squared, too.
    """

    def __init__(self, bias: bool = True, squared: bool = False):
        super().__init__()
        self.linear = nn.Linear(2 if squared else 1, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.linear(x)
        return out


def build_net(config: LineConfig) -> Straight:
    """The untrained line."""
    torch.manual_seed(1)
    return Straight(bias=config.bias)
'''

LOOP = '''
def gap(config: LineConfig, out: Tensor, y: Tensor) -> Tensor:
    """How far the outputs are off, a scalar."""
    return torch.mean((out - y) ** 2)


def train(
    config: LineConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[Snapshot]:
    """Fit the line."""
    x, y = make_data(config)
    net = build_net(config)
    optimizer = build_optimizer(config, net)
    order = torch.arange(len(x))
    for step in range(1, config.num_steps + 1):
        if step in changes:
            for group in optimizer.param_groups:
                group["lr"] = changes[step].get("lr", group["lr"])
        loss = gap(config, net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield Snapshot(step, 1, {"loss/train": loss.item()}, net, optimizer, order)
'''

TITLE = '"""A line through points.\n\nMore about it.\n"""\n'

FOLDER = {
    "__init__": TITLE + "\nfrom core.experiments.ramp.loop import train\n",
    "config": IMPORTS + CONFIG,
    "places": IMPORTS + "from core.experiments.ramp.config import SPAN, LineConfig\n\n" + PLACES,
    "data": IMPORTS
    + "from core.experiments.ramp.config import POINTS, LineConfig\nfrom core.experiments.ramp.places import places\n\n"
    + DATA,
    "model": IMPORTS + "from .config import LineConfig\n\n" + MODEL,
    "loop": IMPORTS
    + "from core.experiments.ramp.config import LineConfig\nfrom core.experiments.ramp.data import make_data\n"
    + "from core.experiments.ramp.model import build_net\n\n"
    + LOOP,
}
ONE = {"": TITLE + IMPORTS + CONFIG + PLACES + DATA + MODEL + LOOP}
AT_ONCE: tuple[dict[str, object], ...] = ({}, {"bias": False, "lr": 0.05, "optimizer": "Adam"})


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, str]], SimpleNamespace]]:
    """Puts an experiment into a folder where core looks for experiments: module of "line" -> its text."""

    def put(modules: dict[str, str]) -> SimpleNamespace:
        root = tmp_path / f"{len(modules)} modules"
        root.mkdir()
        monkeypatch.setattr(core.experiments, "__path__", [*core.experiments.__path__, str(root)])
        for name in [name for name in sys.modules if name.startswith("core.experiments.ramp")]:
            del sys.modules[name]
        for name, text in modules.items():
            path = root / "ramp" / f"{name}.py" if name else root / "ramp.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        module = importlib.import_module("core.experiments.ramp")
        made = SimpleNamespace(train=module.train, config=module.train.__globals__["LineConfig"])
        monkeypatch.setattr("core.export.program.experiment", lambda name: made)
        monkeypatch.setattr(core.experiments, "__path__", core.experiments.__path__[:-1])
        return made

    yield put
    for name in [name for name in sys.modules if name.startswith("core.experiments.ramp")]:
        del sys.modules[name]


Line = Callable[[dict[str, str]], SimpleNamespace]


@pytest.mark.parametrize("values", AT_ONCE)
def test_a_folder_of_modules_exports_as_one_module_does(values: dict[str, object], line: Line) -> None:
    texts = []
    for modules in (ONE, FOLDER):
        config = line(modules).config.create(values)
        texts.append((script(config, {3: {"lr": 0.02}}), notebook(config)))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("modules", [ONE, FOLDER], ids=["one module", "a folder"])
def test_an_own_model_and_own_data_are_in_the_script(modules: dict[str, str], line: Line, run_script: Scripts) -> None:
    experiment = line(modules)
    config = experiment.config()
    text = script(config)
    assert text.startswith('"""A line through points.\n')
    assert "squared" not in text, "an option that nobody passes"
    assert "core" not in text and "config" not in text
    assert "SPAN = 3.0\n" in text and "def places" not in text, "a formula is written out with the constants it needs"
    losses = [snapshot.metrics["loss/train"] for snapshot in experiment.train(config, {})]
    assert [record["loss/train"] for record in run_script(text)] == losses
    program = program_of(config, None)
    names = [text.split()[1].split("(")[0].strip(":") for text in program.definitions]
    kinds = dict(zip(names, program.kinds, strict=True))
    assert (kinds["Line"], kinds["Straight"], kinds["make_data"], kinds["train"]) == (
        "data",
        "model",
        "data",
        "training",
    )
    cells = [cell["id"] for cell in json.loads(notebook(config))["cells"]]
    assert cells == ["title", "imports", "data", "model", "training", "run", "curves"]
