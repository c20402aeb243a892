"""One word a thing: terms are in the glossary in both languages, texts link them, and no other word stands for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from babel.messages.pofile import read_po

from pages.shared.person import language
from pages.shared.person.claims import CODE
from pages.shared.person.glossary import LINK, glossary, with_terms
from tests.pages.tabs import Tab
from tests.pages.test_language import CHINESE, mistakes

PAGES = language.PAGES
STRAY_CHINESE = {
    r"第[一二三四五六七八九十]步": "第 2 步",
    r"\d %": "no space before %",
    r"\d,\d{3}": "thousands have no comma",
    r"测试准确率": "测试集准确率",
    r"放在一起比": "并排对比",
    r"按“": "点",
}
"""What is not written, and what instead; more stands in the glossary with each term."""
STRAY_ENGLISH = {
    r"\b(?:go|goes|going|went) on\b": "continue",
    r"\bso many\b": "this many",
    r"\banew\b": "again",
    r"\b(?:by heart|memoriz)": "memorise",
    r"\bmend(?:s|ed|ing)?\b": "fix",
    r"\bby chance\b": "randomly",
    r"\bshall\b": "should",
    r"\ba bend\b|\bbends? (?:of|in) ": "nonlinearity",
}


def written(code: str) -> Iterator[tuple[str, str]]:
    """All that people read in a language, without code: its place and its text."""
    for path in sorted(PAGES.rglob(f"*.{code}.md")):
        yield path.relative_to(PAGES).as_posix(), CODE.sub("``", path.read_text(encoding="utf-8"))
    for path in language.catalogue_files("zh"):
        with path.open("rb") as file:
            for message in read_po(file):
                text = str((message.string if code == "zh" else message.id) or "")
                yield path.relative_to(PAGES).as_posix(), CODE.sub("``", text)
    for key, term in glossary().items():
        yield f"glossary.toml: {key}", CODE.sub("``", term.sentence[code])


def found(code: str, patterns: dict[str, str]) -> list[str]:
    return [
        f"{place}: …{text[max(0, match.start() - 15) : match.end() + 15]}… -> {better}".replace("\n", " ")
        for place, text in written(code)
        for pattern, better in patterns.items()
        for match in re.finditer(pattern, text)
    ]


def test_no_other_word_stands_for_a_term_in_chinese() -> None:
    terms = {pattern: term.name("zh") for term in glossary().values() for pattern in term.stray}
    left = found("zh", STRAY_CHINESE | terms)
    assert not left, "\n".join(left)


def test_english_has_plain_current_words() -> None:
    left = found("en", STRAY_ENGLISH)
    assert not left, "\n".join(left)


@pytest.mark.parametrize("key", glossary())
def test_a_term_is_written_well(key: str) -> None:
    term = glossary()[key]
    assert term.sentence["en"].endswith(".") and term.sentence["zh"].endswith("。")
    assert not any(re.search(r"[\"\n]", sentence) for sentence in term.sentence.values()), "they become a link's title"
    assert re.search(CHINESE, term.sentence["zh"])
    assert not mistakes(term.sentence["zh"])


def test_a_form_belongs_to_one_term() -> None:
    for code in ("en", "zh"):
        forms = [form for term in glossary().values() for form in term.forms[code]]
        assert len(forms) == len(set(forms))


def test_a_term_is_linked_at_its_first_use() -> None:
    text = "## Loss\n\nThe `loss`, *loss* and $loss$; **loss** and losses. [x](y) and gradient descent of a gradient."
    linked = with_terms(text, "en")
    assert linked.startswith('## Loss\n\nThe `loss`, *loss* and $loss$; [**loss**](glossary?lang=en#loss "One number')
    assert linked.count("](glossary") == 3
    assert "[gradient descent](glossary?lang=en#gradient_descent " in linked
    assert with_terms("[步子](glossary:gradient_descent)与梯度下降", "zh").count("glossary?lang=zh") == 1
    assert with_terms("打开标签页", "zh") == "打开标签页"
    assert with_terms("要看**泛化**如何", "zh").startswith("要看[**泛化**](glossary?lang=zh#generalise ")


def test_links_of_texts_lead_to_terms() -> None:
    for path in PAGES.rglob("*.md"):
        for place in LINK.finditer(path.read_text(encoding="utf-8")):
            assert place["key"] in glossary(), f"{path}: {place.group()}"


def test_the_page_shows_every_term(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("glossary", lang="zh")
    assert [title.value for title in page.at.title] == ["术语表"]
    assert {element.anchor for element in page.at.subheader} == set(glossary())
    assert "过拟合 · overfitting" in [element.value for element in page.at.subheader]
