"""Who is signed in, by Streamlit's cookie alone; what the settings may say; who teaches."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME as USER_COOKIE

from core import limits
from core.engine.manager import Manager
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig
from pages.shared.server import roles, sign_in
from pages.shared.server.owner import OWNER, browser_in, new_owner, owner_in
from pages.shared.server.sign_in import Person, Settings, id_of, known_in, person_in, take_over
from tests.pages.signed import ADA, SETTINGS, cookies_of
from tests.pages.tabs import ANNE

READ = sign_in.settings.__wrapped__
EMPTY: dict[str, str] = {}
AUTH = """
[auth]
redirect_uri = "https://play.example.org/class/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "playground"
client_secret = "secret"
server_metadata_url = "https://school.example.org/.well-known/openid-configuration"
"""


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    """A server where one has to sign in; its store."""
    store = Store(tmp_path)
    made = Manager(store)
    monkeypatch.setattr(sign_in, "settings", lambda: SETTINGS)
    monkeypatch.setattr(sign_in, "manager", lambda: made)
    monkeypatch.setattr(sign_in, "_known_taken", None)
    yield store
    made.close()


def ada(**claims: Any) -> Person:
    """Someone who has signed in, and of whom this is said."""
    person = person_in([cookies_of({**ADA, **claims})])
    assert person is not None
    return person


def test_a_person_has_the_same_id_on_every_machine_and_after_every_sign_in() -> None:
    first, second = ada(nonce="1"), ada(nonce="2", name="A. Lovelace", email="other@school.org")
    assert first.id == second.id == owner_in([cookies_of(ADA)]) == id_of(ADA["iss"], ADA["sub"])
    assert sign_in.PERSON.fullmatch(first.id) and OWNER.fullmatch(first.id)
    assert (first.name, first.email, first.expired) == ("Ada Lovelace", "Ada@school.org", False)
    assert first.key != second.key


def test_no_two_people_have_the_same_id() -> None:
    pairs = [("a", "b"), ("a", "c"), ("b", "a"), ("ab", ""), ("", "ab"), ('a","b', "c"), ("a", 'b","c')]
    assert len({id_of(*pair) for pair in pairs}) == len(pairs)


def test_a_cookie_that_the_server_did_not_sign_names_nobody() -> None:
    good = cookies_of(ADA)
    payload, stamp, signature = good.partition("=")[2].rsplit(".", 2)
    other = cookies_of({**ADA, "sub": "1912"}).partition("=")[2].rsplit(".", 2)
    forged = [
        "",
        f"{USER_COOKIE}=",
        f"{USER_COOKIE}={json.dumps(ADA)}",
        f"{USER_COOKIE}={payload}",
        f"{USER_COOKIE}={other[0]}.{stamp}.{signature}",
        f"{USER_COOKIE}={payload}.{stamp}.{signature[:-2]}AA",
        f"{USER_COOKIE}=ü",
        f"{USER_COOKIE}_1={good.partition('=')[2]}",
        cookies_of(ADA, secret="t" * 32),
        cookies_of({**ADA, "origin": "http://other"}),
        cookies_of({**ADA, "is_logged_in": False}),
        cookies_of({**ADA, "sub": ""}),
        cookies_of({**ADA, "iss": None}),
    ]
    for cookie in forged:
        assert known_in([cookie]) is None, cookie
        assert owner_in([cookie]) == ""


def test_it_is_found_beside_the_cookies_of_other_programs() -> None:
    cookies = f'a="; prefs={{"x":1}}; {USER_COOKIE}=theirs; {USER_COOKIE}_tokens=x; {cookies_of(ADA)}; novalue'
    person = person_in(["", cookies])
    assert person is not None and person.id == ada().id


def test_what_is_too_long_for_one_cookie_is_read_from_several() -> None:
    groups = [secrets.token_hex(8) for _ in range(400)]
    cookies = cookies_of({**ADA, "groups": groups})
    names = [cookie.partition("=")[0] for cookie in cookies.split("; ")]
    assert names[:2] == [USER_COOKIE, f"{USER_COOKIE}_1"] and len(names) > 3
    person = person_in([cookies])
    assert person is not None and person.claims["groups"] == groups
    without_last = cookies.rpartition("; ")[0]
    swapped = cookies.replace(f"{USER_COOKIE}_1=", "x=").replace(f"{USER_COOKIE}_2=", f"{USER_COOKIE}_1=")
    assert known_in([without_last]) is None
    assert known_in([swapped]) is None


def test_a_sign_in_ends_after_some_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGN_IN_HOURS", 2.0)
    before, after = cookies_of(ADA, age=7100), cookies_of(ADA, age=7300)
    assert owner_in([before]) == ada().id
    assert (person_in([after]), owner_in([after])) == (None, "")
    known = known_in([after])
    assert known is not None and known.expired and known.id == ada().id
    assert known_in([cookies_of(ADA, age=40 * 24 * 3600)]) is None


def test_without_sign_in_the_cookie_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "settings", lambda: None)
    mine = f"torch_playground={ANNE}"
    assert owner_in([f"{cookies_of(ADA)}; {mine}"]) == ANNE
    assert owner_in([cookies_of(ADA)]) == ""


def test_a_browsers_own_cookie_counts_only_where_signing_in_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = f"torch_playground={ANNE}"
    assert owner_in([mine]) == ""
    monkeypatch.setattr(sign_in, "settings", lambda: replace(SETTINGS, required=False))
    assert owner_in([mine]) == ANNE
    assert owner_in([f"{mine}; {cookies_of(ADA)}"]) == ada().id


def test_nobody_becomes_someone_else_by_knowing_their_id() -> None:
    assert browser_in([f"torch_playground={ada().id}"]) == ""


def test_the_first_who_signs_in_takes_over_what_the_browser_has(settings: Store) -> None:
    browser, other = new_owner(), new_owner()
    run = settings.add(browser, ClassifierConfig())
    settings.add(other, ClassifierConfig())
    take_over(ada(), new_owner())
    assert ada().id == id_of(ADA["iss"], ADA["sub"]), "there was nothing to take over"
    take_over(ada(), browser)
    assert settings.ids(ada().id) == [run] and ada().id == browser
    take_over(ada(), other)
    take_over(ada(sub="1912"), browser)
    assert (ada().id, ada(sub="1912").id) == (browser, id_of(ADA["iss"], "1912"))
    assert browser_in([f"torch_playground={browser}"]) == "", "signing out leaves nothing of it in the browser"
    assert browser_in([f"torch_playground={other}"]) == other
    sign_in._known_taken = None  # as after a new start
    assert ada().id == browser


def test_who_has_runs_takes_nothing_over(settings: Store) -> None:
    browser = new_owner()
    settings.add(browser, ClassifierConfig())
    settings.add(ada().id, ClassifierConfig())
    take_over(ada(), browser)
    assert browser_in([f"torch_playground={browser}"]) == browser


def test_teachers_and_hosts_are_known_by_an_address_that_was_confirmed() -> None:
    environment = {roles.TEACHERS: " Alan@school.org, ada@SCHOOL.org ", roles.HOSTS: "root@school.org"}
    assert roles.roles_of(None, environment) == frozenset()
    assert roles.roles_of(ada(), environment) == {"teacher"}
    assert roles.roles_of(ada(email_verified=True), environment) == {"teacher"}
    assert roles.roles_of(ada(email_verified="true"), environment) == {"teacher"}
    for unconfirmed in (False, "false", None, 0):
        assert roles.roles_of(ada(email_verified=unconfirmed), environment) == frozenset()
    assert roles.roles_of(ada(email="root@school.org"), environment) == {"host"}
    assert roles.roles_of(ada(email=""), {roles.TEACHERS: ", ,"}) == frozenset()
    assert roles.roles_of(ada(email=["ada@school.org"]), environment) == frozenset()


def test_teachers_are_known_by_what_the_provider_says() -> None:
    environment = {roles.TEACHER_CLAIM: "roles = teacher"}
    for right in ("teacher", ["pupil", "teacher"]):
        assert roles.roles_of(ada(roles=right), environment) == {"teacher"}
    for wrong in ("teachers", ["Teacher"], [], None, {"teacher": True}, True):
        assert roles.roles_of(ada(roles=wrong), environment) == frozenset()
    assert roles.roles_of(ada(roles="teacher"), EMPTY) == frozenset()


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (roles.TEACHERS, "ada@school.org, alan", "has to hold e-mail addresses with commas between them, not “alan”."),
        (
            roles.HOSTS,
            "a@b.org c@d.org",
            "has to hold e-mail addresses with commas between them, not “a@b.org c@d.org”.",
        ),
        (roles.TEACHER_CLAIM, "teacher", "has to be a claim and its value, such as roles=teacher, not “teacher”."),
        (roles.TEACHER_CLAIM, "roles=", "has to be a claim and its value, such as roles=teacher, not “roles=”."),
    ],
)
def test_roles_that_cannot_be_used_are_named(variable: str, value: str, sentence: str) -> None:
    assert roles.problems({variable: value}) == [f"{variable} {sentence}"]


def test_roles_need_a_way_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {roles.TEACHERS: "ada@school.org", roles.TEACHER_CLAIM: "roles=teacher"}
    assert roles.problems(good) == []
    monkeypatch.setattr(sign_in, "settings", lambda: None)
    assert roles.problems(good) == [
        f"{variable} is set, but nobody can sign in: there is no [auth] in Streamlit's secrets." for variable in good
    ]
    assert roles.problems(EMPTY) == []


@pytest.fixture
def secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Streamlit's secrets file."""
    path = tmp_path / "secrets.toml"
    monkeypatch.setattr(secrets_singleton, "_secrets", None)
    monkeypatch.setattr(secrets_singleton, "_file_watchers_installed", True)
    before = config.get_option("secrets.files")
    config.set_option("secrets.files", [str(path)])
    yield path
    config.set_option("secrets.files", before)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('client_id = "playground"\n', "", "[auth] in Streamlit's secrets lacks client_id."),
        ('client_secret = "secret"', 'client_secret = ""', "[auth] in Streamlit's secrets lacks client_secret."),
        ("https://school.example.org/", "school.example.org/", "begins with https://."),
        ("https://play.example.org/class/oauth2callback", "https://play.example.org/", "oauth2callback at its end"),
        ("https://play.example.org/class/oauth2callback", "/oauth2callback", "oauth2callback at its end"),
        (
            "0123456789abcdef0123456789abcdef",
            "secret",
            "cookie_secret in [auth] in Streamlit's secrets has to be random",
        ),
        ("cookie_secret", "cookie_sekret", "cookie_secret in [auth] in Streamlit's secrets has to be random"),
        ("client_id", "expose_tokens = 'refresh'\nclient_id", "expose_tokens in [auth]"),
        ("client_id", "[auth.my_school]\nclient_id", "the name of a provider can't have an underscore."),
        ('client_id = "playground"', "[auth.school]", "[auth.school] in Streamlit's secrets lacks client_id."),
        ("[auth]", "[auth", "is not valid TOML."),
        (
            'client_id = "playground"',
            "client_id = 1",
            "client_id in [auth] in Streamlit's secrets has to be a text in quotes.",
        ),
        ("[auth]", "[auth]\nclient_kwargs = 'x'", "client_kwargs in [auth] in Streamlit's secrets has to be a table."),
        ("play.example.org/", "play.example.org:99999/", "names port 99999, but ports go up to 65535."),
    ],
)
def test_secrets_that_cannot_be_used_are_named(secrets_file: Path, old: str, new: str, sentence: str) -> None:
    secrets_file.write_text(AUTH.replace(old, new), encoding="utf-8")
    [told] = sign_in.problems(EMPTY)
    assert sentence in told and told.endswith(".")


