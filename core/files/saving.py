"""A kept step of a run as files to take away: weights alone, the whole model, a checkpoint, an exported program."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from core.config import Config, Problem
from core.experiments import experiment
from core.experiments.base import undisturbed
from core.export import script
from core.files.contents import Row, rows
from core.files.uploads.packed import pack, raw, unpack
from core.processes.confined import Unable, confined

ENDINGS = {"state_dict": "pt", "safetensors": "safetensors", "model": "pt", "checkpoint": "pt", "exported": "pt2"}
"""The kinds of files, and how their names end."""


@dataclass(frozen=True)
class Saved:
    """A file made of a kept step.

    Attributes:
        name: the file's name.
        tree: what is in it.
    """

    kind: str
    name: str
    data: bytes
    tree: list[Row]


def file_name(config: Config, kind: str, step: int) -> str:
    """A file's name, such as cnn_step300_state_dict.pt."""
    return f"{config.experiment}_step{step}_{kind}.{ENDINGS[kind]}"


def script_name(config: Config) -> str:
    """The module that the downloaded script of a run is."""
    return f"torch_playground_{config.experiment}"


def save(kind: str, config: Config, lr_changes: Mapping[int, float], checkpoint: Path, step: int) -> Saved:
    """Make a file of a kept step, in a process of its own.

    Args:
        kind: one of `ENDINGS`.
        checkpoint: where the step was kept.

    Raises:
        Unable: the step is gone, or the network can't be exported.
    """
    program = script(config, lr_changes) if kind == "model" else ""
    made = unpack(confined(make, kind, config, sorted(lr_changes.items()), checkpoint, program, memory=2000))
    tree = [Row(**row) for row in json.loads(made["tree"])]
    return Saved(kind, file_name(config, kind, step), raw(made["file"]), tree)


def make(kind: str, config: Config, lr_changes: list[tuple[int, float]], checkpoint: Path, program: str) -> bytes:
    """The file and its tree, packed."""
    try:
        states = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError):
        raise Unable(Problem("", "This step is no longer on the disk.")) from None
    config = config.changed(device="cpu")
    file = io.BytesIO()
    content: Any
    if kind == "state_dict":
        content = states["run"]["net"]
        torch.save(content, file)
    elif kind == "safetensors":
        content = dict(states["run"]["net"])
        file.write(safe(content, config))
    elif kind == "checkpoint":
        content = whole_checkpoint(config, lr_changes, states)
        torch.save(content, file)
    elif kind == "model":
        content = model_of(config, program, states["run"]["net"])
        torch.save(content, file)
    else:
        content = exported(config, states["run"], file)
    tree = json.dumps([asdict(row) for row in rows(content)])
    return pack({"file": torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8), "tree": tree})


def safe(weights: Mapping[str, Tensor], config: Config) -> bytes:
    """A safetensors file, with what it was made by and a checksum: the format itself has none."""
    plain = {name: tensor.contiguous() for name, tensor in weights.items()}
    about = {"format": "pt", "experiment": config.experiment, "config": config.model_dump_json()}
    data = safetensors.torch.save(plain, about)
    body = data[8 + int.from_bytes(data[:8], "little") :]
    return safetensors.torch.save(plain, {**about, "sha256": hashlib.sha256(body).hexdigest()})


def whole_checkpoint(config: Config, lr_changes: list[tuple[int, float]], states: Mapping[str, Any]) -> dict[str, Any]:
    """All that a run needs to go on bit for bit. Runs trained beside it, such as a bug's twin, are under "beside"."""
    beside = {lane: state for lane, state in states.items() if lane != "run"}
    return {
        "experiment": config.experiment,
        "config": config.model_dump(mode="json"),
        "lr_changes": [list(change) for change in lr_changes],
        "torch": str(torch.__version__),
        **states["run"],
        **({"beside": beside} if beside else {}),
    }


def model_of(config: Config, program: str, weights: Mapping[str, Tensor]) -> nn.Module:
    """The network as the downloaded script builds it, so that a pickle of it names the script's class."""
    module = types.ModuleType(script_name(config))
    sys.modules[module.__name__] = module
    exec(compile(program, f"{module.__name__}.py", "exec"), module.__dict__)
    net: nn.Module = module.build_net()
    net.load_state_dict(dict(weights))
    return net


def exported(config: Config, state: Mapping[str, Any], file: io.BytesIO) -> Any:
    """torch.export of the network as it answers, for inputs like those of its first batch."""
    trained = experiment(config.experiment)
    with undisturbed():
        bench = trained.bench(config)
        seen: list[Any] = []
        bench.net.register_forward_pre_hook(lambda _net, inputs: seen.append(inputs)).__enter__()
        bench.loss()
        net = trained.untrained(config).net
    net.load_state_dict(state["net"])
    try:
        program = torch.export.export(net.eval(), seen[0])
        torch.export.save(program, file)
    except Exception:  # whatever its tracer does not know
        raise Unable(Problem("", "torch.export can't follow this network.")) from None
    return {
        "graph": [f"{node.name} = {node.target}" for node in program.graph.nodes if node.op == "call_function"],
        "weights": dict(program.state_dict),
    }


def loading_code(kind: str, config: Config, step: int) -> str:
    """How a learner loads a file again: a program that runs beside it, and beside the run's downloaded script."""
    name, module = file_name(config, kind, step), script_name(config)
    build = f"from {module} import build_net\n\nnet = build_net()\n"
    if kind == "state_dict":
        return f'import torch\n{build}net.load_state_dict(torch.load("{name}", weights_only=True))\nnet.eval()\n'
    if kind == "safetensors":
        return f'from safetensors.torch import load_file\n{build}net.load_state_dict(load_file("{name}"))\nnet.eval()\n'
    if kind == "checkpoint":
        return (
            f"import torch\n{build}optimizer = torch.optim.{config.optimizer}(net.parameters())\n"
            f'state = torch.load("{name}", weights_only=True)\n'
            'net.load_state_dict(state["net"])\n'
            'optimizer.load_state_dict(state["optimizer"])  # its learning rate, too\n'
            'torch.set_rng_state(state["rng"])\n'
            'order, h_state = state["order"], state["h_state"]  # of this epoch; what a recurrent network carries\n'
            'first_step = state["step"] + 1\n'
        )
    if kind == "model":
        net = experiment(config.experiment).untrained(config.changed(device="cpu")).net
        own = type(net).__name__
        layers = ", ".join(sorted({f"nn.{type(layer).__name__}" for layer in net.modules() if layer is not net}))
        return (
            f"import torch\nfrom torch import nn\nfrom {module} import {own}\n\n"
            f"with torch.serialization.safe_globals([{own}, set, {layers}]):\n"
            f'    net = torch.load("{name}", weights_only=True)\nnet.eval()\n'
        )
    return f'import torch\n\nnet = torch.export.load("{name}").module()\n'


def saving_code(kind: str, config: Config, step: int) -> str:
    """The line that saves."""
    name = file_name(config, kind, step)
    return {
        "state_dict": f'torch.save(net.state_dict(), "{name}")',
        "safetensors": f'from safetensors.torch import save_file\n\nsave_file(net.state_dict(), "{name}")',
        "model": f'torch.save(net, "{name}")',
        "checkpoint": (
            "state = {\n"
            '    "net": net.state_dict(),\n    "optimizer": optimizer.state_dict(),\n'
            '    "rng": torch.get_rng_state(),\n    "step": step,\n    "order": order,  # and more, see the tree\n}\n'
            f'torch.save(state, "{name}")'
        ),
        "exported": f'torch.export.save(torch.export.export(net.eval(), (x,)), "{name}")',
    }[kind]
