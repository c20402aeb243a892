"""What the page of devices shows is what PyTorch does."""

import json
import runpy
from pathlib import Path

import pytest
import torch

from core.engine.manager import Manager
from core.machine.lab import (
    PITFALLS,
    Precision,
    Step,
    crossover,
    kinds,
    moves,
    pitfall,
    pitfall_program,
    run_precisions,
    run_program,
    run_sweep,
    thread_counts,
    threads,
)


def test_the_three_moves_on_the_meta_device(manager: Manager) -> None:
    stages = {stage.name: stage for stage in moves("meta")}
    where = {name: {place.name: place.device for place in stage.places} for name, stage in stages.items()}
    assert list(stages) == ["loaded", "data", "model", "forward", "backward", "back"]
    assert set(where["loaded"].values()) == {"cpu"}
    assert where["data"] == {"images": "meta", "labels": "meta", "cnn.out.weight": "cpu"}
    assert where["model"]["cnn.out.weight"] == "meta"
    assert where["forward"]["loss"] == where["backward"]["cnn.out.weight.grad"] == "meta"
    assert "Cannot copy out of meta tensor" in stages["back"].error
    assert all(stage.milliseconds is None for stage in stages.values())


def test_the_three_moves_on_the_cpu_are_timed_and_end_well(manager: Manager) -> None:
    stages = moves("cpu")
    assert [stage.error for stage in stages] == [""] * 6
    assert all(stage.milliseconds is not None and stage.milliseconds > 0 for stage in stages)
    assert stages[-1].places[-1].device == "cpu"
    assert "pred_y" in {place.name for place in stages[-1].places}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine")
def test_the_three_moves_on_a_gpu(manager: Manager) -> None:
    stages = moves("cuda:0")
    assert [stage.error for stage in stages] == [""] * 6
    assert {place.name: place.device for place in stages[-1].places}["pred_y"] == "cpu"


@pytest.mark.parametrize(
    ("name", "fixed", "printed", "error"),
    [
        ("data", False, "", "is not on the expected device"),
        ("data", True, "meta\n", ""),
        ("numpy", False, "", "can't convert meta device type tensor to numpy"),
        ("numpy", True, "", "Cannot copy out of meta tensor"),
        ("assigned", False, "cpu\n", ""),
        ("assigned", True, "meta\nmeta\n", ""),
    ],
)
def test_mistakes_give_pytorchs_own_errors(name: str, fixed: bool, printed: str, error: str) -> None:
    outcome = json.loads(run_program(pitfall_program(name, fixed, "meta")))
    assert outcome["printed"] == printed
    assert error in outcome["error"] and bool(error) == bool(outcome["error"])


@pytest.mark.parametrize("name", PITFALLS)
def test_a_copied_program_runs_as_it_stands(name: str, tmp_path: Path) -> None:
    copied = tmp_path / "copied.py"
    copied.write_text(pitfall_program(name, True, "cpu"), encoding="utf-8")
    assert runpy.run_path(str(copied), run_name="__main__")["device"] == "cpu"


def test_the_mended_clock_waits_for_its_device() -> None:
    assert "    torch.cuda.synchronize(device)\n" in pitfall_program("time", True, "cuda:0")
    assert "    torch.mps.synchronize()\n" in pitfall_program("time", True, "mps")
    assert "synchronize" not in pitfall_program("time", False, "cuda:0")


def test_the_clock_runs_on_the_cpu(manager: Manager) -> None:
    """And measures the same there, whether it waits or not: the page says so."""

    def measured(fixed: bool) -> float:
        outcome = pitfall("time", fixed, "cpu")
        assert outcome.printed.endswith(" ms, the median of 5, on cpu\n") and outcome.error == ""
        return float(outcome.printed.split()[0])

    least = [min(measured(fixed) for _ in range(3)) for fixed in (False, True)]  # the least disturbed
    assert max(least) < 3 * min(least)


def test_the_sweep_measures_every_width_that_it_names() -> None:
    steps = [Step(**step) for step in json.loads(run_sweep("cpu", 4, (4, 8)))]
    assert [(step.device, step.width, step.batch_size) for step in steps] == [("cpu", 4, 4), ("cpu", 8, 4)]
    assert all(step.compute > step.transfer > 0 for step in steps)


def test_where_the_gpu_overtakes() -> None:
    """The times of a made-up GPU, as this machine may have none."""
    cpu = [Step("cpu", width, 64, 0, float(width), 0) for width in (4, 16, 64)]
    gpu = [Step("cuda:0", width, 64, 5, 5, 1) for width in (4, 16, 64, 128)]
    assert crossover(cpu, gpu) == 16
    assert crossover(cpu[:1], gpu) is None
    assert crossover(cpu, []) is None


def test_what_a_kind_of_number_can_hold() -> None:
    for kind in kinds():
        dtype = getattr(torch, kind.name)
        held = torch.tensor([kind.smallest, kind.largest, 1 + kind.eps, 1 + kind.eps / 4], dtype=dtype)
        assert held.tolist() == [kind.smallest, kind.largest, 1 + kind.eps, 1]
        assert held.element_size() == kind.bytes
    assert torch.tensor([3.1e-8, 2.9e-8]).half().ne(0).tolist() == [True, False]  # as the lesson says


def test_precision_costs_digits_and_hardly_ever_answers() -> None:
    precisions = {one.name: one for one in (Precision(**known) for known in json.loads(run_precisions("cpu")))}
    assert list(precisions) == ["float64", "float32", "bfloat16", "float16"]
    here = [one for one in precisions.values() if one.error is not None]
    assert precisions["float64"].error == 0
    assert all(one.refused for one in precisions.values() if one.error is None)
    assert precisions["float32"].error is not None and 0 < precisions["float32"].error < 1e-3
    assert all(abs((one.accuracy or 0) - (precisions["float64"].accuracy or 0)) < 0.02 for one in here)


def test_threads_are_measured_in_a_process_of_their_own(manager: Manager) -> None:
    before = torch.get_num_threads()
    assert thread_counts()[0] == 1
    speeds = threads(2)
    assert (speeds.threads, torch.get_num_threads()) == (2, before)
    assert speeds.small > 0 and speeds.large > 0
