"""What a tab has uploaded is held in memory until it is closed: one file arrives at a time, and the oldest go first."""

from __future__ import annotations

import asyncio
import re
from weakref import WeakValueDictionary

from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from core import limits

LARGEST_FILES = 3
"""Files of the largest size that are held for a tab; Streamlit by itself forgets none before the tab is closed."""
ADDRESS = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")


class Uploads:
    """Middleware around Streamlit's route for uploads."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = ADDRESS.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if address is None:
            await self.app(scope, receive, send)
            return
        session = address[1]
        line = self._lines.setdefault(session, asyncio.Lock())
        async with line:
            await self.app(scope, receive, send)
            forget_oldest(session, LARGEST_FILES * limits.UPLOAD_MB * limits.MEGABYTE)


def forget_oldest(session: str, most: int) -> None:
    """Forget what a session of Streamlit's uploaded first, until no more bytes than that are held for it."""
    files = runtime.get_instance().uploaded_file_mgr
    assert isinstance(files, MemoryUploadedFileManager)
    held = files.file_storage.get(session, {})
    total = sum(len(file.data) for file in held.values())
    for id, file in list(held.items()):
        if total <= most:
            return
        files.remove_file(session_id=session, file_id=id)
        total -= len(file.data)
