"""Files to try “Load” with, for those who have none at hand: what others' files are often like."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from core.experiments import experiment


class Harmful:
    """Prints a line when its pickle is opened, as it could do anything else."""

    def __reduce__(self) -> Any:
        return print, ("code ran",)


EXAMPLES = ("wrapped", "nested", "wider", "harmful")


@lru_cache(maxsize=len(EXAMPLES))
def example(name: str) -> bytes:
    """The file: one of `EXAMPLES`."""
    content: Any
    if name == "wrapped":
        content = {f"module.{key}": tensor for key, tensor in _weights(seed=5).items()}
    elif name == "nested":
        content = {"epoch": 3, "models": {"student": _weights(seed=5), "teacher": _weights(seed=6)}, "device": "cuda:0"}
    elif name == "wider":
        content = {key: tensor.half() for key, tensor in _weights(channels1=24, batch_norm=True).items()}
    else:
        content = {"weights": Harmful()}
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def _weights(**settings: Any) -> dict[str, Tensor]:
    """Of an untrained CNN; by another seed than the tutorial's, so that loading changes its answers."""
    config = experiment("cnn").config.create({**settings, "device": "cpu"})
    return dict(experiment("cnn").untrained(config).net.state_dict())
