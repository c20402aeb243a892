"""TensorBoard itself, in one process beside the server: an application for each person, on that person's logs alone.

It listens on no port. The server hands it requests through a pipe, with the folder that the asker's runs are logged in;
nothing in a request can name another folder. The pipe's end is the end of the process.
"""

from __future__ import annotations

import gzip
import logging
import os
import re
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from core import limits
from core.processes.naming import be_called
from core.processes.priority import give_way
from core.tensorboard.link import CALL, Gone, Link
from core.tensorboard.reading import event_files

PEOPLE = 40
"""Applications held at once; the one asked longest ago goes first, and is made again when it is asked for."""
RELOAD_INTERVAL = 1.0
"""Seconds after which files that were read before are read again, if someone asks. New ones are read at once."""
THREADS = 4
PLUGINS = {
    "scalars", "images", "graphs", "distributions", "histograms", "pr_curves", "hparams", "timeseries",
    "projector", "text",
}  # fmt: skip
"""Those of TensorBoard's plugins that show what is logged here."""
START = Path(__file__).with_name("start.js")
"""A script of this app's that TensorBoard's page loads first."""
DATA = re.compile(r"^(/experiment/[^/]*)?/data(/|$)")
"""Paths that are answered out of somebody's logs; all others are files that are the same for everybody."""


@dataclass(frozen=True)
class Request:
    """What a browser asks TensorBoard.

    Attributes:
        path: below TensorBoard's own root, unquoted, as WSGI has it.
    """

    method: str
    path: str
    query: str
    content_type: str = ""
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What TensorBoard answers."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Host:
    """The server's end: starts the process when it is first needed, and again should it have ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._closed = False

    def ask(self, folder: Path, request: Request) -> Answer:
        """Have a request answered out of a folder of logs; called from any thread.

        Raises:
            Gone: the process ended before it answered, or does not answer.
        """
        answer: Answer = self._linked().ask((str(folder), request))
        return answer

    def warm(self) -> None:
        """Start the process now, so that the first one who asks need not wait for it; not where memory is short."""
        if limits.MEMORY < limits.SMALL:
            return
        with suppress(Gone):
            self.ask(Path(os.devnull), Request("GET", "/index.html", ""))

    def close(self) -> None:
        """End the process, and start no other."""
        with self._lock:
            self._closed = True
            link = self._link
        if link is not None:
            link.end()

    @property
    def pid(self) -> int | None:
        """The process's number, if there is one."""
        return self._link.pid if self._link is not None else None

    def _linked(self) -> Link:
        with self._lock:
            if self._closed:
                raise Gone
            if self._link is None or self._link.ended:
                self._link = Link(serve)
            return self._link


def serve(connection: Connection) -> None:
    """The process's main function: answer until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    give_way()
    be_called("tensorboard")
    logging.getLogger("tensorboard").setLevel(logging.CRITICAL)  # what a browser asks in vain is no news
    sending = threading.Lock()

    def send(message: Any) -> None:
        with sending, suppress(OSError):
            connection.send(message)

    def answer(number: int, folder: str, request: Request) -> None:
        send((number, shelf.result().answer(folder, request)))

    pool = ThreadPoolExecutor(THREADS)
    shelf = pool.submit(Shelf)
    with suppress(EOFError, OSError):
        while True:
            message = connection.recv()
            if message == CALL:
                send(CALL)
            else:
                number, (folder, request) = message
                pool.submit(answer, number, folder, request)
    os._exit(0)


class Shelf:
    """The applications: one for the files that are the same for everybody, and one for each person's logs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files = Board(os.devnull, with_files=True)
        self._boards: OrderedDict[str, Board] = OrderedDict()

    def board(self, folder: str) -> Board:
        """The application of a folder; made again where a file that it has read is gone: TensorBoard would continue
        showing what was in it, also beside what was written in its place.
        """
        with self._lock:
            board = self._boards.pop(folder, None)
            if board is None or board.outdated():
                board = Board(folder, with_files=False)
            self._boards[folder] = board
            while len(self._boards) > PEOPLE:
                self._boards.popitem(last=False)
        return board

    def answer(self, folder: str, request: Request) -> Answer:
        """Answer a request; what TensorBoard stumbles over is answered with one sentence."""
        try:
            if not DATA.match(request.path):
                return self._file(request)
            board = self.board(folder)
            board.reload()
            return board.answer(request)
        except Exception:  # an odd run name, a broken number: nothing that the asker should see the inside of
            return Answer(400, [("Content-Type", "text/plain")], b"TensorBoard can't answer this.")

    def _file(self, request: Request) -> Answer:
        """One of the files that are the same for everybody."""
        if request.path == f"/{START.name}":
            return Answer(200, [("Content-Type", "text/javascript")], START.read_bytes())
        answer = self._files.answer(request)
        if request.path not in ("", "/", "/index.html"):
            return answer
        headers = dict(answer.headers)
        packed = headers.get("Content-Encoding") == "gzip"
        page = gzip.decompress(answer.body) if packed else answer.body
        page = page.replace(b"<script src=", b'<script src="%s"></script><script src=' % START.name.encode(), 1)
        page = page.replace(b"url(/", b"url(")  # its fonts: at the root of the server they would be the app's own page
        headers.pop("Content-Length", None)
        return Answer(answer.status, list(headers.items()), gzip.compress(page) if packed else page)


