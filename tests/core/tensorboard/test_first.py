"""The first example: the program shown writes the same values as the app, whatever is chosen."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.config import ConfigError
from core.tensorboard.first import FUNCTIONS, FirstConfig, code, write
from core.tensorboard.records import scalars


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_program_shown_writes_what_the_app_writes(function: str, tmp_path: Path) -> None:
    config = FirstConfig.create({"function": function, "points": 30})
    data, found = write(config)
    (tmp_path / "app").write_bytes(data)
    subprocess.run([sys.executable, "-c", code(config)], cwd=tmp_path, check=True)
    (path,) = (tmp_path / "runs" / "first").iterdir()
    assert scalars(path) == scalars(tmp_path / "app")
    assert len(scalars(path)["y"]) == 30 and len(found) == 31


def test_the_default_is_the_tutorials_line() -> None:
    _data, found = write(FirstConfig())
    values = [value.simple_value for record in found for value in record.event.summary.value]
    assert values == [i * 2 for i in range(100)]


@pytest.mark.parametrize("points", [0, 501, "many"])
def test_a_number_of_points_that_is_none_is_refused(points: object) -> None:
    with pytest.raises(ConfigError, match="number from 1 to 500 is needed"):
        FirstConfig.create({"points": points})
