"""Whether a tab may see the host's page."""

from pages.shared.person import role, session

OPENED = "host page opened"
"""What a tab remembers once the key was typed in it, until it is closed."""


def is_opened() -> bool:
    """Whether the key was typed in this tab, or its person has signed in as one of the hosts."""
    return bool(session.get(OPENED)) or role.is_host()
