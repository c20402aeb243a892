"""Runs on a Ray cluster whose machines are processes here; see `figures`."""
