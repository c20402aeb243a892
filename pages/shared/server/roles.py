"""What a signed-in person may do beyond learning: the settings say who teaches and who looks after the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pages.shared.server import sign_in
from pages.shared.server.sign_in import Person

Role = Literal["teacher", "host"]
TEACHERS = "TORCH_PLAYGROUND_TEACHERS"
"""The environment variable that names teachers by their e-mail addresses: "ada@school.org, alan@school.org"."""
HOSTS = "TORCH_PLAYGROUND_HOSTS"
"""The same for those who look after the server."""
TEACHER_CLAIM = "TORCH_PLAYGROUND_TEACHER_CLAIM"
"""The environment variable that names what a provider says of teachers: "roles=teacher"."""


def roles_of(person: Person | None, environment: Mapping[str, str]) -> frozenset[Role]:
    """The roles of a person; none for those who have not signed in."""
    if person is None:
        return frozenset()
    email = confirmed_email(person)
    roles: set[Role] = set()
    if (email and email in listed(environment, TEACHERS)) or has_claim(person, environment.get(TEACHER_CLAIM, "")):
        roles.add("teacher")
    if email and email in listed(environment, HOSTS):
        roles.add("host")
    return frozenset(roles)


def confirmed_email(person: Person) -> str:
    """A person's address in small letters; "" where the provider says that it has not made sure of it."""
    confirmed = person.claims.get("email_verified", True)
    return person.email.casefold() if confirmed is True or confirmed == "true" else ""


def listed(environment: Mapping[str, str], variable: str) -> set[str]:
    """The addresses in one of the lists, in small letters."""
    return {part.strip().casefold() for part in environment.get(variable, "").split(",") if part.strip()}


def has_claim(person: Person, wanted: str) -> bool:
    """Whether the provider says something of a person, such as roles=teacher; a claim may have several values."""
    name, sign, value = (part.strip() for part in wanted.partition("="))
    said = person.claims.get(name)
    return bool(sign and value) and value in [str(one) for one in (said if isinstance(said, list) else [said])]


def problems(environment: Mapping[str, str]) -> list[str]:
    """What of the environment can't be used, a sentence each."""
    sentences = [
        f"{variable} has to hold e-mail addresses with commas between them, not “{address[:40]}”."
        for variable in (TEACHERS, HOSTS)
        for address in sorted(listed(environment, variable))
        if "@" not in address.strip("@") or " " in address
    ]
    claim = environment.get(TEACHER_CLAIM, "").strip()
    name, _sign, value = (part.strip() for part in claim.partition("="))
    if claim and not (name and value):
        sentences.append(f"{TEACHER_CLAIM} has to be a claim and its value, such as roles=teacher, not “{claim[:40]}”.")
    if not sentences and sign_in.settings() is None:
        sentences += [
            f"{variable} is set, but nobody can sign in: there is no [auth] in Streamlit's secrets."
            for variable in (TEACHERS, HOSTS, TEACHER_CLAIM)
            if environment.get(variable, "").strip()
        ]
    return sentences
