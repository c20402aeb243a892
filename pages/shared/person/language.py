"""English and Chinese. English sentences are the message ids of the catalogue."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import streamlit as st
from babel.messages.pofile import read_po
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.config import Problem
from core.disk import NO_SPACE
from core.foreign import written
from pages.shared.person import session
from pages.shared.person.claims import claims, with_claims
from pages.shared.person.glossary import with_terms

WORD_JOINER = "\u2060"
"""A character without width at which no line is broken."""
ALIVE = re.compile(r":(?=\S)|@|\bwww(?=\.)", re.IGNORECASE)
"""Where a text becomes a link, an address or an icon."""
MARKDOWN = re.compile(r"([\\`*_\[\]<>$~:#|&!])")
"""What has a meaning in Markdown."""
UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
"""Ends of lines, which would begin something new, and marks that turn the direction of what follows."""
HAN = re.compile("[\u4e00-\u9fff]")
"""A Chinese character."""
NAME = re.compile(rf"(?P<before>(?<={HAN.pattern}) |)\{{(?P<name>\w+)\}}(?P<after> (?={HAN.pattern})|)")
"""A place for a name, with the space between it and Chinese."""
LANGUAGES = {"en": "English", "zh": "中文"}
CODES = {"en": "en", "zh": "zh-CN"}
"""The languages as a document in the browser names them."""
PAGES = Path(__file__).parents[2]
"""The folder of all pages: each has its texts and its catalogue `zh.po` in a folder of its own."""


def catalogue_files(language: str) -> list[Path]:
    """The catalogues of a language: what pages share, and each page's own."""
    shared = (PAGES / "shared" / "locale" / language).glob("*.po")
    return [*sorted(shared), *sorted(PAGES.glob(f"*/{language}.po"))]


@cache
def catalogue(language: str) -> dict[str, str]:
    """Message id -> translation, of all catalogues of a language; empty for English."""
    translations: dict[str, str] = {}
    for path in catalogue_files(language):
        with path.open("rb") as file:
            translations |= {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string and not m.fuzzy}
    return translations


class _Here(threading.local):
    """The language of the script that runs in this thread: the session is asked once, not for every word."""

    script: object = None
    language = ""


_here = _Here()


def current() -> str:
    """The language of this session: chosen here or in the link, else before, else the browser's."""
    script = get_script_run_ctx(suppress_warning=True)
    if script is None or _here.script is not script:
        _here.language = _of_session()
        _here.script = script
    return _here.language


def _of_session() -> str:
    chosen: str | None = session.get("language")
    if chosen not in LANGUAGES:
        locale = st.context.locale or ""
        chosen = session.preference("language")
        if chosen not in LANGUAGES:
            chosen = "zh" if locale.lower().startswith("zh") else "en"
        session.put("language", chosen)
    return chosen


def choose(language: str) -> None:
    """Change the language, here and for the person's later visits."""
    _here.script = None
    session.put("language", language)
    session.prefer("language", language)


def _(sentence: str) -> str:
    """The sentence in the session's language."""
    return catalogue(current()).get(sentence, sentence)


def in_language(language: str) -> Callable[[str], str]:
    """What `_` is where a language is named and no session asks."""
    return lambda sentence: catalogue(language).get(sentence, sentence)


def filled(sentence: str, **values: str) -> str:
    """Put names into a sentence: Chinese sets a space beside a Latin name, and none beside a Chinese one."""

    def name(place: re.Match[str]) -> str:
        value = values[place["name"]]
        before = "" if HAN.match(value[:1]) else place["before"]
        return before + value + ("" if HAN.match(value[-1:]) else place["after"])

    return NAME.sub(name, sentence)


def joined(*sentences: str) -> str:
    """Sentences one after another, as the session's language puts them: Chinese has no space between them."""
    return ("" if current() == "zh" else " ").join(sentences)


def listed(words: Iterable[str]) -> str:
    """Words in a row, with the session's comma between them."""
    return ("、" if current() == "zh" else ", ").join(words)


def reason(text: str) -> str:
    """Why the disk refuses something, in the session's language as far as it is known there."""
    return _("no space is left") if text == NO_SPACE else _(text)


def tell(problem: Problem, markdown: bool = True) -> str:
    """A problem's sentence in the session's language; what the person typed is shown as it is.

    Args:
        markdown: whether the sentence will be read as Markdown.
    """
    written = plain if markdown else (lambda value: value)
    values = {name: reason(value) if name == "reason" else written(value) for name, value in problem.values.items()}
    return _(problem.sentence).format(**values)


def plain(text: Any) -> Any:
    """Someone's own text, written so that Markdown shows it as it is: no links, pictures, formulas or icons of theirs.

    Streamlit makes links and icons of what looks like one, escaped or not, so an invisible mark goes into it.
    """
    if not isinstance(text, str):
        return text
    line = UNSEEN.sub(" ", written(text))
    return MARKDOWN.sub(r"\\\1", ALIVE.sub(rf"\g<0>{WORD_JOINER}", line))


def as_code(text: str) -> str:
    """Someone's own text as code in a line of Markdown or a table: nothing in it ends the code."""
    return f"`{UNSEEN.sub(' ', written(text)).replace('`', '').replace('|', '').strip() or ' '}`"


def text_file(folder: str, name: str, language: str) -> Path:
    """Where a page has a text in Markdown: pages/FOLDER/NAME.LANGUAGE.md."""
    return PAGES / folder / f"{name}.{language}.md"


@lru_cache(maxsize=256)
def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def has_text(folder: str, name: str = "lesson") -> bool:
    """Whether a page brings a text in the session's language."""
    return _read(text_file(folder, name, current())) is not None


def lesson(folder: str, name: str = "lesson", language: str = "") -> str:
    """A page's lesson, or another of its texts, as Markdown, with the numbers of its claims and links to its terms.

    Args:
        language: the session's, unless it is given.

    Raises:
        FileNotFoundError: the page does not bring it, see `has_text`.
    """
    text = numbered_text(folder, name, language or current())
    if text is None:
        raise FileNotFoundError(text_file(folder, name, language or current()))
    return with_terms(text, language or current())


def numbered_text(folder: str, name: str, language: str) -> str | None:
    """A page's text with the numbers of its claims, without links to its terms; None if the page does not bring it."""
    path = text_file(folder, name, language)
    text = _read(path)
    return None if text is None else with_claims(text, claims(path.parent), language)
