"""The exported script is the run: it prints, bit for bit, the losses that the app's own loop yields."""

import ast
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient

from core.changes import Changes
from core.config import kind_of
from core.experiments.classifier import ClassifierConfig, train
from core.export import marked_lines, missing_lines, notebook, script
from tests.core.scripts import Records, Scripts, read

POINTS = ((1.5, 2.0, 0), (-1.0, 0.25, 1), (0.1, -3.0, 1), (2.5, 1.0, 0), (-2.0, -2.0, 2), (3.0, 3.0, 0))
MANY_POINTS = tuple((round(i * 0.37 % 5, 2), round(-i * 0.73 % 4, 2), i % 3) for i in range(60))

VALUES: dict[str, list[Any]] = {
    "n_classes": [3, 5],
    "points_per_class": [30],
    "spread": [0.35, 3.0],
    "noise": [0.2],
    "test_fraction": [0.15],
    "features": [("x1",), ("x1", "x2", "x1*x2"), ("x1^2", "x2^2", "sin(x1)", "sin(x2)", "x1*x2", "x1", "x2")],
    "points": [POINTS, MANY_POINTS],
    "hidden_sizes": [(), (3,), (8, 8, 4)],
    "dropout": [0.3],
    "seed": [0, 77],
    "lr": [0.001, 0.5, 100.0],
    "momentum": [0.9],
    "batch_size": [1, 7, 64, 1000],
    "weight_decay": [0.1],
    "l1": [0.01],
    "num_steps": [1, 43],
    "evaluate_every": [1, 17],
    "validation_fraction": [0.15, 0.5],
    "target_accuracy": [0.6],
    "patience": [5],
    "device": ["cpu"],
}
"""Telling values of the fields that are not switches and have no choices to take them from."""

NEEDED: dict[str, dict[str, Any]] = {
    "n_classes": {"dataset": "blobs"},
    "nesterov": {"momentum": 0.9},
    "validation_fraction": {"stop": "validation_loss", "patience": 10},
    "target_accuracy": {"stop": "accuracy"},
    "patience": {"stop": "plateau", "lr": 0.0001},
}
"""What must be changed together with a field for it to have a meaning."""


def values_of(name: str) -> list[Any]:
    """All choices of a field, or its telling values."""
    kind = kind_of(ClassifierConfig, name)
    if kind == "bool":
        return [not ClassifierConfig.default(name)]
    choices = ClassifierConfig.settings()[name].choices or {}
    if kind == "choice":
        return [choice for choice in choices if choice != ClassifierConfig.default(name)]
    if name in VALUES:
        return VALUES[name]
    assert kind == "choices", f"give VALUES telling values of the new setting {name}"
    return [(choice,) for choice in choices]


def one_at_a_time() -> Iterator[Any]:
    """Every field, at each of its values, all else at the defaults."""
    for name in ClassifierConfig.settings():
        for value in values_of(name):
            needed = {"points": POINTS} if value == "own" else NEEDED.get(name, {})
            yield pytest.param({"num_steps": 40, **needed, name: value}, {}, id=f"{name}={str(value)[:20]}")


