"""What a killed server left in the system's folder is removed, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from core.processes import scratch


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't be asked whether a process is there")
def test_only_what_the_dead_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    own = Path(tempfile.mkdtemp(prefix=scratch.prefix()))
    names = (f"torch-playground-{dead.pid}-left", "torch-playground-notes", f"torch-playground-{2**80}-left")
    left, notes, strange = (tmp_path / name for name in names)
    for folder in (left, notes, strange):
        folder.mkdir()
        (folder / "file").write_text("")
    scratch.sweep()
    assert set(tmp_path.iterdir()) == {own, notes, strange}