class Board:
    """TensorBoard on one folder."""

    def __init__(self, folder: str, with_files: bool):
        """Make it.

        Args:
            folder: of logs.
            with_files: whether it has the pages' own files; they take 4 MB.
        """
        from tensorboard import assets, default, program
        from tensorboard.backend import application
        from tensorboard.backend.event_processing.data_ingester import LocalDataIngester
        from tensorboard.plugins.core.core_plugin import CorePluginLoader
        from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin

        class Projector(ProjectorPlugin):  # type: ignore[misc]
            """Says at once whether there is an embedding; TensorBoard's own only the second time it is asked."""

            def is_active(self) -> bool:
                return next(Path(self.logdir).rglob("projector_config.pbtxt"), None) is not None

        known = [*default.get_static_plugins()[1:], Projector]
        plugins = [CorePluginLoader(), *(plugin for plugin in known if getattr(plugin, "plugin_name", "") in PLUGINS)]
        board = program.TensorBoard(plugins, assets.get_default_assets_zip_provider())
        board.configure(argv=["", "--logdir", folder, "--load_fast", "false"])
        self._folder = folder
        self._multiplexer = LocalDataIngester(board.flags)
        self._app: Callable[..., Any] = application.TensorBoardWSGIApp(
            board.flags,
            plugins,
            self._multiplexer.data_provider,
            board.assets_zip_provider if with_files else None,
            self._multiplexer.deprecated_multiplexer,
        )
        self._lock = threading.Lock()
        self._reloaded = -RELOAD_INTERVAL
        self._files = set(event_files(Path(folder)))
        self._read: set[Path] | None = None

    def outdated(self) -> bool:
        """Look which event files there are: whether one that was there is gone. Call it from one thread at a time."""
        files = set(event_files(Path(self._folder)))
        missing = self._files - files
        self._files = files
        return bool(missing)

    def reload(self) -> None:
        """Read what was logged since the last time; call `outdated` before.

        A run that has just begun is never left out: TensorBoard's page asks for the names of the runs only once.
        """
        with self._lock:
            files, now = self._files, time.monotonic()
            if files != self._read or now - self._reloaded > RELOAD_INTERVAL:
                multiplexer = self._multiplexer.deprecated_multiplexer
                multiplexer.AddRunsFromDirectory(self._folder)
                multiplexer.Reload()
                self._read, self._reloaded = files, now

    def answer(self, request: Request) -> Answer:
        """Answer a request."""
        from werkzeug.test import EnvironBuilder, run_wsgi_app

        builder = EnvironBuilder(
            path=request.path,
            method=request.method,
            query_string=request.query,
            content_type=request.content_type or None,
            data=request.body or None,
            headers=[("Accept-Encoding", "gzip")],
        )
        parts, status, headers = run_wsgi_app(self._app, builder.get_environ(), buffered=True)
        return Answer(int(status.split()[0]), list(headers), b"".join(parts))
