"""What the person whose script runs may do beyond learning."""

from __future__ import annotations

import os

import streamlit as st

from pages.shared.server import roles as settings
from pages.shared.server.roles import Role
from pages.shared.server.sign_in import Person, person_in


def person() -> Person | None:
    """Who has signed in; None where nobody has."""
    return person_in(st.context.headers.get_all("cookie"))


def roles() -> frozenset[Role]:
    """The roles of this script's person: "teacher", "host", both or none."""
    return settings.roles_of(person(), os.environ)


def is_teacher() -> bool:
    """Whether this script's person teaches."""
    return "teacher" in roles()


def is_host() -> bool:
    """Whether this script's person looks after the server."""
    return "host" in roles()
