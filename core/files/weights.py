"""Weights from a file into a network: which keys fit, what load_state_dict does with the others, what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from core.config import TrainingConfig
from core.experiments import Experiment, experiment
from core.files.uploads.packed import pack, unpack
from core.processes.confined import Unable, confined
from core.snapshot import Snapshot, undisturbed

Shape = tuple[int, ...]
MODES = ("strict", "loose", "fitting")
"""load_state_dict as it is, with strict=False, or given only what fits."""
SHOWN_IMAGES = 12


@dataclass(frozen=True)
class Match:
    """One key, in the file and in the network.

    Attributes:
        file, net: the tensor's shape there; None where it has no such key.
    """

    key: str
    file: Shape | None
    net: Shape | None

    @property
    def verdict(self) -> str:
        """fits, size, missing (in the file) or unexpected (in the network)."""
        if self.file is None:
            return "missing"
        if self.net is None:
            return "unexpected"
        return "fits" if self.file == self.net else "size"


def match(weights: Mapping[str, Tensor], config: TrainingConfig) -> list[Match]:
    """Every key of the network in its order, then those that only the file has."""
    wanted, file = shapes(config), shapes_of(weights)
    own = [Match(key, file.get(key), shape) for key, shape in wanted.items()]
    return own + [Match(key, shape, None) for key, shape in file.items() if key not in wanted]


@lru_cache(maxsize=64)
def shapes(config: TrainingConfig) -> dict[str, Shape]:
    """Each key of a network's state_dict and its tensor's shape."""
    return shapes_of(experiment(config.experiment).untrained(config.changed(device="cpu")).net.state_dict())


def shapes_of(weights: Mapping[str, Tensor]) -> dict[str, Shape]:
    """Each key of a state_dict and its tensor's shape."""
    return {key: tuple(tensor.shape) for key, tensor in weights.items()}


@dataclass(frozen=True)
class Answers:
    """What a network says of data that it has never seen.

    Attributes:
        loss: of its first training batch.
        kind: "plane", "images", "wave", or "" where there is nothing to look at.
        parts: the tensors to draw, by name.
        facts: further numbers.
    """

    loss: float
    kind: str
    parts: dict[str, Tensor]
    facts: dict[str, Any]


@dataclass(frozen=True)
class Loaded:
    """What came of loading.

    Attributes:
        error: what PyTorch said, empty if it went well.
        copied: the keys whose tensors are now the file's. An error does not undo what was copied before it.
    """

    error: str
    copied: list[str]
    before: Answers
    after: Answers


def load(weights: Mapping[str, Tensor], config: TrainingConfig, mode: str) -> Loaded:
    """Build the network, look at its answers, load the weights, look again; in a process of its own.

    Where nothing was copied, it isn't looked at again: the answers are the same.

    Raises:
        Unable: the network's data is not on this machine, or it takes too long.
    """
    missing = experiment(config.experiment).missing(config)
    if missing:
        raise Unable(missing)
    made = unpack(confined(load_and_look, pack(dict(weights)), config.changed(device="cpu"), mode, memory=2000))
    return Loaded(made["error"], made["copied"], Answers(**made["before"]), Answers(**made["after"]))


def load_and_look(packed: bytes, config: TrainingConfig, mode: str) -> bytes:
    """`load` in the process of its own, which gets the weights packed: as tensors, each would need a descriptor."""
    weights = unpack(packed)
    trained = experiment(config.experiment)
    snapshot = trained.untrained(config)
    before = look(trained, config, snapshot)
    error = load_into(snapshot.net, weights, mode)
    own = snapshot.net.state_dict()
    copied = [k for k, tensor in weights.items() if k in own and same(own[k], tensor)]
    after = look(trained, config, snapshot) if copied else before
    return pack({"error": error, "copied": copied, "before": before, "after": after})


def same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and numbers; NaN equals NaN."""
    return one.shape == other.shape and torch.equal(torch.nan_to_num(one), torch.nan_to_num(other.to(one.dtype)))


def load_into(net: nn.Module, weights: Mapping[str, Tensor], mode: str) -> str:
    """Load in one of the `MODES`; returns PyTorch's error, or an empty text."""
    if mode == "fitting":
        own = net.state_dict()
        weights = {key: tensor for key, tensor in weights.items() if key in own and own[key].shape == tensor.shape}
    try:
        net.load_state_dict(dict(weights), strict=mode == "strict")
    except RuntimeError as error:
        return str(error)
    return ""


def look(trained: Experiment, config: TrainingConfig, snapshot: Snapshot) -> dict[str, Any]:
    """A network's `Answers`, as a dict."""
    with undisturbed():
        bench = trained.bench(config)
        bench.net.load_state_dict(snapshot.net.state_dict())
        bench.net.eval()
        with torch.no_grad():
            loss = float(bench.loss())
        kind, parts, facts = _picture(trained, config, snapshot)
    return {"loss": loss, "kind": kind, "parts": {k: torch.tensor(v) for k, v in parts.items()}, "facts": facts}


def _picture(
    trained: Experiment, config: TrainingConfig, snapshot: Snapshot
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    frame = trained.view(config, snapshot, {})
    arrays = frame.arrays
    if "decision" in arrays:
        return "plane", {"decision": arrays["decision"]}, {"levels": frame.facts["levels"]}
    if {"target", "prediction"} <= set(arrays):
        return "wave", {name: arrays[name] for name in ("x", "target", "prediction")}, {}
    if not {"input", "probability"} <= set(arrays):
        return "", {}, {}
    seen = [trained.view(config, snapshot, trained.focus({"image": number})) for number in range(SHOWN_IMAGES)]
    last = [image.arrays["probability"].reshape(-1, image.arrays["probability"].shape[-1])[-1] for image in seen]
    parts = {
        "images": [image.arrays["input"].tolist() for image in seen],
        "labels": [int(image.facts["label"]) for image in seen],
        "answers": [int(probability.argmax()) for probability in last],
        "sure": [float(probability.max()) for probability in last],
    }
    facts: dict[str, Any] = {}
    try:
        tested = trained.view(config, snapshot, trained.focus({"part": "test"})).arrays["confusion"]
        facts = {"right": int(tested.trace()), "of": int(tested.sum())}
    except (ValueError, KeyError):
        pass
    return "images", parts, facts
