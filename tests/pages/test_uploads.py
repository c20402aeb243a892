"""What a page promises to take, the server takes; one number says both."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from core import limits
from core.data import csv_table
from core.engine.manager import Manager
from core.layers import samples
from core.processes import confined
from pages.shared.server import uploads as uploads_module
from pages.shared.server.tabs import is_open
from pages.shared.server.uploads import Uploads
from tests.full_disk import full_disk, needs_limits
from tests.pages.door import HERE, cookie_of, door, session
from tests.pages.tabs import ANNE, Tab
from tests.waiting import PATIENCE, until

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A browser at the door of the app's server."""
    with door(tmp_path_factory.mktemp("door")) as made:
        yield made


@contextmanager
def uploading(client: TestClient) -> Iterator[Callable[[str, int], int]]:
    """Gives files of a number of bytes to a tab that is open while inside; each is answered with a status."""
    token = client.get("/_stcore/health").cookies["_streamlit_xsrf"]
    cookies = f"{cookie_of(ANNE)}; _streamlit_xsrf={token}"
    headers = {"origin": HERE, "x-xsrftoken": token, "cookie": cookies}
    with session(client, cookies) as id:

        def give(name: str, size: int) -> int:
            file = {"file": ("vgg_checkpoint.pt", bytes(size), "application/octet-stream")}
            return client.put(f"/_stcore/upload_file/{id}/{name}", files=file, headers=headers).status_code

        yield give


def test_a_file_of_the_size_that_is_promised_goes_in(client: TestClient) -> None:
    most = limits.UPLOAD_MB * limits.MEGABYTE
    assert limits.UPLOAD_MB == 50
    with uploading(client) as give:
        assert give("file", most) == 204
        assert give("file", limits.UPLOAD_MB * 2**20 + 1) == 413


@needs_limits
def test_an_upload_needs_no_disk(client: TestClient) -> None:
    with uploading(client) as give, full_disk():
        assert give("file", 5 * limits.MEGABYTE) == 204


def test_what_a_tab_uploaded_first_is_forgotten_first(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UPLOAD_MB", 1)
    files = runtime.get_instance().uploaded_file_mgr
    assert isinstance(files, MemoryUploadedFileManager)

    def held() -> list[str]:
        return list(list(files.file_storage.values())[-1])

    with uploading(client) as give:
        for name in ("a", "b", "c"):
            assert give(name, limits.MEGABYTE) == 204
        assert held() == ["a", "b", "c"]
        assert give("d", 10) == 204
        assert held() == ["b", "c", "d"]
        assert give("b", 20) == 204
        assert held() == ["b", "c", "d"]
        monkeypatch.setattr(limits, "UPLOAD_MB", 3)
        assert give("e", 3 * limits.MEGABYTE) == 204
        assert held() == ["b", "c", "d", "e"]
        monkeypatch.setattr(limits, "UPLOAD_MB", 1)
        assert give("f", 1) == 204
        assert held() == ["f"]


def test_files_of_one_tab_arrive_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred at once would lie in memory at once, before the first could be forgotten."""
    monkeypatch.setattr(uploads_module, "forget_oldest", lambda session, most: None)  # nothing is really held
    arriving: list[str] = []
    most = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal most
        arriving.append(scope["path"])
        most = max(most, len(arriving))
        await asyncio.sleep(0)
        arriving.remove(scope["path"])

    async def main(sessions: list[str]) -> None:
        uploads = Uploads(app)
        scopes = [
            {"type": "http", "method": "PUT", "path": f"/_stcore/upload_file/{session}/{number}"}
            for session in sessions
            for number in range(20)
        ]
        await asyncio.gather(*(uploads(scope, None, None) for scope in scopes))  # type: ignore[arg-type]

    for sessions in (["a"], ["a", "b", "c"]):
        most = 0
        asyncio.run(main(sessions))
        assert most == len(sessions)


def test_every_uploader_says_what_it_takes_and_no_more_than_the_server() -> None:
    """All are drawn by the one that says its number beside it: without, they took what Streamlit's setting says."""
    uploaders = 0
    for path in (ROOT / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr == "file_uploader":
                assert path.name == "uploader.py", path
            if isinstance(node.func, ast.Name) and node.func.id == "uploader":
                uploaders += 1
                assert ast.unparse(node.args[2]) in ("limits.UPLOAD_MB", "MEGABYTES"), path
    assert uploaders == 6
    assert max(csv_table.MEGABYTES, samples.MEGABYTES) <= limits.UPLOAD_MB


def test_no_number_stands_in_the_settings_of_streamlit() -> None:
    assert not re.search("maxUploadSize", (ROOT / ".streamlit" / "config.toml").read_text())


@pytest.mark.parametrize(
    ("page", "key", "most"),
    [
        ("cnn", "cnn.images file", limits.UPLOAD_MB),
        ("classifier", "classifier.csv file", csv_table.MEGABYTES),
        ("rnn", "rnn.series file", csv_table.MEGABYTES),
    ],
)
def test_pages_tell_the_browser_what_they_take(open_tab: Callable[..., Tab], page: str, key: str, most: int) -> None:
    uploader: Any = open_tab().open(page).widget(key)
    assert uploader.proto.max_upload_size_mb == most


def test_reading_ends_with_the_tab(tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "pid"
    monkeypatch.setattr(confined, "is_awaited", is_open)
    page = f"""
from contextlib import suppress
from core.processes.confined import Unable, confined
from tests.core.processes.endless import never_ends
if __name__ == "__main__":
    with suppress(Unable):
        confined(never_ends, {str(note)!r}, seconds={PATIENCE})
"""
    with door(tmp_path, page) as browser:
        with session(browser, cookie_of(ANNE)):
            until(note.exists)
            process = Path("/proc") / note.read_text()
            assert process.exists()
        until(lambda: not process.exists())
