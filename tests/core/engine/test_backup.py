"""A backup is taken while runs train, and a server goes on with what is restored; what is no backup leaves nothing."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.__main__ import main
from core.engine import backup
from core.engine.backup import MANIFEST, BackupError, restore
from core.engine.manager import Manager
from core.engine.run import Run
from core.engine.store import INDEX, Store
from core.experiments.classifier import ClassifierConfig
from tests.waiting import until

Start = Callable[..., Run]
LONG = ClassifierConfig(num_steps=50_000, device="cpu")


@pytest.fixture
def archive(tmp_path: Path, start: Start, manager: Manager) -> tuple[Path, Run, Run]:
    """A backup that was taken while a run trained, the run, and another that continues one of its steps."""
    first = start(LONG, owner="ann", speed=100)
    until(lambda: first.step > 20)
    first.command("pause")
    until(lambda: first.status == "paused" and first.step in first.kept, state=first.state)
    alive = manager.resume("ann", first.id, first.kept[-1], speed=200)
    until(lambda: alive.step > first.step + 20)
    file = tmp_path / "all.tar.gz"
    assert backup.backup(manager.store.root, file)[0] > 5
    return file, first, alive


def test_a_server_continues_from_a_backup_taken_while_it_trained(
    archive: tuple[Path, Run, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, first, alive = archive
    until(lambda: alive.step > 60)
    folder = tmp_path / "again"
    assert main(["restore", str(file), str(folder)]) == 0 and "files" in capsys.readouterr().out
    other = Manager(Store(folder), grace=3600)
    try:
        run = other.run("ann", alive.id)
        assert run is not None and run.status == "crashed" and run.kept
        rows = run.folder.rows("run")
        assert [row["step"] for row in rows] == list(range(1, len(rows) + 1)) and len(rows) >= first.step
        assert alive.folder.rows("run")[: len(rows)] == rows
        kept, there = run.folder.checkpoint_file(first.step), first.folder.checkpoint_file(first.step)
        assert kept.read_bytes() == there.read_bytes() and kept.stat().st_nlink == 2, "shared files stay shared"
        again = other.resume("ann", alive.id, run.kept[-1], num_steps=run.kept[-1] + 5)
        until(lambda: not again.alive, state=again.state)
        assert again.status == "finished"
        assert {entry.id for entry in other.entries("ann", "classifier")} >= {first.id, alive.id}
        assert other.run("bob", alive.id) is None
    finally:
        other.close()


def entries(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as opened:
        return {entry.name: opened.extractfile(entry).read() for entry in opened}  # type: ignore[union-attr]


def packed(file: Path, contents: dict[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(file, "w:gz") as made:
        for name, data in contents.items():
            entry = data if isinstance(data, tarfile.TarInfo) else tarfile.TarInfo(name)
            entry.size = 0 if isinstance(data, tarfile.TarInfo) else len(data)
            made.addfile(entry, None if isinstance(data, tarfile.TarInfo) else io.BytesIO(data))
    return file


def link(kind: bytes, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo("runs/link")
    entry.type, entry.linkname = kind, target
    return entry


def test_what_is_no_backup_is_refused_and_leaves_nothing(archive: tuple[Path, Run, Run], tmp_path: Path) -> None:
    file = archive[0]
    whole = entries(file)
    data = file.read_bytes()
    record = next(name for name in whole if name.endswith("metrics.jsonl"))
    manifest = json.loads(whole[MANIFEST])
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 0xFF
    place = tmp_path / "bad"
    place.mkdir()

    def other_manifest(**changed: object) -> bytes:
        return json.dumps({**manifest, **changed}).encode()

    bad = {
        "cut": data[: len(data) // 2],
        "cut at its end": data[:-10],
        "flipped": bytes(flipped),
        "text": b"no archive",
        "empty": b"",
        "gzip of nothing": gzip.compress(b""),
    }
    contents: dict[str, dict[str, bytes | tarfile.TarInfo]] = {
        "absolute": {"/etc/passwd": b"x", **whole},
        "up": {"runs/../../up": b"x", **whole},
        "foreign": {"setup.py": b"x", **whole},
        "symlink": {"runs/link": link(tarfile.SYMTYPE, "/etc"), **whole},
        "hardlink": {"runs/link": link(tarfile.LNKTYPE, INDEX), **whole},
        "device": {"runs/link": link(tarfile.CHRTYPE, ""), **whole},
        "folder": {"runs/link": link(tarfile.DIRTYPE, ""), **whole},
        "changed": {**whole, record: whole[record] + b"\n"},
        "one more": {"runs/x/y": b"x", **whole},
        "one less": {name: text for name, text in whole.items() if name != record},
        "no manifest": {name: text for name, text in whole.items() if name != MANIFEST},
        "something after": {**whole, "runs/x": b"x"},
        "another version": {**whole, MANIFEST: other_manifest(version=99)},
        "a manifest of nothing": {**whole, MANIFEST: b"[]"},
        "linked up": {**whole, MANIFEST: other_manifest(same={"runs/../../x": record})},
        "linked to what is there": {**whole, MANIFEST: other_manifest(same={INDEX: record})},
        "letters that do not exist": {**whole, MANIFEST: other_manifest(same={"runs/\ud800": record})},
        "linked to nothing": {**whole, MANIFEST: other_manifest(same={"runs/x": "runs/none"})},
        "index of another": {
            MANIFEST: b"",
            **{name: text for name, text in whole.items() if name not in (INDEX, MANIFEST)},
        },
    }
    files = [place / name for name in bad]
    for path in files:
        path.write_bytes(bad[path.name])
    files += [packed(place / name, content) for name, content in contents.items()]
    for path in files:
        folder = tmp_path / f"of {path.name}"
        with pytest.raises(BackupError) as refusal:
            restore(path, folder)
            pytest.fail(f"“{path.name}” was taken")
        sentence = str(refusal.value)
        assert sentence.endswith(".") and "\n" not in sentence, path.name
    assert {path.name for path in tmp_path.iterdir()} <= {file.name, place.name, "data"}


def test_a_folder_that_holds_something_stays_as_it_is(archive: tuple[Path, Run, Run], tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    with pytest.raises(BackupError, match="is not an empty folder"):
        restore(archive[0], full)
    assert [path.name for path in full.iterdir()] == ["mine"]
    (full / "mine").unlink()
    assert restore(archive[0], full)[0] > 5
    assert not list(full.glob("*.part")) and Store(full).ids("ann")


def test_it_is_restored_where_one_stands_and_where_the_folder_has_to_stay(
    archive: tuple[Path, Run, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    identity = here.stat().st_ino  # a volume that is mounted can't be made anew
    monkeypatch.chdir(here)
    bad = tmp_path / "bad"
    bad.write_bytes(archive[0].read_bytes()[:-100])
    with pytest.raises(BackupError):
        restore(bad, Path())
    assert not list(here.iterdir())
    count, _size = restore(archive[0], Path())
    assert here.stat().st_ino == identity and (here / INDEX).is_file()
    assert count == sum(path.is_file() for path in here.rglob("*"))


def test_what_does_not_fit_is_refused(
    archive: tuple[Path, Run, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "ALWAYS_FREE", 10**18)
    with pytest.raises(BackupError, match="There is not enough space"):
        restore(archive[0], tmp_path / "again")
    assert not (tmp_path / "again").exists()
    monkeypatch.undo()
    restore(archive[0], tmp_path / "again")
    assert (tmp_path / "again").stat().st_mode & 0o077 == 0, "nobody else learns people's ids"


def test_commands_say_in_one_sentence_what_is_wrong(
    tmp_path: Path, data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", str(tmp_path / "a.tar.gz")]) == 2
    assert capsys.readouterr().err == f"{data_folder} is no data folder: it has no {INDEX}.\n"
    Store(data_folder).add("ann", LONG)
    assert main(["backup", str(tmp_path / "a.tar.gz")]) == 0
    capsys.readouterr()
    assert main(["backup", str(tmp_path / "a.tar.gz")]) == 2 and "is there already." in capsys.readouterr().err
    assert main(["backup", str(tmp_path / "none" / "a.tar.gz")]) == 2
    assert capsys.readouterr().err == "The archive can't be read or written: No such file or directory.\n"
    assert main(["restore", str(tmp_path / "none.tar.gz"), str(tmp_path / "x")]) == 2
    assert capsys.readouterr().err == "The archive can't be read or written: No such file or directory.\n"
    assert not (tmp_path / "x").exists()


def test_a_line_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    for text, whole in ((b"", 0), (b"a", 0), (b"a\n", 2), (b"a\nbc", 2), (b"a\n" + b"x" * (2 * backup.BLOCK), 2)):
        file = tmp_path / "lines"
        file.write_bytes(text)
        with file.open("rb") as source:
            assert backup.whole_lines(source, len(text)) == whole
            assert source.tell() == 0
