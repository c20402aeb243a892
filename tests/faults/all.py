"""All events, by their names."""

from tests.faults import hostile, kills, network, storage, strangers
from tests.faults.events import EVENTS

__all__ = ["EVENTS", "hostile", "kills", "network", "storage", "strangers"]
