"""From whatever folder the server is started, its processes share what was loaded before them."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.processes import starting

ROOT = Path(__file__).parents[3]

SERVER = """
import json, logging, sys
root, data, warm = sys.argv[1:]
sys.path.insert(0, root)  # as Streamlit does with the folder of its script

from pathlib import Path
from core.engine.manager import Manager
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig
from core.processes import starting
from core.processes.confined import confined
from tests.core.processes.test_starting import environment
from tests.waiting import until

starting.WARM = warm or starting.WARM
manager = Manager(Store(Path(data)))
manager.warm()
run = manager.start("ann", ClassifierConfig(num_steps=100), paused=True, steps="epoch")
until(lambda: run.step == 1)
lines = Path(f"/proc/{run.process.pid}/smaps_rollup").read_text().splitlines()
private = sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
print(json.dumps({"kilobytes": private, **json.loads(confined(environment))}))
manager.close()
"""


def environment() -> bytes:
    """What the processes of the app have in their environment for a Python that they start."""
    return json.dumps({name: value for name, value in os.environ.items() if name.startswith("PYTHON")}).encode()


def started(folder: Path, data: Path, warm: str = "") -> tuple[dict[str, Any], str]:
    """What a server in that folder prints, and its log."""
    ran = subprocess.run(
        [sys.executable, "-c", SERVER, str(ROOT), str(data), warm],
        cwd=folder,
        env={**{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout), ran.stderr


@pytest.fixture
def with_a_core_of_its_own(tmp_path: Path) -> Path:
    """A folder in which another package has the name of ours."""
    (tmp_path / "elsewhere" / "core").mkdir(parents=True)
    (tmp_path / "elsewhere" / "core" / "__init__.py").write_text("")
    return tmp_path / "elsewhere"


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="the private memory of a process is read in /proc")
def test_a_worker_takes_as_little_memory_from_every_folder(with_a_core_of_its_own: Path, tmp_path: Path) -> None:
    folders = (ROOT, Path("/"), with_a_core_of_its_own)
    printed = {folder: started(folder, tmp_path / "data") for folder in folders}
    for said, log in printed.values():
        assert log == ""
        assert said.pop("PYTHONUTF8") == "1"
    memory = {folder: said.pop("kilobytes") for folder, (said, _) in printed.items()}
    assert max(memory.values()) <= 1.3 * memory[ROOT], memory
    assert all(said == {} for said, _ in printed.values()), "what they start has the environment that the server had"


def test_it_is_said_if_nothing_was_loaded_beforehand(tmp_path: Path) -> None:
    _, log = started(tmp_path, tmp_path / "data", warm="core.engine.absent")
    assert "core.engine.absent was not loaded before the first run" in log
    assert "No module named 'core.engine.absent'" in log


def test_an_app_that_ends_while_it_starts_leaves_no_traceback() -> None:
    ours, theirs = multiprocessing.Pipe()
    ours.close()
    starting._report_cold(theirs, "sys")
    with pytest.raises(BrokenPipeError):
        theirs.send("")
    theirs.close()