COMBINATIONS: dict[str, tuple[dict[str, Any], Changes]] = {
    "defaults": ({}, {}),
    "much at once": (
        {"points": MANY_POINTS, "standardize": True, "batch_size": 16, "dropout": 0.2, "batch_norm": True}, {},
    ),
    "own points, standardised features": (
        {"dataset": "own", "points": MANY_POINTS, "standardize": True, "features": ("x1", "x2^2"), "noise": 0.1}, {},
    ),
    "Adam, learning rate changed": ({"optimizer": "Adam"}, {10: {"lr": 0.5}, 20: {"lr": 0.01}}),
    "SGD, learning rate changed at once": ({"momentum": 0.5}, {1: {"lr": 0.3}}),
    "a slider dragged to and fro": ({}, {step: {"lr": round(0.02 + step / 100, 3)} for step in range(2, 40)}),
    "squared error with softmax": ({"loss": "MSELoss", "bugs": ("softmax",)}, {}),
    "all bugs": ({"bugs": ("softmax", "no_zero_grad", "no_activation", "high_lr")}, {}),
    "NaN": ({"lr": 100.0, "spread": 4.0, "loss": "MSELoss", "optimizer": "SGD"}, {}),
    "plateau, several batches": ({"stop": "plateau", "patience": 5, "batch_size": 20, "evaluate_every": 1}, {}),
    "accuracy": ({"stop": "accuracy", "target_accuracy": 0.9, "evaluate_every": 2}, {}),
    "validation accuracy": ({"stop": "validation_accuracy", "target_accuracy": 0.9, "evaluate_every": 2}, {}),
    "validation loss, squared error": (
        {"stop": "validation_loss", "patience": 5, "lr": 3, "spread": 4, "loss": "MSELoss", "evaluate_every": 1}, {},
    ),
    "validation loss, own points": (
        {"stop": "validation_loss", "dataset": "own", "points": MANY_POINTS, "standardize": True, "noise": 0.1}, {},
    ),
    "RMSprop": ({"optimizer": "RMSprop", "momentum": 0.5, "weight_decay": 0.1, "l1": 0.001}, {}),
    "deep": ({"hidden_sizes": (16,) * 6, "activation": "Tanh", "init": "xavier_uniform_", "dataset": "spirals"}, {}),
}  # fmt: skip


def in_process(config: ClassifierConfig, changes: Changes) -> Records:
    """What the app's own loop measures, as it would be printed."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        snapshots = list(train(config.changed(device="cpu"), changes, None))
    finally:
        torch.set_num_threads(threads)
    return [
        {"step": snapshot.step, "epoch": snapshot.epoch}
        | {name: value if math.isfinite(value) else None for name, value in snapshot.metrics.items()}
        for snapshot in snapshots
        if snapshot.metrics
    ]


def imported_modules(text: str) -> set[str]:
    """The top packages that a script imports."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module).split(".")[0])
    return modules


def check_text(text: str) -> None:
    """A script needs torch alone, has lines that fit the page, and shows nothing of how it came about."""
    assert imported_modules(text) <= {"torch", *sys.stdlib_module_names}
    for trace in ("config", "resume", "changes", "if True", "if False", "getattr"):
        assert trace not in text
    assert max(map(len, text.splitlines())) <= 110


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("values", "changes"), [*one_at_a_time()])
def test_prints_the_losses_of_the_run(values: dict[str, Any], changes: Changes, run_script: Scripts) -> None:
    config = ClassifierConfig.create(values)
    text = script(config, changes)
    check_text(text)
    assert run_script(text) == in_process(config, changes)


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("values", "changes"), COMBINATIONS.values(), ids=COMBINATIONS.keys())
def test_prints_the_losses_of_combinations(values: dict[str, Any], changes: Changes, run_script: Scripts) -> None:
    config = ClassifierConfig.create({"num_steps": 40, **values})
    text = script(config, changes)
    check_text(text)
    assert run_script(text) == in_process(config, changes)


def test_combinations_reach_their_special_ends() -> None:
    def run(name: str) -> Records:
        return in_process(ClassifierConfig.create({"num_steps": 40, **COMBINATIONS[name][0]}), {})

    assert run("NaN")[-1]["loss/train"] is None
    for name in ("accuracy", "validation accuracy", "validation loss, squared error"):
        assert run(name)[-1]["step"] < 40, name
    assert run("plateau, several batches")[-1]["step"] < 40


def some_values(name: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([ClassifierConfig.default(name), *values_of(name)])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.fixed_dictionaries({name: some_values(name) for name in ClassifierConfig.settings()}),
    changes=st.dictionaries(
        st.integers(1, 5), st.sampled_from([0.001, 0.1, 2.0]).map(lambda lr: {"lr": lr}), max_size=2
    ),
)
def test_any_config(values: dict[str, Any], changes: Changes, run_script: Scripts) -> None:
    config, _ = ClassifierConfig.forgive({**values, "num_steps": 5})
    text = script(config, changes)
    check_text(text)
    assert run_script(text) == in_process(config, changes)


