"""Every experiment's network as a program: it answers as the network does, and gives its weights back."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from core.files import saving
from core.files.programs import Inputs, prepared, written
from core.files.uploads.packed import unpack
from core.files.uploads.reader import examine
from core.files.weights import load_into
from core.processes.confined import Unable
from tests.core.files.test_saving import trained
from tests.experiments import NAMES, general, smallest

RESIDUAL = (
    "Conv2d(1, 4, 3, padding=1), Residual(Conv2d(4, 4, 3, padding=1), BatchNorm2d(4), ReLU()), MaxPool2d(2), "
    "Dropout(0.2), Flatten(), Linear(784, 10)"
)
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in NAMES},
    "classifier, batch norm and dropout": ("classifier", {"batch_norm": True, "dropout": 0.2, "batch_size": 30}),
    "cnn, batch norm and dropout": ("cnn", {"batch_norm": True, "dropout": 0.2, "channels3": 4}),
    "vgg, the paper's head": ("vgg", {"dataset": "digits", "in_channels": 1, "head": "paper"}),
    "RNN, both ways": ("rnn", {"cell": "RNN", "bidirectional": True, "num_layers": 2, "dropout": 0.1}),
    "RNN without its own h_state": ("rnn", {"cell": "RNN", "h_state": "reset", "nonlinearity": "relu"}),
    "LSTM that carries h_state": ("rnn", {"cell": "LSTM", "num_layers": 2}),
    "GRU, time first": ("rnn", {"cell": "GRU", "batch_first": False, "bias": False}),
    "RNN whose batch_first was forgotten": ("rnn", {"cell": "RNN", "bugs": ("forgotten_batch_first",)}),
    "build, a residual block": ("build", {"blocks": RESIDUAL}),
}


def made(variant: str) -> tuple[Any, nn.Module, Inputs]:
    """A config; its network, whose running means and the like are not those of a new one; what it is given."""
    name, values = VARIANTS[variant]
    config = smallest(name, **values)
    net, _, inputs = prepared(config)
    torch.manual_seed(3)
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if tensor.is_floating_point():
                tensor.add_(0.2 * torch.rand_like(tensor))
    return config, net.eval(), inputs


def questions(inputs: Inputs) -> Iterator[dict[str, Any]]:
    """Something to ask a program: one, two and three examples."""
    for count in (1, 2, 3):
        tensors = {}
        for name, shape in inputs.items():
            shapes: Any = shape if isinstance(shape[0], list) else [shape]
            drawn = tuple(torch.randn([count if side == "batch" else side for side in one]) for one in shapes)
            tensors[name] = drawn if isinstance(shape[0], list) else drawn[0]
        yield tensors


def flat(value: Any) -> list[Tensor]:
    """All tensors in nested tuples."""
    return [value] if isinstance(value, Tensor) else [tensor for item in value for tensor in flat(item)]


def close(answers: list[Tensor], expected: list[Tensor]) -> bool:
    return len(answers) == len(expected) and all(
        one.shape == other.shape and torch.allclose(one, other, atol=1e-5)
        for one, other in zip(answers, expected, strict=True)
    )


@pytest.mark.one_in(3)
@general
@pytest.mark.parametrize(("name", "variant"), [(VARIANTS[variant][0], variant) for variant in VARIANTS], ids=VARIANTS)
def test_programs_answer_as_the_network_does_and_give_its_weights_back(
    name: str, variant: str, capfd: pytest.CaptureFixture[str]
) -> None:
    config, net, inputs = made(variant)
    assert config.experiment == name
    batches = list(questions(inputs))
    with torch.no_grad():
        expected = [flat(net(*question.values())) for question in batches]
    own = net.state_dict()
    for kind in saving.PROGRAMS:
        data, tree, written_inputs = written(kind, config, own)
        assert written_inputs == inputs
        contents = unpack(examine(data))
        assert contents["kind"] == kind
        assert contents["metadata"]["experiment"] == config.experiment
        weights = contents["value"]
        missing = {name for name in own if name not in weights}
        assert all(name.endswith("num_batches_tracked") for name in missing)  # nothing that an answer depends on
        assert kind == "onnx" or not missing
        assert set(weights) <= set(own)
        assert all(torch.equal(weights[name], own[name]) for name in weights)
        fresh = prepared(config)[0].eval()
        assert load_into(fresh, weights, "strict") == ""
        ask = program(kind, data)
        for question, answer in zip(batches, expected, strict=True):
            with torch.no_grad():
                assert close(flat(fresh(*question.values())), answer)
                assert close(ask(question), answer), (kind, len(answer[0]))
        assert sum(len(part) for part in tree.values()) > len(weights)
    assert tuple(capfd.readouterr()) == ("", "")


def program(kind: str, data: bytes) -> Callable[[dict[str, Any]], list[Tensor]]:
    """A file, loaded as another program than this app would, to be asked."""
    if kind == "exported":
        net = torch.export.load(io.BytesIO(data)).module()
        return lambda question: flat(net(*question.values()))
    session = onnxruntime.InferenceSession(data)
    names = [given.name for given in session.get_inputs()]

    def ask(question: dict[str, Any]) -> list[Tensor]:
        arrays = [tensor.numpy() for tensor in flat(tuple(question.values()))]
        return [torch.from_numpy(answer) for answer in session.run(None, dict(zip(names, arrays, strict=True)))]

    return ask


def test_what_the_page_shows_writes_and_asks_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, of files that the shown lines themselves wrote."""
    monkeypatch.chdir(tmp_path)
    for variant, shape in {
        "classifier, batch norm and dropout": (2, 2),
        "LSTM that carries h_state": (2, 5, 1),
    }.items():
        config, net, inputs = made(variant)
        _, arguments, _ = prepared(config)
        here = {"torch": torch, "net": net, **dict(zip(inputs, arguments, strict=True))}
        for kind in saving.PROGRAMS:
            there: dict[str, Any] = {}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(saving.saving_code(kind, config, 3, inputs), here)
            exec(saving.loading_code(kind, config, 3, inputs), there)
            answer = there["answer"]
            assert (answer if isinstance(answer, Tensor) else answer[0]).shape == shape
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}_step3_{kind}.{saving.ENDINGS[kind]}" for name in ("classifier", "rnn") for kind in saving.PROGRAMS
    }


def test_a_network_that_can_t_be_followed_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    config, net, _ = made("classifier, batch norm and dropout")

    def unknown(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("unsupported operator: many lines")

    monkeypatch.setattr(torch.export, "export", unknown)
    monkeypatch.setattr(torch.onnx, "export", unknown)
    for kind, name in (("exported", "torch.export"), ("onnx", "torch.onnx")):
        with pytest.raises(Unable, match=f"^{name} can't follow this network.$"):
            written(kind, config, net.state_dict())


def test_the_tree_of_an_onnx_file_names_inputs_weights_and_operators(tmp_path: Path) -> None:
    config, path = trained("classifier", tmp_path)
    made_of_step = unpack(saving.make("onnx", {"run": config}, {}, path, ""))
    assert json.loads(made_of_step["inputs"]) == {"x": ["batch", 2]}
    rows = {row["name"]: (row["shown"], row["dtype"], row["bytes"]) for row in json.loads(made_of_step["tree"])}
    assert rows["x"] == ("batch × 2", "float32", 0)
    assert rows["hidden.0.weight"] == ("10 × 2", "float32", 80)
    assert rows["linear"][0].startswith("Gemm(x, hidden.0.weight, hidden.0.bias, ") and "transB=1" in rows["linear"][0]
