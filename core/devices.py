"""Which devices this machine has, and in plain words why it lacks the others."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from core.config import Problem


@dataclass(frozen=True)
class Device:
    """One device: its torch name, what it is, and why it can't be used (empty if it can)."""

    name: str
    title: str
    missing: str = ""


def devices() -> list[Device]:
    """All devices that a learner may hear of; those not here carry the reason."""
    listed = [Device("cpu", f"CPU × {os.cpu_count()}")]
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            listed.append(Device(f"cuda:{index}", torch.cuda.get_device_name(index)))
    elif torch.version.cuda is None:
        listed.append(Device("cuda", "NVIDIA GPU", "this PyTorch was built without CUDA"))
    else:
        listed.append(Device("cuda", "NVIDIA GPU", "no NVIDIA GPU or driver was found"))
    if torch.backends.mps.is_available():
        listed.append(Device("mps", "Apple GPU"))
    elif torch.backends.mps.is_built():
        listed.append(Device("mps", "Apple GPU", "no Apple GPU was found"))
    else:
        listed.append(Device("mps", "Apple GPU", "only a Mac with Apple silicon has it"))
    return listed


def resolve(name: str) -> str:
    """The device that "auto" or a name stands for.

    "auto" is the CPU: the networks here are small, and on the CPU runs repeat bit for bit.

    Raises:
        LookupError: the device is not here; the message is a `Problem`.
    """
    if name == "auto":
        return "cpu"
    if name == "cuda":
        name = "cuda:0"
    known = devices()
    for device in known:
        if device.name == name and not device.missing:
            return name
    unknown = Device(name.split(":")[0], "", "there is no such device here")
    reason = next(device.missing for device in [*known, unknown] if device.missing and device.name == unknown.name)
    raise LookupError(Problem("device", "{device} can't be used: {reason}.", {"device": name, "reason": reason}))
