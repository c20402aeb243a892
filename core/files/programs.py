"""A network as a program that needs no class: the graph of torch.export, and ONNX, which others than PyTorch run."""

from __future__ import annotations

import inspect
import io
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from core.config import Problem, TrainingConfig
from core.experiments import experiment
from core.files.contents import Line, Part
from core.files.uploads import programs
from core.processes.confined import Unable
from core.snapshot import undisturbed

Shape = list[int | str]
Inputs = dict[str, Shape | list[Shape]]
"""What a program is given: each argument's shape, "batch" where any size will do. A list of shapes is a tuple."""


def written(kind: str, config: TrainingConfig, weights: Mapping[str, Tensor]) -> tuple[bytes, dict[str, Any], Inputs]:
    """The network as it answers, with these weights, as a program for a batch of any size.

    Args:
        kind: "exported" or "onnx".

    Returns:
        The file, what is in it, and what the program is given.

    Raises:
        Unable: the exporter can't follow the network.
    """
    net, arguments, inputs = prepared(config)
    net.load_state_dict(dict(weights))
    net.eval()
    texts = {"experiment": config.experiment, "config": config.model_dump_json()}
    try:
        with quiet():
            write = exported if kind == "exported" else onnx
            return (*write(net, arguments, sizes(inputs), texts), inputs)
    except ImportError:
        raise Unable(
            Problem("", "PyTorch needs the packages onnx and onnxscript for this: install requirements.txt again.")
        ) from None
    except MemoryError:
        raise
    except Exception as error:  # whatever the tracer does not know
        if "allocate memory" in str(error):
            raise MemoryError from None
        name = "torch.export" if kind == "exported" else "torch.onnx"
        raise Unable(Problem("", "{name} can't follow this network.", {"name": name})) from None


def exported(
    net: nn.Module, arguments: tuple[Any, ...], dynamic: tuple[Any, ...], texts: dict[str, str]
) -> tuple[bytes, dict[str, Any]]:
    """By torch.export: the file and what is in it."""
    program = torch.export.export(net, arguments, dynamic_shapes=dynamic)
    file = io.BytesIO()
    torch.export.save(program, file, extra_files=texts)
    places = {spec.arg.name: spec.target or spec.arg.name for spec in program.graph_signature.input_specs}
    graph = {
        node.name: _call(node.target, [_argument(given, places) for given in node.args])
        for node in program.graph.nodes
        if node.op == "call_function"
    }
    return file.getvalue(), {"weights": dict(program.state_dict), "graph": Part(graph)}


def onnx(
    net: nn.Module, arguments: tuple[Any, ...], dynamic: tuple[Any, ...], texts: dict[str, str]
) -> tuple[bytes, dict[str, Any]]:
    """By torch.onnx: the file and what is in it. Unoptimized, so that each weight stays what it is called."""
    program = torch.onnx.export(
        net, arguments, dynamic_shapes=dynamic, dynamo=True, external_data=False, optimize=False, verbose=False
    )
    assert program is not None
    weights, _ = programs.onnx(_bytes_of(program))
    program.model.metadata_props.update({**texts, "sha256": programs.checksum(weights)})
    graph = program.model.graph
    ends = {
        name: Part(
            {
                str(value.name): Line(
                    " × ".join(map(str, value.shape or ())) or "()", programs.ONNX_TYPES.get(value.dtype or 0, "")
                )
                for value in values
            }
        )
        for name, values in (("inputs", graph.inputs), ("outputs", graph.outputs))
    }
    constants = {
        str(node.outputs[0].name): _short(node.attributes["value"].value.numpy().tolist())
        for node in graph
        if node.op_type == "Constant" and "value" in node.attributes
    }
    steps = {
        str(node.outputs[0].name): _call(
            node.op_type,
            [
                *(constants.get(str(value.name), value.name) if value else "" for value in node.inputs),
                *(f"{name}={_short(attribute.value)}" for name, attribute in node.attributes.items()),
            ],
        )
        for node in graph
        if node.outputs[0].name not in constants
    }
    return _bytes_of(program), {**ends, "initializers": Part(weights), "graph": Part(steps)}


def prepared(config: TrainingConfig) -> tuple[nn.Module, tuple[Any, ...], Inputs]:
    """An untrained network, arguments to trace it with, and their shapes.

    Two examples are traced: what is true of one alone would become part of the program. A network that carries its
    hidden state on is given one.
    """
    trained = experiment(config.experiment)
    with undisturbed():
        bench = trained.bench(config)
        seen: list[Any] = []
        bench.net.register_forward_pre_hook(lambda _net, inputs: seen.append(inputs)).__enter__()
        with torch.no_grad():
            bench.loss()
        net = trained.untrained(config).net
    axis = trained.batch_axis(config)
    x = torch.cat([seen[0][0].narrow(axis, 0, 1)] * 2, axis)
    state = trained.carried(config, net, x)
    arguments = (x,) if state is None else (x, state)
    names = inspect.signature(net.forward).parameters
    inputs: Inputs = {}
    for name, value in zip(names, arguments, strict=False):
        place = axis if value is x else 1
        shapes = [_open(tensor, place) for tensor in (value if isinstance(value, tuple) else (value,))]
        inputs[name] = shapes if isinstance(value, tuple) else shapes[0]
    return net, arguments, inputs


def _open(tensor: Tensor, axis: int) -> Shape:
    """A tensor's shape with an open batch."""
    return [*tensor.shape[:axis], "batch", *tensor.shape[axis + 1 :]]


def nested(shape: Any) -> bool:
    """Whether it is several shapes: of a tuple of tensors."""
    return isinstance(shape[0], list)


def sizes(inputs: Inputs) -> tuple[Any, ...]:
    """Which sizes are open, as torch.export wants to be told."""
    batch = torch.export.Dim("batch")

    def axes(shape: Any) -> Any:
        return tuple(map(axes, shape)) if nested(shape) else {shape.index("batch"): batch}

    return tuple(axes(shape) for shape in inputs.values())


@contextmanager
def quiet() -> Iterator[None]:
    """The exporters warn of their own insides, and log; neither is news to anybody here."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _bytes_of(program: torch.onnx.ONNXProgram) -> bytes:
    file: Any = io.BytesIO()  # its hints know names of files only
    program.save(file)
    data: bytes = file.getvalue()
    return data


def _call(function: Any, arguments: Iterable[Any]) -> Line:
    """A step of a graph."""
    name = function.__name__ if inspect.isbuiltin(function) else str(function)
    return Line(f"{name}({', '.join(map(str, arguments))})")


def _argument(given: Any, places: Mapping[str, str]) -> str:
    """What a step of torch.export's graph is given: an earlier step, a weight, a number or a list of such."""
    if isinstance(given, torch.fx.Node):
        return places.get(given.name, given.name)
    if isinstance(given, list | tuple):
        return f"[{', '.join(_argument(one, places) for one in given)}]"
    return _short(given)


def _short(constant: Any) -> str:
    text = str(constant)
    return text if len(text) <= 30 else text[:28] + " …"
