"""Whether a tab may see the host's page."""

OPENED = "host page opened"
"""What a tab remembers once the key was typed in it, until it is closed."""
