"""Whether the server on this machine is well: `python scripts/healthy.py` ends with 0 if so."""

from __future__ import annotations

import os
import sys
import urllib.request
from collections.abc import Mapping

PATIENCE = 4
"""Seconds within which the server has to answer."""


def address(environment: Mapping[str, str]) -> str:
    """Where to ask, by the settings of Streamlit's that an environment may hold."""
    port = environment.get("STREAMLIT_SERVER_PORT", "8501")
    base = environment.get("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
    return f"http://127.0.0.1:{port}/" + (f"{base}/" if base else "") + "_stcore/health"


def main() -> int:
    """Ask; the status with which this program ends."""
    try:
        with urllib.request.urlopen(address(os.environ), timeout=PATIENCE):
            return 0
    except OSError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
