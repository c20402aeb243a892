"""The classifier and its neighbours on a thin link and on a slow processor; see `figures`."""
