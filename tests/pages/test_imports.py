"""What the server has imported before anyone comes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
import streamlit_app
before = set(sys.modules)
from streamlit.testing.v1 import AppTest
from pages.index import PAGES
tab = AppTest.from_file(streamlit_app.__file__, default_timeout=60).run()
for row in PAGES:
    tab.switch_page(row.script).run()
    assert not tab.exception, tab.exception
names = {name for name in set(sys.modules) - before if name.split(".")[0] not in sys.stdlib_module_names}
print(json.dumps(sorted(names)))
"""
FREE = ("streamlit", "packaging", "PIL", "page", "__main__")
"""Packages whose modules don't import one another in a circle, or are the test's own."""


def test_no_page_imports_what_others_may_be_importing(tmp_path: Path) -> None:
    environment = {**os.environ, "TORCH_PLAYGROUND_DATA": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    names = json.loads(ended.stdout.splitlines()[-1])
    late = [name for name in names if name.split(".")[0] not in FREE]
    assert not late, late
