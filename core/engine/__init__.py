"""Runs in processes of their own: the worker, what the app holds of a run, the manager, the store."""
