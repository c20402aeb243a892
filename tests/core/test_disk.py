"""What is damaged is set aside under another name."""

from pathlib import Path

import pytest

from core import disk


def test_what_is_set_aside_is_named_even_if_its_folder_can_not_be_synchronised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise disk.DiskError(5, "Input/output error")

    monkeypatch.setattr(disk, "sync_folder", refuse)
    (tmp_path / "run.json").write_text("null")
    assert disk.set_aside(tmp_path / "run.json") == tmp_path / "run.json.damaged"
    assert (tmp_path / "run.json.damaged").read_text() == "null"
