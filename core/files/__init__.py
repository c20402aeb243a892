"""Runs as files: what is saved, what strangers upload, and how a run continues from them."""
