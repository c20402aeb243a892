"""A config on the screen: its fields as widgets, and the workspace of a training page."""
