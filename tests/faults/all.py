"""All events, by their names."""

from tests.faults import hostile, kills, network, strangers
from tests.faults.events import EVENTS

__all__ = ["EVENTS", "hostile", "kills", "network", "strangers"]
