"""Whose weights they are: what stands before their names, and the settings with which a network has their sizes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from core.engine.manager import Manager
from core.experiments import experiment, experiments
from core.files.fitting import fit, fitted
from core.files.names import Naming, namings
from core.files.weights import Shape, shapes, shapes_of
from core.models import CNN
from tests.experiments import over_all


def sizes(name: str, before: str = "", **values: Any) -> dict[str, Shape]:
    """The shapes of a network of the app, with something before their names."""
    config = experiment(name).config.create({"device": "cpu", **values})
    return {before + key: shape for key, shape in shapes(config).items()}


class Lit(nn.Module):
    """A module that holds the network, and a loss beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.model = CNN()
        self.criterion = nn.CrossEntropyLoss(weight=torch.ones(10))


def wrapped() -> dict[str, tuple[nn.Module, Naming]]:
    """Networks as PyTorch wraps them, and what stands before their names then."""
    partly = CNN()
    partly.conv1 = nn.DataParallel(partly.conv1)  # type: ignore[assignment]
    return {
        "as it is": (CNN(), Naming()),
        "DataParallel": (nn.DataParallel(CNN()), Naming("module.")),
        "compiled": (nn.ModuleDict({"_orig_mod": CNN()}), Naming("_orig_mod.")),
        "both": (nn.DataParallel(nn.ModuleDict({"_orig_mod": CNN()})), Naming("module._orig_mod.")),
        "in a module": (Lit(), Naming("model.")),
        "in a module, wrapped": (nn.DataParallel(Lit()), Naming("module.model.")),
        "a part": (partly, Naming("", ("module",))),
        "a part in a module": (nn.ModuleDict({"net": partly}), Naming("net.", ("module",))),
    }


@pytest.mark.parametrize("case", list(wrapped()))
def test_what_stands_before_the_names_is_taken_off(case: str) -> None:
    net, expected = wrapped()[case]
    weights, own = net.state_dict(), CNN().state_dict()
    naming = namings(weights, own)[0]
    assert naming == expected
    renamed = naming.applied(weights)
    assert list(renamed) == list(own)
    assert naming.others(weights) == [name for name in weights if "criterion" in name]
    code = naming.code("weights", bool(naming.others(weights)))
    if naming:
        assert list(eval(code, {"weights": weights})) == list(own)
    CNN().load_state_dict(renamed)


@pytest.mark.parametrize("inside", [("module",), ("module", "_orig_mod")])
def test_the_code_on_the_screen_renames_as_it_was_done(inside: tuple[str, ...]) -> None:
    naming = Naming("net.", inside)
    names = ["net.a.module.b", "net.submodule.0", "net.module.module.c", "net._orig_mod.d.weight", "other.e"]
    renamed = naming.applied(dict.fromkeys(names, 0))
    assert "submodule.0" in renamed and "a.b" in renamed
    assert eval(naming.code("weights", others=True), {"weights": dict.fromkeys(names, 0)}) == renamed


def test_names_of_something_else_have_no_head() -> None:
    own = CNN().state_dict()
    assert namings({f"other.{name}.x": tensor for name, tensor in own.items()}, own) == []
    assert namings(nn.Linear(2, 2).state_dict(), own) == []
    two = {f"{who}.{name}": tensor for who in ("student", "teacher") for name, tensor in own.items()}
    assert namings(two, own) == [Naming("student."), Naming("teacher.")]


@over_all
def test_each_network_is_told_from_the_others_by_its_weights(name: str) -> None:
    """But a network of Build is free to be any other one."""
    file = sizes(name, "module.")
    ranks = {
        other: fit(file, shapes(experiment(other).config.create({"device": "cpu"}))).rank for other in experiments()
    }
    assert max(ranks, key=ranks.__getitem__) == name
    reading = fit(file, shapes(experiment(name).config.create({"device": "cpu"})))
    assert reading.is_complete and reading.naming == Naming("module.")


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("classifier", {"hidden_sizes": (7, 9, 5), "batch_norm": True}),
        ("classifier", {"dataset": "blobs", "n_classes": 4}),
        ("cnn", {"channels1": 24, "channels2": 48, "channels3": 20, "kernel_size": 3, "batch_norm": True}),
        ("cnn", {"stride": 1}),
        ("rnn", {"cell": "LSTM", "hidden_size": 24}),
        ("rnn", {"cell": "GRU", "hidden_size": 48, "num_layers": 2}),
        ("rnn_digits", {"cell": "RNN", "hidden_size": 20}),
        ("vgg", {"width": "1/16", "head": "paper", "batch_norm": False}),
        ("vgg", {"width": "1/16", "in_channels": 1}),
    ],
)
def test_the_settings_with_the_files_sizes_are_found(manager: Manager, name: str, values: dict[str, Any]) -> None:
    file = sizes(name, "model.", **values)
    config = fitted(file, experiment(name).config.create({"device": "cpu"}))
    assert fit(file, shapes(config)).is_complete
    assert shapes(config) == shapes_of({key: torch.empty(shape) for key, shape in sizes(name, **values).items()})


def test_foreign_weights_change_no_setting_that_matters(manager: Manager) -> None:
    config = experiment("cnn").config.create({"device": "cpu"})
    file: dict[str, Shape] = {"layer.weight": (4, 8), "layer.bias": (4,)}
    assert fit(file, shapes(config)).named == 0
    assert fit(file, shapes(fitted(file, config))).fits == 0
