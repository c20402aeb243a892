"""What a process may use: of a machine, of a container, of a service, by both versions of Linux's control groups."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import limits, memory, resources
from core.resources import Memory
from core.tensorboard.host import Host

ROOT = Path(__file__).parents[2]
MB = 2**20


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system with 8000 MB, of which 6000 are free, and no groups; the folder of its groups."""
    (tmp_path / "meminfo").write_text(f"MemTotal: {8000 * 1024} kB\nMemFree: 1 kB\nMemAvailable: {6000 * 1024} kB\n")
    monkeypatch.setattr(resources, "MACHINE", tmp_path / "meminfo")
    monkeypatch.setattr(resources, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(resources, "GROUPS", tmp_path / "groups")
    return tmp_path


def group_2(system: Path, path: str, most: str, used: int, cached: int) -> None:
    """Make a group of version 2, with these bytes."""
    folder = system / "groups" / path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{most}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\nactive_file 7\n")


def test_a_machine_without_groups(system: Path) -> None:
    assert resources.memory() == Memory(8000 * MB, 6000 * MB)
    assert memory.available() == 6000 * MB
    assert resources.cores() == len(os.sched_getaffinity(0))


def test_a_container_has_its_limit_at_the_top(system: Path) -> None:
    (system / "own").write_text("0::/\n")
    group_2(system, "", str(1000 * MB), 700 * MB, 200 * MB)
    assert resources.memory() == Memory(1000 * MB, 500 * MB)


def test_a_service_has_its_limit_in_its_own_group(system: Path) -> None:
    (system / "own").write_text("0::/system.slice/torch-playground.service\n")
    group_2(system, "system.slice/torch-playground.service", str(4000 * MB), 3900 * MB, 0)
    group_2(system, "system.slice", "max", 5000 * MB, 0)
    assert resources.memory() == Memory(4000 * MB, 100 * MB)


def test_the_smallest_limit_on_the_way_up_counts(system: Path) -> None:
    (system / "own").write_text("0::/school/class\n")
    group_2(system, "school/class", str(3000 * MB), 100 * MB, 0)
    group_2(system, "school", str(2000 * MB), 1950 * MB, 0)
    assert resources.memory() == Memory(2000 * MB, 50 * MB)


def test_version_1_in_a_container_whose_path_is_outside(system: Path) -> None:
    (system / "own").write_text("4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n")
    folder = system / "groups" / "memory"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text(f"{1000 * MB}\n")
    (folder / "memory.usage_in_bytes").write_text(f"{1100 * MB}\n")
    (folder / "memory.stat").write_text(f"total_cache 1\ntotal_inactive_file {20 * MB}\n")
    assert resources.memory() == Memory(1000 * MB, 0)
    (folder / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert resources.memory() == Memory(8000 * MB, 6000 * MB)


@pytest.mark.parametrize(("quota", "cores"), [("50000 100000", 1), ("100000 100000", 1), ("max 100000", None)])
def test_a_share_of_the_processor_is_counted_in_whole_cores(system: Path, quota: str, cores: int | None) -> None:
    (system / "own").write_text("0::/\n")
    (system / "groups").mkdir()
    (system / "groups" / "cpu.max").write_text(f"{quota}\n")
    assert resources.cores() == (cores or len(os.sched_getaffinity(0)))


def test_version_1_has_a_quota_of_minus_one_where_there_is_none(system: Path) -> None:
    (system / "own").write_text("2:cpu,cpuacct:/\n")
    folder = system / "groups" / "cpu"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    for quota, cores in (("-1", len(os.sched_getaffinity(0))), ("90000", 1)):
        (folder / "cpu.cfs_quota_us").write_text(f"{quota}\n")
        assert resources.cores() == cores


def test_a_system_that_says_nothing(system: Path) -> None:
    (system / "meminfo").unlink()
    assert resources.memory() is None and memory.available() is None


@pytest.mark.parametrize(("megabytes", "people"), [(500, 1), (1000, 5), (1600, 17)])
def test_with_little_memory_the_defaults_are_smaller(megabytes: int, people: int) -> None:
    program = "from core import limits as l; print(l.PEOPLE, l.RUNS_AT_ONCE, l.RUN_MEMORY, l.MEMORY < l.SMALL)"
    command = [sys.executable, "-c", program]
    environment = {"TORCH_PLAYGROUND_MEMORY": str(megabytes)}
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.split() == [str(people), str(people), str(max(150, (megabytes - 750) // 2)), "True"]


def test_what_is_set_counts_for_more_than_the_memory() -> None:
    program = "from core import limits; print(limits.PEOPLE, limits.RUNS_AT_ONCE)"
    environment = {"TORCH_PLAYGROUND_MEMORY": "1000", "TORCH_PLAYGROUND_PEOPLE": "25"}
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["25", "5"]


def test_with_little_memory_tensorboard_waits_to_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    monkeypatch.setattr(limits, "MEMORY", limits.SMALL - 1)
    host.warm()
    assert host.pid is None
