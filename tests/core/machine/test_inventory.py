"""What the machine has, and why a GPU is not there: with a table of machines that are not this one."""

from dataclasses import replace

import pytest
import torch

from core.machine.inventory import GPU, built_for, driver, machine, why_no_gpu


def test_this_machine() -> None:
    here = machine()
    assert here.cores >= 1
    assert here.torch == torch.__version__
    assert here.processor
    assert bool(here.gpus) == torch.cuda.is_available()
    assert bool(why_no_gpu(here)) != bool(here.gpus)


@pytest.mark.parametrize(
    ("built", "driver", "gpus", "mps", "said"),
    [
        ("", "", (), False, "built for the CPU alone"),
        ("CUDA 13.0", "", (), False, "no NVIDIA driver answers"),
        ("CUDA 13.0", "470.82", (), False, "There is an NVIDIA driver, 470.82"),
        ("", "", (), True, "PyTorch calls it mps"),
        ("CUDA 13.0", "580.1", (GPU("T4", 16 * 10**9, "7.5"),), False, ""),
    ],
)
def test_why_no_gpu(built: str, driver: str, gpus: tuple[GPU, ...], mps: bool, said: str) -> None:
    problems = why_no_gpu(replace(machine(), built_for=built, driver=driver, gpus=gpus, mps=mps))
    assert said in " ".join(map(str, problems))
    assert bool(said) == bool(problems)


def test_what_torch_was_built_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)
    assert built_for() == ""
    monkeypatch.setattr(torch.version, "hip", "6.3")
    assert built_for() == "ROCm 6.3"
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert built_for() == "CUDA 13.0"


def test_the_driver_is_read_from_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\n"
    monkeypatch.setattr("core.machine.inventory._text", lambda path: text)
    assert driver() == "550.54.15"
    monkeypatch.setattr("core.machine.inventory._text", lambda path: "")
    assert driver() == ""
