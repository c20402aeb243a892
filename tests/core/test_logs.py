"""The log as JSON: an object a line, a fault with its traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from core import logs
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
PROGRAM = """
import logging, threading, warnings
from core import logs
from core.engine import events
strange = logging.getLogger("strange")
strange.addHandler(logging.StreamHandler())
strange.propagate = False
if logs.in_json():
    logs.write_json()
events.say("run begun", experiment="cnn", run="0123")
events.refused("people")
logging.warning("a %s\\nline", "torn")
strange.error("said by another")
for name in ("uvicorn.access", "uvicorn.error"):
    logging.getLogger(name).setLevel(logging.INFO)
    logging.getLogger(name).info("10.0.0.7 - GET /live/0123")
warnings.warn("careful")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
raise SystemExit("the end") if not logs.in_json() else ValueError("the end")
"""


def said(kind: str) -> list[str]:
    environment = {**os.environ, logs.LOG: kind}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    assert ended.returncode == 1
    return ended.stderr.splitlines()


def test_every_line_is_an_object() -> None:
    lines = [json.loads(line) for line in said("json")]
    assert all({"time", "level", "event"} <= line.keys() for line in lines)
    begun, refused, torn, other, warned, thread, end = lines
    assert (begun["event"], begun["level"], begun["experiment"]) == ("run begun", "info", "cnn")
    assert (refused["event"], refused["kind"]) == ("refused", "people")
    assert (torn["event"], torn["message"], torn["level"]) == ("message", "a torn\nline", "warning")
    assert (other["logger"], other["message"]) == ("strange", "said by another")
    assert "careful" in warned["message"]
    assert thread["event"] == "fault" and "ZeroDivisionError" in thread["traceback"]
    assert end["event"] == "fault" and end["traceback"].endswith("ValueError: the end")


def test_the_text_log_stays_as_it_was() -> None:
    lines = said("text")
    assert "WARNING:root:a torn" in lines and not any(line.startswith("{") for line in lines)
    assert not any("run begun" in line for line in lines)


def test_another_word_is_named() -> None:
    assert not logs.problems({}) and not logs.problems({logs.LOG: "json"}) and not logs.problems({logs.LOG: "text"})
    assert logs.problems({logs.LOG: "xml"}) == [f"{logs.LOG} has to be text or json, not “xml”."]
