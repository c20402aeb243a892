"""What all tests of the cluster need."""

from __future__ import annotations

import os

import pytest

from tests.core.cluster.private import SETTINGS


@pytest.fixture(scope="session", autouse=True)
def private() -> None:
    """Ray reads these when it is imported, so they stand before any test of this folder."""
    os.environ |= SETTINGS