def test_stands_alone(tmp_path: Path) -> None:
    config = ClassifierConfig(num_steps=20)
    path = tmp_path / "script.py"
    path.write_text(script(config), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", path], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert read(done.stdout) == in_process(config, {})


def test_default_script_reads_like_the_tutorial() -> None:
    lines = [line.strip() for line in script(ClassifierConfig()).splitlines()]
    assert "net = Net(n_feature=2, n_hidden=(10,), n_output=2)" in lines
    assert "optimizer = torch.optim.SGD(net.parameters(), lr=0.02)" in lines
    assert "nn.CrossEntropyLoss()" in " ".join(lines)
    first = lines.index("optimizer.zero_grad()")
    assert lines[first : first + 3] == ["optimizer.zero_grad()", "loss.backward()", "optimizer.step()"]
    assert len(lines) < 160


def test_default_script_has_nothing_unused() -> None:
    text = script(ClassifierConfig())
    for unused in (
        "Dropout",
        "BatchNorm",
        "softmax",
        "momentum",
        "losses.append",
        "restore",
        "moons",
        "one_hot",
        "Mapping",
    ):
        assert unused not in text


def ruff(*arguments: str | Path) -> None:
    """Let the linter look at a script, if it is installed."""
    pytest.importorskip("ruff")
    command, *others = arguments
    subprocess.run([sys.executable, "-m", "ruff", command, "--isolated", "--line-length", "110", *others], check=True)


@pytest.mark.parametrize("values", [{}, COMBINATIONS["much at once"][0], {"bugs": ("high_lr",), "init": "normal_"}])
def test_scripts_pass_the_linter(values: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(script(ClassifierConfig.create(values), {3: {"lr": 0.1}}), encoding="utf-8")
    ruff("check", "--select", "E,F,I,UP,B", path)


def test_default_script_is_formatted(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(script(ClassifierConfig()), encoding="utf-8")
    ruff("format", "--check", "--diff", path)


def test_marks_only_what_differs_from_the_tutorial() -> None:
    marked = [line.strip() for line, differs in marked_lines(ClassifierConfig(lr=0.5)) if differs]
    assert marked == ["optimizer = torch.optim.SGD(net.parameters(), lr=0.5)"]
    assert not any(differs for _, differs in marked_lines(ClassifierConfig()))


def test_tells_the_line_that_a_bug_leaves_out() -> None:
    config = ClassifierConfig(bugs=("no_zero_grad",))
    [(at, gone)] = missing_lines(config).items()
    assert [line.strip() for line in gone] == ["optimizer.zero_grad()"]
    assert script(config).splitlines()[at].strip() == "loss.backward()"
    assert missing_lines(ClassifierConfig(lr=0.5)) == missing_lines(ClassifierConfig()) == {}


def test_marks_a_changed_learning_rate() -> None:
    lines = marked_lines(ClassifierConfig(), {12: {"lr": 0.1}})
    marked = [line.strip() for line, differs in lines if differs and line]
    assert marked == [
        'CHANGES = {12: {"lr": 0.1}}',
        "if step in CHANGES:",
        "for group in optimizer.param_groups:",
        'group["lr"] = CHANGES[step].get("lr", group["lr"])',
    ]
    assert "\n".join(line for line, _ in lines) + "\n" == script(ClassifierConfig(), {12: {"lr": 0.1}})


def test_own_points_stand_in_one_constant() -> None:
    text = script(ClassifierConfig(points=MANY_POINTS))
    assert text.count("POINTS") == 2
    assert "own_points = torch.tensor(POINTS)" in text


def test_notebook_runs(tmp_path: Path) -> None:
    config = ClassifierConfig(num_steps=10, batch_size=50)
    book = nbformat.reads(notebook(config, {3: {"lr": 0.1}}), as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(book)
    assert imported_modules(book.cells[1].source) <= {"torch", *sys.stdlib_module_names}
    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    (printed,) = [cell for cell in book.cells if cell.id == "run"]
    assert read("".join(output.text for output in printed.outputs)) == in_process(config, {3: {"lr": 0.1}})


def test_notebook_is_in_parts() -> None:
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(notebook(ClassifierConfig()))["cells"]}
    assert list(cells) == ["title", "imports", "data", "model", "training", "run", "curves"]
    assert "def make_data" in cells["data"]
    assert "class Net" in cells["model"] and "def build_net" in cells["model"]
    assert "def evaluate" in cells["training"] and "def train" in cells["training"]
