"""The terms of the lessons: pages/shared/glossary.toml has each in both languages, with a sentence that explains it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from pages.shared.person.claims import CODE
from pages.shared.server.addresses import address

FILE = Path(__file__).parents[1] / "glossary.toml"
LINK = re.compile(r"\[(?P<text>[^]]+)\]\(glossary:(?P<key>\w+)\)")
"""A link that a text sets by itself: [these steps](glossary:gradient_descent)."""
BOLD_LINK = re.compile(r'\*\*\[(?P<text>[^]\n]+)\]\((?P<to>\S+ "[^"\n]*")\)\*\*')
"""A bold link. Between Chinese characters Markdown sees no bold text that begins with a bracket."""
BOLD = r"\*\*(?P<bold>[^*\n]+)\*\*"
PLAIN = re.compile(
    rf"{CODE.pattern}|^#+ [^\n]*$|^<!--[^\n]*$|!?\[[^]]*\]\([^)]*\)|{BOLD}|(?<!\*)\*[^*\n]+\*(?!\*)|“[^”\n]*”|标签页",
    re.MULTILINE | re.DOTALL,
)
"""Where no term is linked: code, formulas, headings, links, names of what is on the screen, and another word.

Bold words are linked if they are a term and nothing else: Markdown would not see that they are bold if a link began
inside.
"""


@dataclass(frozen=True)
class Term:
    """A term of the glossary.

    Attributes:
        group: the part of the glossary that it stands in.
        forms: language -> how it is written; the first is its name.
        sentence: language -> what it is.
        stray: patterns of Chinese words that are not to stand for it.
        linked: whether texts link it at its first use; everybody knows what an image is.
    """

    group: str
    forms: Mapping[str, tuple[str, ...]]
    sentence: Mapping[str, str]
    stray: tuple[str, ...] = ()
    linked: bool = True

    def name(self, language: str) -> str:
        """The term in a language."""
        return self.forms[language][0]


@cache
def glossary() -> Mapping[str, Term]:
    """All terms by their keys, in the order of the file."""
    return {
        key: Term(
            values["group"],
            {language: tuple(values[language]) for language in ("en", "zh")},
            values["sentence"],
            tuple(values.get("stray", ())),
            values.get("linked", True),
        )
        for key, values in tomllib.loads(FILE.read_text(encoding="utf-8")).items()
    }


@cache
def _pattern(language: str) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """What finds any term, the longest first, and form -> key."""
    keys = {
        form.lower(): key
        for key, term in glossary().items()
        for form in term.forms[language]
        if term.linked and len(form) > 1 and not form.startswith("`")
    }
    forms = "|".join(map(re.escape, sorted(keys, key=len, reverse=True)))
    edges = (r"(?<![\w-])", r"(?![\w-])") if language == "en" else ("(?<![A-Za-z])", "(?![A-Za-z])")
    return re.compile(f"{edges[0]}(?:{forms}){edges[1]}", re.IGNORECASE), keys


@lru_cache(maxsize=256)
def with_terms(text: str, language: str) -> str:
    """A text in which each term is a link to the glossary at its first use; pointed at, it shows the sentence."""
    pattern, keys = _pattern(language)
    used: set[str] = {place["key"] for place in LINK.finditer(text)}

    def link(shown: str, key: str) -> str:
        return f'[{shown}]({link_address(key, language)} "{glossary()[key].sentence[language]}")'

    def first(word: str, shown: str) -> str:
        key = keys.get(word.lower())
        if key is None or key in used:
            return shown
        used.add(key)
        return link(shown, key)

    def on_plain(prose: str) -> str:
        return pattern.sub(lambda place: first(place.group(), place.group()), prose)

    pieces: list[str] = []
    end = 0
    for fixed in PLAIN.finditer(text):
        pieces += [on_plain(text[end : fixed.start()]), first(fixed["bold"] or "", fixed.group())]
        end = fixed.end()
    linked = "".join([*pieces, on_plain(text[end:])])
    linked = LINK.sub(lambda place: link(place["text"], place["key"]), linked)
    return BOLD_LINK.sub(r"[**\g<text>**](\g<to>)", linked)


def link_address(key: str, language: str) -> str:
    """The address of a term on the page of the glossary, from any other page."""
    return f"{address('glossary', query={'lang': language})}#{key}"
