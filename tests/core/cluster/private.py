"""What makes a Ray of the tests one that nobody else can reach."""

from __future__ import annotations

import secrets

SETTINGS = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "5",
}
"""As `local` has it: nobody else can reach the cluster."""
