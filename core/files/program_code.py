"""How a learner writes a network as a program, and asks it: the code that the page shows beside the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.files.programs import Inputs, nested

BATCH = 'batch = torch.export.Dim("batch")  # of any size\n'


def saving(kind: str, name: str, inputs: Inputs) -> str:
    """The lines that write the file of that name."""
    arguments = _tuple(inputs)
    sizes = _tuple(_axes(shape) for shape in inputs.values())
    if kind == "exported":
        return (
            f"{BATCH}program = torch.export.export(\n    net.eval(), {arguments},\n    dynamic_shapes={sizes},\n)\n"
            f'torch.export.save(program, "{name}")'
        )
    return (
        f'{BATCH}torch.onnx.export(\n    net.eval(), {arguments}, "{name}",\n    dynamic_shapes={sizes},\n'
        "    external_data=False,  # one file\n    optimize=False,  # weights keep their names\n)"
    )


def running(kind: str, name: str, inputs: Inputs) -> str:
    """A program that loads the file and asks it about two examples."""
    return _exported(name, inputs) if kind == "exported" else _onnx(name, inputs)


def _exported(name: str, inputs: Inputs) -> str:
    lines = ["import torch", "", f'net = torch.export.load("{name}").module()']
    for at, (given, shape) in enumerate(inputs.items()):
        if at > 0:  # what the network hands on
            zeros = ", ".join(f"torch.zeros({_sides(one)})" for one in _parts(shape))
            lines.append(f"{given} = {zeros}  # at first")
        else:
            lines += ["# 2 examples; any number will do", f"{given} = torch.rand({_sides(shape)})"]
    return "\n".join([*lines, f"answer = net({', '.join(inputs)})", ""])


def _onnx(name: str, inputs: Inputs) -> str:
    lines = ["import numpy as np", "import onnxruntime  # pip install onnxruntime", ""]
    lines.append(f'session = onnxruntime.InferenceSession("{name}")')
    feed = []
    for at, (given, shape) in enumerate(inputs.items()):
        if at > 0:  # what the network hands on
            names = [f"{given}_{part}" for part in range(len(shape))] if nested(shape) else [given]
            zeros = [f"np.zeros(({_sides(one)}), dtype=np.float32)" for one in _parts(shape)]
            lines += [f"{one} = {value}  # at first" for one, value in zip(names, zeros, strict=True)]
        else:
            names = [given]
            lines += [
                "# 2 examples; any number will do",
                f"{given} = np.random.rand({_sides(shape)}).astype(np.float32)",
            ]
        feed += [f'"{one}": {one}' for one in names]
    return "\n".join([*lines, f"answer = session.run(None, {{{', '.join(feed)}}})", ""])


def _parts(shape: Any) -> list[Any]:
    return list(shape) if nested(shape) else [shape]


def _sides(shape: Any) -> str:
    return ", ".join("2" if side == "batch" else str(side) for side in shape)


def _axes(shape: Any) -> str:
    return _tuple(map(_axes, shape)) if nested(shape) else f"{{{shape.index('batch')}: batch}}"


def _tuple(parts: Mapping[str, Any] | Any) -> str:
    texts = list(parts)
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"