def test_secrets_that_cannot_be_read_are_named(secrets_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets_file.write_bytes(b"[auth]\nclient_id = '\xff'")
    [told] = sign_in.problems(EMPTY)
    assert told.startswith("Streamlit's secrets can't be read: ") and told.endswith(".")
    monkeypatch.setattr("streamlit.config.get_option", lambda name: [str(secrets_file / "below" / "secrets.toml")])
    [told] = sign_in.problems(EMPTY)
    assert "Not a directory" in told


def test_auth_that_is_no_table_is_named_and_nobody_is_let_in(secrets_file: Path) -> None:
    secrets_file.write_text("auth = 5\n", encoding="utf-8")
    assert sign_in.problems(EMPTY) == ["auth in Streamlit's secrets has to be a table: [auth]."]
    assert READ() is None and roles.problems(EMPTY) == []


def test_what_is_wrong_with_one_of_two_providers_is_said_once(secrets_file: Path) -> None:
    school = "[auth.school]\nclient_id = 1\nclient_secret = 's'\nserver_metadata_url = 'https://a.org/b'\n"
    secrets_file.write_text(f"{AUTH}{school}client_kwargs = 'x'\n", encoding="utf-8")
    assert sign_in.problems(EMPTY) == [
        "client_id in [auth.school] in Streamlit's secrets has to be a text in quotes.",
        "client_kwargs in [auth.school] in Streamlit's secrets has to be a table.",
    ]


def test_auth_without_a_provider_is_named(secrets_file: Path) -> None:
    secrets_file.write_text(AUTH.partition("client_id")[0], encoding="utf-8")
    assert sign_in.problems(EMPTY) == [
        "[auth] in Streamlit's secrets names no provider: it needs client_id, client_secret, server_metadata_url."
    ]


def test_auth_needs_authlib(secrets_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets_file.write_text(AUTH, encoding="utf-8")
    monkeypatch.setattr(sign_in, "is_authlib_installed", lambda: False)
    assert sign_in.problems(EMPTY) == [
        "[auth] in Streamlit's secrets needs Authlib and httpx: pip install -r requirements-signin.txt."
    ]


def test_the_mode_is_one_of_two(secrets_file: Path) -> None:
    for mode in ("required", "Optional"):
        [told] = sign_in.problems({sign_in.SIGN_IN: mode})
        assert told == f"{sign_in.SIGN_IN} is set, but nobody can sign in: there is no [auth] in Streamlit's secrets."
    secrets_file.write_text("", encoding="utf-8")
    assert sign_in.problems({sign_in.SIGN_IN: "on"}) == [f"{sign_in.SIGN_IN} has to be required or optional, not “on”."]


def test_the_settings_are_those_of_the_secrets(secrets_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets_file.write_text(f"{AUTH}[auth.school]\nclient_id = 'x'\n", encoding="utf-8")
    monkeypatch.delenv(sign_in.SIGN_IN, raising=False)
    known = READ()
    assert known == Settings(("default", "school"), True, "https://play.example.org/class/", "0123456789abcdef" * 2)
    assert known.origin == "https://play.example.org"
    monkeypatch.setitem(os.environ, sign_in.SIGN_IN, "optional")
    assert READ() == replace(known, required=False)
