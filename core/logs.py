"""The log as JSON, an object a line, for programs that collect logs. It names no person and no address of one."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TextIO

LOG = "TORCH_PLAYGROUND_LOG"
"""The environment variable that chooses it: "json"; "text" is the default."""
SERVERS = ("uvicorn", "websockets")
"""The loggers of the web server: below WARNING they say who asked for what, and from which address."""
OURS = "torch_playground"
"""The logger of what is said at the level INFO, see `core.engine.events`."""


def problems(environment: Mapping[str, str]) -> list[str]:
    """What of the environment can't be used, a sentence each."""
    chosen = environment.get(LOG, "").strip()
    return [] if chosen in ("", "text", "json") else [f"{LOG} has to be text or json, not “{chosen[:40]}”."]


def in_json(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the log is JSON."""
    return environment.get(LOG, "").strip() == "json"


class AsJson(logging.Formatter):
    """Writes a record as a JSON object: time, level, event, then what belongs to the event."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "event": getattr(record, "event", None) or "message",
        }
        line |= getattr(record, "fields", {})
        if not hasattr(record, "event"):
            line |= {"logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def write_json(stream: TextIO | None = None) -> None:
    """Have all loggers of this process write JSON, those that others have set up as well, and uncaught errors."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(AsJson())
    handler.addFilter(lambda record: record.levelno >= logging.WARNING or not record.name.startswith(SERVERS))
    logging.root.handlers[:] = [handler]
    logging.getLogger(OURS).setLevel(logging.INFO)
    for name in list(logging.root.manager.loggerDict):
        adopt(logging.getLogger(name))
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda arguments: _uncaught(
        arguments.exc_type, arguments.exc_value or arguments.exc_type(), arguments.exc_traceback
    )


def adopt(logger: logging.Logger) -> None:
    """Have a logger write through the root's handler alone."""
    if logger.handlers:
        logger.handlers[:] = []
    logger.propagate = True


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, SystemExit):
        return
    logging.getLogger(OURS).error("uncaught", exc_info=(kind, error, trace), extra={"event": "fault", "fields": {}})
