"""What this machine has to compute with, what PyTorch was built for, and why a GPU is not there."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from pathlib import Path

import torch

from core.config import Problem
from core.resources import cores

INSTRUCTIONS = {
    "avx2": "AVX2", "avx512f": "AVX-512", "avx512_bf16": "AVX-512 BF16", "avx512_vnni": "AVX-512 VNNI",
    "amx_bf16": "AMX BF16", "amx_tile": "AMX", "asimd": "NEON", "sve": "SVE", "bf16": "BF16",
}  # fmt: skip
"""Names of instruction sets that speed PyTorch up, as the processor and as people call them."""


@dataclass(frozen=True)
class GPU:
    """One NVIDIA GPU."""

    name: str
    memory: int
    capability: str


@dataclass(frozen=True)
class Machine:
    """The machine as PyTorch sees it.

    Attributes:
        processor: the CPU's name.
        cores: how many processors this program may use.
        instructions: the instruction sets that matter.
        used: the one that PyTorch chose, such as AVX512.
        threads: threads that PyTorch takes if nobody says otherwise.
        built_for: such as "CUDA 13.0"; empty for the CPU alone.
        driver: version of NVIDIA's driver, empty if none is loaded.
        mps: whether there is an Apple GPU.
    """

    processor: str
    cores: int
    instructions: tuple[str, ...]
    used: str
    threads: int
    torch: str
    built_for: str
    driver: str
    gpus: tuple[GPU, ...]
    mps: bool


def machine() -> Machine:
    """Look at this machine."""
    gpus = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            gpus.append(GPU(properties.name, properties.total_memory, f"{properties.major}.{properties.minor}"))
    cpuinfo = _text("/proc/cpuinfo")
    name = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    flags = set(re.findall(r"\w+", " ".join(re.findall(r"^(?:flags|Features)\s*:(.+)$", cpuinfo, re.MULTILINE)[:1])))
    return Machine(
        processor=name.group(1).strip() if name else platform.processor() or platform.machine(),
        cores=cores(),
        instructions=tuple(title for flag, title in INSTRUCTIONS.items() if flag in flags),
        used=torch.backends.cpu.get_cpu_capability(),
        threads=cores(),
        torch=torch.__version__,
        built_for=built_for(),
        driver=driver(),
        gpus=tuple(gpus),
        mps=torch.backends.mps.is_available(),
    )


def built_for() -> str:
    """What PyTorch was built for beside the CPU."""
    if torch.version.cuda is not None:
        return f"CUDA {torch.version.cuda}"
    if torch.version.hip is not None:
        return f"ROCm {torch.version.hip}"
    return ""


def driver() -> str:
    """The version of NVIDIA's driver, where one is loaded."""
    version = re.search(r"\b(\d+\.\d+(\.\d+)?)\b", _text("/proc/driver/nvidia/version"))
    return version.group(1) if version else ""


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def why_no_gpu(here: Machine) -> list[Problem]:
    """Why no NVIDIA GPU can be used, and what to do; nothing where one can."""
    if here.gpus:
        return []
    if here.mps:
        return [Problem("", "An Apple GPU is here: PyTorch calls it mps. NVIDIA's CUDA does not exist on a Mac.")]
    if not here.built_for:
        return [
            Problem("", "This PyTorch was built for the CPU alone: `torch.version.cuda` is None."),
            Problem(
                "",
                "If the machine has an NVIDIA GPU, install a build for CUDA: the command is on pytorch.org, under Get "
                "Started.",
            ),
        ]
    values = {"built": here.built_for, "driver": here.driver}
    if not here.driver:
        return [
            Problem("", "PyTorch was built for {built}, but no NVIDIA driver answers on this machine.", values),
            Problem(
                "",
                "With an NVIDIA GPU inside: install its driver, restart, and `nvidia-smi` must list it. Without one, "
                "nothing is wrong: everything here runs on the CPU.",
            ),
        ]
    return [
        Problem("", "There is an NVIDIA driver, {driver}, but PyTorch, built for {built}, can't use it.", values),
        Problem(
            "",
            "`nvidia-smi` shows the newest CUDA that this driver supports. If PyTorch was built for a newer one, "
            "update the driver, then start the app again.",
        ),
    ]
