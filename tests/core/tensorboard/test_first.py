"""The first example: the program shown writes the same values as the app, whatever is chosen."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.config import ConfigError
from core.disk import DiskError
from core.tensorboard.first import FOLDER, FUNCTIONS, KEPT, FirstConfig, code, forget, write
from core.tensorboard.records import scalars
from tests.core.scripts import Scripts
from tests.full_disk import full_disk, needs_limits


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_program_shown_writes_what_the_app_writes(function: str, tmp_path: Path, run_script: Scripts) -> None:
    config = FirstConfig.create({"function": function, "points": 30})
    _old = write(config.changed(points=3), tmp_path / "app")
    _data, records = write(config, tmp_path / "app")
    (ours,) = (tmp_path / "app").iterdir()
    run_script(code(config), tmp_path)
    (path,) = (tmp_path / "runs" / FOLDER / "first").iterdir()
    assert scalars(path) == scalars(ours)
    assert len(scalars(path)["Example/y"]) == 30 and len(records) == 31


def test_the_default_is_the_tutorials_line(tmp_path: Path) -> None:
    _data, records = write(FirstConfig(), tmp_path / "first")
    values = [value.simple_value for record in records for value in record.event.summary.value]
    assert values == [i * 2 for i in range(100)]


@pytest.mark.parametrize("points", [0, 501, "many"])
def test_a_number_of_points_that_is_none_is_refused(points: object) -> None:
    with pytest.raises(ConfigError, match="number from 1 to 500 is needed"):
        FirstConfig.create({"points": points})


@pytest.mark.parametrize(
    "name", ["", "../../x", "x/../../y", ".hidden", "a\0b", "x" * 4096, "<b>x</b>", "[x](y)", "a b", "C:x", "\u4e00"]
)
def test_a_run_that_could_lead_elsewhere_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(ConfigError, match="can't be the name of a run here") as refused:
        FirstConfig.create({"run": name})
    assert len(str(refused.value)) < 340


def test_only_the_last_examples_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        write(FirstConfig(run=f"run{number}", points=1), tmp_path / f"run{number}")
        os.utime(tmp_path / f"run{number}", (number, number))
    forget(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"run{number}" for number in range(3, KEPT + 3)}


@needs_limits
def test_on_a_full_disk_it_is_refused_and_written_when_there_is_space(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for folder in (tmp_path / "new", tmp_path / "again"):
        if folder.name == "again":
            write(FirstConfig(points=3), folder)
        with full_disk(), pytest.raises(DiskError) as refused:
            write(FirstConfig(), folder)
        assert refused.value.full
        _data, records = write(FirstConfig(), folder)
        assert len(records) == 101 and len(list(folder.iterdir())) == 1
    assert capfd.readouterr().err == "", "a refusal is no news for the log"


def test_two_tabs_may_write_the_same_run(tmp_path: Path) -> None:
    def often(points: int) -> set[int]:
        counts = set()
        for _ in range(30):
            counts.add(len(write(FirstConfig(points=points), tmp_path / "first")[1]))
            forget(tmp_path)
        return counts

    with ThreadPoolExecutor(2) as tabs:
        assert list(tabs.map(often, (3, 40))) == [{4}, {41}]
    assert len(list((tmp_path / "first").iterdir())) == 1
