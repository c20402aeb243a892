"""A device is there, or a sentence says why not."""

import re

import pytest
import torch

from core.devices import devices, resolve


def test_auto_is_the_cpu_because_it_repeats_bit_for_bit() -> None:
    assert resolve("auto") == resolve("cpu") == "cpu"


def test_cuda_and_mps_are_always_named() -> None:
    names = {device.name.split(":")[0] for device in devices()}
    assert names == {"cpu", "cuda", "mps"}
    assert not devices()[0].missing


@pytest.mark.parametrize("name", ["cuda", "cuda:7", "mps"])
def test_a_missing_device_has_a_reason(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(LookupError) as caught:
        resolve(name)
    assert re.fullmatch(r"\S+ can't be used: .+\.", str(caught.value.args[0]))


def test_gpus_are_named_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"GPU {index}")
    assert [device.title for device in devices()[1:3]] == ["GPU 0", "GPU 1"]
    assert (resolve("cuda"), resolve("cuda:1")) == ("cuda:0", "cuda:1")
    with pytest.raises(LookupError, match="there is no such device here"):
        resolve("cuda:2")
