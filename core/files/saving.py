"""A kept step of a run as files to take away: weights alone, the whole model, a checkpoint, a program."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from core import checkpoints
from core.changes import Changes, as_pairs
from core.config import Problem, TrainingConfig
from core.experiments import experiment
from core.export import script
from core.files import program_code
from core.files.contents import Row, rows
from core.files.programs import Inputs, written
from core.files.uploads.packed import pack, raw, unpack
from core.processes.confined import SECONDS, Unable, confined

ENDINGS = {
    "state_dict": "pt", "safetensors": "safetensors", "model": "pt", "checkpoint": "pt", "exported": "pt2",
    "onnx": "onnx",
}  # fmt: skip
"""The kinds of files, and how their names end."""
PROGRAMS = ("exported", "onnx")
"""The kinds of files that are loaded without the network's class."""
PROGRAM_SECONDS = 40
"""Processor time that an exporter may take: it follows a recurrent network step by step."""


@dataclass(frozen=True)
class Saved:
    """A file made of a kept step.

    Attributes:
        name: the file's name.
        tree: what is in it.
        inputs: what a program is given.
    """

    kind: str
    name: str
    data: bytes
    tree: list[Row]
    inputs: Inputs = field(default_factory=dict)


def file_name(config: TrainingConfig, kind: str, step: int) -> str:
    """A file's name, such as cnn_step300_state_dict.pt."""
    return f"{config.experiment}_step{step}_{kind}.{ENDINGS[kind]}"


def script_name(config: TrainingConfig) -> str:
    """The module that the downloaded script of a run is."""
    return f"torch_playground_{config.experiment}"


def save(kind: str, lanes: Mapping[str, TrainingConfig], changes: Changes, checkpoint: Path, step: int) -> Saved:
    """Make a file of a kept step, in a process of its own.

    Args:
        kind: one of `ENDINGS`.
        lanes: "run", the run itself, and what was trained beside it.
        changes: what was changed while it trained.
        checkpoint: where the step was kept.

    Raises:
        Unable: the step is gone, or the network can't be exported.
    """
    config = lanes["run"]
    program = script(config, changes) if kind == "model" else ""
    arguments = (kind, dict(lanes), changes, checkpoint, program)
    seconds = PROGRAM_SECONDS if kind in PROGRAMS else SECONDS
    made = unpack(confined(make, *arguments, seconds=seconds, memory=2000))
    tree = [Row(**row) for row in json.loads(made["tree"])]
    return Saved(kind, file_name(config, kind, step), raw(made["file"]), tree, json.loads(made["inputs"]))


def make(kind: str, lanes: Mapping[str, TrainingConfig], changes: Changes, checkpoint: Path, program: str) -> bytes:
    """The file, its tree, and what a program is given, packed."""
    try:
        states = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError):
        raise Unable(Problem("", "This step is no longer on the disk.")) from None
    lanes = {name: config.changed(device="cpu") for name, config in lanes.items()}
    config = lanes["run"]
    file = io.BytesIO()
    content: Any
    inputs: Inputs = {}
    if kind == "state_dict":
        content = states["run"]["net"]
        torch.save(content, file)
    elif kind == "safetensors":
        content = dict(states["run"]["net"])
        file.write(safe(content, config))
    elif kind == "checkpoint":
        content = whole_checkpoint(lanes, changes, states)
        torch.save(content, file)
    elif kind == "model":
        content = model_of(config, program, states["run"]["net"])
        torch.save(content, file)
    else:
        program_file, content, inputs = written(kind, config, states["run"]["net"])
        file.write(program_file)
    return pack(
        {
            "file": torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8),
            "tree": json.dumps([asdict(row) for row in rows(content)]),
            "inputs": json.dumps(inputs),
        }
    )


def safe(weights: Mapping[str, Tensor], config: TrainingConfig) -> bytes:
    """A safetensors file, with what it was made by and a checksum: the format itself has none."""
    plain = {name: tensor.contiguous() for name, tensor in weights.items()}
    about = {"format": "pt", "experiment": config.experiment, "config": config.model_dump_json()}
    data = safetensors.torch.save(plain, about)
    body = data[8 + int.from_bytes(data[:8], "little") :]
    return safetensors.torch.save(plain, {**about, "sha256": hashlib.sha256(body).hexdigest()})


def whole_checkpoint(
    lanes: Mapping[str, TrainingConfig], changes: Changes, states: Mapping[str, Any]
) -> dict[str, Any]:
    """All that a run needs to continue bit for bit. What is beside it, such as a bug's twin, is under "beside"."""
    configs = {lane: {"config": config.model_dump(mode="json")} for lane, config in lanes.items()}
    beside = {lane: configs[lane] | state for lane, state in states.items() if lane != "run"}
    config = lanes["run"]
    return {
        "experiment": config.experiment,
        "config": config.model_dump(mode="json"),
        "changes": as_pairs(changes),
        "torch": str(torch.__version__),
        **states["run"],
        **({"beside": beside} if beside else {}),
    }


def model_of(config: TrainingConfig, program: str, weights: Mapping[str, Tensor]) -> nn.Module:
    """The network as the downloaded script builds it, so that a pickle of it names the script's class."""
    module = types.ModuleType(script_name(config))
    sys.modules[module.__name__] = module
    exec(compile(program, f"{module.__name__}.py", "exec"), module.__dict__)
    net: nn.Module = module.build_net()
    net.load_state_dict(dict(weights))
    return net


def loading_code(kind: str, config: TrainingConfig, step: int, inputs: Inputs | None = None) -> str:
    """How a learner loads a file again: a program that runs beside it, and beside the run's downloaded script.

    Args:
        inputs: what a program is given, see `Saved`.
    """
    name, module = file_name(config, kind, step), script_name(config)
    build = f"from {module} import build_net\n\nnet = build_net()\n"
    if kind == "state_dict":
        return f'import torch\n{build}net.load_state_dict(torch.load("{name}", weights_only=True))\nnet.eval()\n'
    if kind == "safetensors":
        read = "from safetensors.torch import load_file  # pip install safetensors\n"
        return f'{read}{build}net.load_state_dict(load_file("{name}"))\nnet.eval()\n'
    if kind == "checkpoint":
        carried = checkpoints.own_fields(experiment(config.experiment).untrained(config.changed(device="cpu")))
        names = ", ".join(["order", *carried])
        values = ", ".join(f'state["{name}"]' for name in ["order", *carried])
        return (
            f"import torch\n{build}optimizer = torch.optim.{config.optimizer}(net.parameters())\n"
            f'state = torch.load("{name}", weights_only=True)\n'
            'net.load_state_dict(state["net"])\n'
            'optimizer.load_state_dict(state["optimizer"])  # its learning rate, too\n'
            'torch.set_rng_state(state["rng"])\n'
            f"{names} = {values}  # of this epoch{'; what the loop carries' if carried else ''}\n"
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
    return program_code.running(kind, name, inputs or {})


def saving_code(kind: str, config: TrainingConfig, step: int, inputs: Inputs | None = None) -> str:
    """The line that saves. Args: see `loading_code`."""
    name = file_name(config, kind, step)
    if kind in PROGRAMS:
        return program_code.saving(kind, name, inputs or {})
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
    }[kind]
