"""All that pages import is imported before the first visitor comes."""

from __future__ import annotations

import importlib
from contextlib import suppress
from pathlib import Path

from core.experiments import experiment, experiments

PAGES = Path(__file__).parents[2]
"""The folder of all pages."""
LATER = ("torch._dynamo", "pandas", "pyarrow.pandas_compat", "pyarrow.vendored.version")
"""What is imported later by others: PyTorch for the first optimizer, Streamlit for the first table."""


def import_all() -> None:
    """Import the modules of all pages, and with them the engine's.

    Modules of PyTorch and Triton import one another. Two threads that begin at different ends of such a circle, the
    scripts of two visitors for instance, wait for each other, and Python ends one of the two with an error
    (`importlib`'s `_DeadlockError`).
    """
    for name in LATER:
        with suppress(ModuleNotFoundError):  # another version of its package has none, and so nobody imports it
            importlib.import_module(name)
    for name in experiments():
        experiment(name)
    for file in sorted(PAGES.rglob("*.py")):
        if file.name != "page.py":  # a page's script, which draws it
            parts = file.relative_to(PAGES.parent).with_suffix("").parts
            importlib.import_module(".".join(parts).removesuffix(".__init__"))
