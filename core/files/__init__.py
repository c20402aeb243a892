"""Runs as files: what is saved, what strangers upload, and going on from it."""
