"""Data sets as pure functions; shapes stated."""
