"""All events, by their names."""

from tests.faults import disks, hostile, kills, network, storage, strangers
from tests.faults.events import EVENTS

__all__ = ["EVENTS", "disks", "hostile", "kills", "network", "storage", "strangers"]
