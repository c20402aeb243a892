"""All events, by their names."""

from tests.faults import kills
from tests.faults.events import EVENTS

__all__ = ["EVENTS", "kills"]
