"""The key with which whoever runs the server opens the host's page."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Mapping

from core.engine import events

HOST_KEY = "TORCH_PLAYGROUND_HOST_KEY"
"""The environment variable that holds the key. Where it is not set, no key opens the page."""
SHORTEST = 16
"""Characters that a key has at least."""
LONGEST = 1000
"""Characters that a key has at most."""
WRONG = 1.0
"""Seconds that a wrong key takes; meanwhile no other key is looked at, whoever types it."""

_turn = threading.Lock()


def host_key(environment: Mapping[str, str]) -> str:
    """The key that an environment holds; empty where there is none."""
    return environment.get(HOST_KEY, "").strip()


def problems(environment: Mapping[str, str]) -> list[str]:
    """What of the environment can't be used, a sentence each. The key itself is never said."""
    key = host_key(environment)
    if not key:
        return []
    if not SHORTEST <= len(key) <= LONGEST:
        return [f"{HOST_KEY} has to have {SHORTEST} to {LONGEST} characters, not {len(key)}."]
    return [] if key.isprintable() else [f"{HOST_KEY} holds something that can't be typed."]


def opens(typed: str, environment: Mapping[str, str], pause: Callable[[float], None] = time.sleep) -> bool:
    """Whether what someone typed is the key. One key after the other is looked at, and a wrong one takes a second.

    Args:
        pause: waits for that many seconds.
    """
    key = host_key(environment).encode()
    with _turn:
        right = bool(key) and hmac.compare_digest(typed.strip()[: LONGEST + 1].encode(errors="replace"), key)
        if not right:
            events.refused("key")
            pause(WRONG)
    return right
