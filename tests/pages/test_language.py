"""The Chinese interface: every sentence is translated, nothing is left over, and it is written as Chinese is.

To add a string: write it in English, as `_("...")` in pages/, as a label, help, choice or source of a `Setting`, as
the sentence of a `Problem`, a `CsvRefused` or a `Device` in core/, or in a row of pages/index.py. Then add to zh.po in
the page's folder, or to a catalogue in pages/shared/locale/zh/ where several pages say it,

    #: the file that it is in
    msgid "The English sentence with its {placeholders}."
    msgstr "带有同样 {placeholders} 的中文句子。"

`_` takes one plain text, never an f-string and never a piece of a sentence: values go into {placeholders}, and whole
sentences are put together by `language.joined`. A lesson is two files in its page's folder: lesson.en.md, lesson.zh.md.
It has at most 450 words in sight; a line `<!-- more: Title -->` folds away what follows, up to the next such line, a
heading, or `<!-- end -->`. Its numbers stand in claims.toml, see `pages.shared.person.claims`.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from core.config import Config, Problem
from core.experiments import experiment
from core.layers import CARDS
from core.loading.config import LoadingConfig
from core.tensorboard.config import LogConfig
from core.tensorboard.first import FirstConfig
from pages import index
from pages.index import page_of
from pages.shared.panels.page_text import folds
from pages.shared.person import language
from pages.shared.person.folds import FOLD, TRY, folded_pieces
from pages.shared.person.language import filled
from tests.experiments import NAMES, general, over_all, smallest
from tests.pages.tabs import Tab
from tests.waiting import until

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "streamlit_app.py", *sorted((ROOT / "pages").rglob("*.py"))]
CORE = sorted((ROOT / "core").rglob("*.py"))
CHINESE = "[\u4e00-\u9fff]"
SENTENCES = {
    "Problem": {"sentence": 1},
    "CsvRefused": {"sentence": 0},
    "Device": {"title": 1, "missing": 2},
    "Page": {"title": 1, "heading": 2, "sentence": 3},
}
"""What people read of each class: parameter -> its position."""


def calls(path: Path, names: set[str]) -> Iterator[ast.Call]:
    """All calls of functions or classes of these names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def sentences(call: ast.Call) -> Iterator[ast.expr]:
    """The arguments that people read, of a call of one of SENTENCES."""
    assert isinstance(call.func, ast.Name)
    for name, position in SENTENCES[call.func.id].items():
        yield from (keyword.value for keyword in call.keywords if keyword.arg == name)
        yield from call.args[position : position + 1]


def literal(node: ast.expr) -> list[str]:
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value else []


Sources = Iterator[tuple[str, Path]]
"""English sentences of the interface, each with a file that has it."""


@cache
def in_pages() -> tuple[tuple[str, Path], ...]:
    """What the extractor of gettext's tools reads from the pages."""
    return tuple(
        (str(message), path)
        for path in PAGES
        for _line, message, _comments, _context in extract_from_file("python", path, keywords={"_": None})
    )


def in_settings() -> Sources:
    """What the settings of experiments, loading and logging say."""
    trained = [experiment(name).config for name in NAMES]
    configs: list[type[Config]] = [*trained, LoadingConfig, FirstConfig, LogConfig]
    for config in configs:
        path = ROOT / (config.__module__.replace(".", "/") + ".py")
        for setting in config.settings().values():
            of_numbers = (setting.item, setting.item_help, setting.count_help)
            texts = [
                setting.label,
                setting.help,
                setting.note,
                setting.source,
                *of_numbers,
                *(setting.choices or {}).values(),
            ]
            yield from ((text, path) for text in texts if text)


def in_cards() -> Sources:
    """What the cards of the layers say. torch's own names and values stay as they are."""
    for card in CARDS.values():
        path = Path(inspect.getfile(card.config))
        for name, setting in card.config.settings().items():
            choices = [text for value, text in (setting.choices or {}).items() if not text.isdigit()]
            if setting.group == "network" or name == "functions":
                choices = [text for value, text in (setting.choices or {}).items() if text != str(value)]
            labels = [setting.label] if not setting.label.startswith("`") else []
            yield from ((text, path) for text in (setting.help, *choices, *labels) if text)


def in_sentences() -> Sources:
    """What problems, devices and the rows of the index say."""
    for path in (*CORE, *PAGES):
        for call in calls(path, set(SENTENCES)):
            for argument in sentences(call):
                yield from ((text, path) for text in literal(argument))


def wanted() -> dict[str, set[Path]]:
    """Every English sentence of the interface, and the files that have it."""
    sources: dict[str, set[Path]] = defaultdict(set)
    for text, path in (*in_sentences(), *in_settings(), *in_cards(), *in_pages()):
        sources[text].add(path)
    return dict(sources)


def folder_of(path: Path) -> str:
    """The page whose words a file has: its own file, or its experiment's; "shared" for those of no single page.

    Another room of core may be one page's or everybody's: "core".
    """
    match path.relative_to(ROOT).parts:
        case "pages", folder, _file, *_more:
            return folder
        case "core", "experiments", name, *_more:
            row = page_of(name.removesuffix(".py"))
            return row.folder if row else "shared"
        case "core", *_more:
            return "core"
    return "shared"


def rooms_of(text: str, sources: set[Path]) -> set[str]:
    """The folders whose catalogue a sentence may stand in; empty for any. A row of the index is its page's."""
    rows = {row.folder for row in index.PAGES if text in (row.title, row.heading, row.sentence)}
    folders = rows | {folder_of(path) for path in sources if path != ROOT / "pages" / "index.py"}
    pages = folders - {"core"}
    if not pages:
        return set()
    return (pages if len(pages) == 1 else {"shared"}) | ({"shared"} if "core" in folders else set())


class Message(NamedTuple):
    """A sentence in English and in Chinese."""

    id: str
    string: str


@pytest.fixture(scope="module")
def catalogs() -> list[Catalog]:
    catalogs_read = []
    for path in language.catalogue_files("zh"):
        with path.open("rb") as file:
            catalogs_read.append(read_po(file, abort_invalid=True))
    return catalogs_read


@pytest.fixture(scope="module")
def messages(catalogs: list[Catalog]) -> list[Message]:
    return [Message(str(m.id), str(m.string or "")) for catalog in catalogs for m in catalog if m.id]


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w*\}", text))


BESIDE = rf"{CHINESE} ?[,;:!?]|[,;:!?] ?{CHINESE}|{CHINESE}[.()]|[.()]{CHINESE}"


def mistakes(text: str) -> list[str]:
    """What is not as Chinese is written."""
    rules = {
        "half-width punctuation beside Chinese": BESIDE,
        "a straight quote beside Chinese": rf"""{CHINESE}["']|["']{CHINESE}""",
        "no space between Chinese and what is not": rf"{CHINESE}[A-Za-z0-9{{`$]|[A-Za-z0-9%}}`$]{CHINESE}",
        "a space beside full-width punctuation": r" [，。；：！？、（）“”]|[，。；：！？、（）] ",
        "half an ellipsis": r"(?<!…)…(?!…)",
        "two spaces": r"  ",
    }
    return [f"{name}: {match.group()}" for name, rule in rules.items() if (match := re.search(rule, text))]


@general
def test_every_sentence_is_translated_and_none_is_left_over(messages: list[Message]) -> None:
    english = wanted()
    translated = {message.id for message in messages if message.string}
    missing = {text: sorted(map(str, paths)) for text, paths in english.items() if text not in translated}
    left_over = translated - set(english)
    assert not missing, missing
    assert not left_over, left_over


@general
def test_a_page_brings_its_own_words_and_what_several_say_is_shared() -> None:
    wrong = {}
    english = wanted()
    for path in language.catalogue_files("zh"):
        room = path.parent.name if path.name == "zh.po" else "shared"
        with path.open("rb") as file:
            texts = [str(message.id) for message in read_po(file) if message.id]
        for text in texts:
            rooms = rooms_of(text, english.get(text, set()))
            if rooms and room not in rooms:
                places = [
                    f"pages/{name}/zh.po" if name != "shared" else "pages/shared/locale/zh/" for name in sorted(rooms)
                ]
                wrong[text] = f"in {path.relative_to(ROOT)}: move it to {' or '.join(places)}"
    assert not wrong


@general
def test_gettext_tools_see_every_message_of_the_pages() -> None:
    extracted = {text for text, _path in in_pages()}
    for path in PAGES:
        for call in calls(path, {"_"}):
            assert not isinstance(call.args[0], ast.JoinedStr), f"{path.name}:{call.lineno}: an f-string"
            for text in literal(call.args[0]):
                assert text in extracted, f"{path.name}:{call.lineno}: {text}"


@general
def test_sentences_of_core_are_plain_texts() -> None:
    for path in (*CORE, *PAGES):
        for call in calls(path, {"Problem", "CsvRefused"}):
            for argument in sentences(call):
                assert not isinstance(argument, ast.JoinedStr | ast.BinOp), f"{path.name}:{call.lineno}"


@general
def test_the_catalogues_are_chinese_and_finished(catalogs: list[Catalog], messages: list[Message]) -> None:
    for catalog in catalogs:
        assert catalog.locale is not None
        assert (catalog.locale.language, catalog.locale.territory) == ("zh", "CN")
        assert catalog.charset.lower() == "utf-8"
        assert not catalog.fuzzy
        assert not catalog.obsolete
    twice = [id for id, count in Counter(message.id for message in messages).items() if count > 1]
    assert not twice


@general
def test_placeholders_are_the_same(messages: list[Message]) -> None:
    different = {m.id: m.string for m in messages if placeholders(m.id) != placeholders(m.string)}
    assert not different


@general
def test_chinese_is_written_as_chinese(messages: list[Message]) -> None:
    wrong = {message.string: faults for message in messages if (faults := mistakes(message.string))}
    assert not wrong


@general
def test_a_full_stop_stays_a_full_stop(messages: list[Message]) -> None:
    """Sentences end in one, labels and buttons do not."""
    wrong = {m.id: m.string for m in messages if m.id.endswith(".") != m.string.endswith("。")}
    assert not wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("学习率", False), ("第 {step} 步，lr 0.1。", False), ("下载 .py", False), ("点“播放”", False),
        ("97% 以上", False),
        ("学习率,损失", True), ("学习率, 损失", True), ("第{step}步", True), ("用CPU", True), ("97%以上", True),
        ("(测试)", True), ("正在启动…", True), ("学习率 ：1", True),
    ],
)  # fmt: skip
def test_mistakes(text: str, wrong: bool) -> None:
    assert bool(mistakes(text)) == wrong


def texts(code: str) -> dict[str, Path]:
    """The lessons and other texts of all pages in one language: "classifier/lesson" -> its file."""
    files = (ROOT / "pages").glob(f"*/*.{code}.md")
    return {f"{path.parent.name}/{path.name.removesuffix(f'.{code}.md')}": path for path in files}


@general
def test_every_lesson_is_there_in_both_languages() -> None:
    assert texts("en")
    both = texts("en").keys() | texts("zh").keys()
    missing = [f"pages/{name}.{code}.md" for code in ("en", "zh") for name in sorted(both - texts(code).keys())]
    assert not missing, f"missing: {', '.join(missing)}"


BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def outline(text: str) -> list[int]:
    """The levels of the headings, in their order."""
    return [len(marks) for marks in re.findall(r"^(#+) ", BLOCK.sub("", text), re.MULTILINE)]


def programs(text: str) -> list[tuple[str, str]]:
    """The code blocks without their comments: language and code."""
    return [(name, re.sub(r" *#.*", "", code)) for name, code in BLOCK.findall(text)]


@general
@pytest.mark.parametrize("name", sorted(texts("en").keys() & texts("zh").keys()))
def test_a_lesson_is_the_same_in_both_languages(name: str) -> None:
    english, chinese = (texts(code)[name].read_text(encoding="utf-8") for code in ("en", "zh"))
    assert outline(english) == outline(chinese)
    assert programs(english) == programs(chinese)
    prose = FOLD.sub(lambda mark: mark["title"] or "", BLOCK.sub("", chinese))
    wrong = {line: faults for line in prose.splitlines() if (faults := mistakes(line))}
    assert not wrong


def written(name: str, code: str) -> str:
    """A text as people read it, with its numbers and links."""
    folder, _slash, text = name.partition("/")
    return language.lesson(folder, text, code)


MOST_WORDS = 450
"""English words that a text may have in sight; what is folded away or code does not count."""


def in_sight(text: str) -> str:
    """The prose of a text that is neither folded away nor code."""
    return TRY.sub("", BLOCK.sub("", "".join(piece for title, piece in folded_pieces(text) if not title)))


@general
@pytest.mark.parametrize("name", sorted(texts("en")))
def test_a_text_is_short_before_its_folded_parts(name: str) -> None:
    words = re.findall(r"[A-Za-z][\w'’-]*", in_sight(texts("en")[name].read_text(encoding="utf-8")))
    assert len(words) <= MOST_WORDS, f"{len(words)} words: fold parts of it by <!-- more: Title -->"


@pytest.mark.parametrize("name", sorted(name for name in texts("en") if name.startswith("next/")))
def test_a_program_of_what_is_next_is_explained(name: str) -> None:
    prose = re.sub(r"\(http[^)]*\)|^<!--.*$", "", texts("en")[name].read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert 200 <= len(re.findall(r"[A-Za-z][\w'’-]*", prose)) <= 300


@general
@pytest.mark.parametrize("name", sorted(texts("en").keys() & texts("zh").keys()))
def test_a_text_folds_at_the_same_places_in_both_languages(name: str) -> None:
    english, chinese = (folds(texts(code)[name].read_text(encoding="utf-8")) for code in ("en", "zh"))
    assert [bool(title) for title, _parts in english] == [bool(title) for title, _parts in chinese]
    left = [title for title, _parts in chinese if title and not re.search(CHINESE, title)]
    assert not left


def test_a_folded_part_ends_at_the_next_heading_mark_or_end() -> None:
    text = "a\n<!-- more: B -->\nb\n## c\n<!-- more: D -->\nd\n<!-- more: E -->\ne\n<!-- end -->\nf"
    pieces = [(title, piece.strip()) for title, piece in folded_pieces(text)]
    assert pieces == [("", "a"), ("B", "b"), ("", "## c"), ("D", "d"), ("E", "e"), ("", "f")]


def broken_bold(text: str) -> list[str]:
    """Bold words that Markdown leaves as asterisks: inside of them stands punctuation, and right outside a letter."""
    inside, outside = r"[^\w\s*]", r"[^\W_]"
    return [
        span.group()
        for line in BLOCK.sub("", text).splitlines()
        for span in re.finditer(r"\*\*[^*]+\*\*", re.sub(r"`[^`]*`", lambda code: "`" * len(code.group()), line))
        if (re.search(rf"{outside}$", line[: span.start()]) and re.match(rf"\*\*{inside}", span.group()))
        or (re.match(outside, line[span.end() :]) and re.search(rf"{inside}\*\*$", span.group()))
    ]


@general
@pytest.mark.parametrize("name", sorted(texts("zh")))
def test_bold_words_become_bold(name: str) -> None:
    for code in ("en", "zh"):
        assert not broken_bold(written(name, code))


def test_broken_bold() -> None:
    assert broken_bold("是**“梯度”**。") and broken_bold("**梯度。**它") and broken_bold("是**`lr`** 了")
    assert not broken_bold("是**梯度**。**“梯度”**，**梯度。** 它")


READ = {"label", "help", "body", "options", "content", "placeholder", "value", "element_type"}


def texts_of(proto: Any) -> Iterator[str]:
    """All that people read of an element."""
    for field, value in proto.ListFields():
        if field.name in READ or field.message_type is not None:
            for part in value if field.is_repeated else [value]:
                if isinstance(part, str):
                    yield part
                elif hasattr(part, "ListFields"):
                    yield from texts_of(part)


def elements(node: Any) -> Iterator[Any]:
    for child in node.children.values():
        if hasattr(child, "children"):
            yield child
            yield from elements(child)
        else:
            yield child


def words_of_components(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from words_of_components(part)
    elif isinstance(value, list):
        for part in value:
            yield from words_of_components(part)


def on_screen(tab: Tab) -> list[str]:
    """Every text of the page, without lessons, code and what a program says by itself."""
    texts_read: list[str] = []
    for root in (tab.at.main, tab.at.sidebar):
        for element in elements(root):
            kind = element.type
            if kind == "bidi_component":
                data = json.loads(element.proto.json)
                words = [data.get("text"), data.get("label"), data.get("copy"), data.get("copied")]
                layers = [layer["name"] for layer in (data.get("picture") or {}).get("layers", [])]
                texts_read += words_of_components([words, layers])
            elif kind not in ("code", "latex", "arrow_data_frame", "dataframe") and element.proto is not None:
                texts_read += texts_of(element.proto)
    lessons = {
        prose.strip()
        for name in texts("zh")
        for _title, parts in folds(written(name, "zh"))
        for prose, *_others in parts
    }
    return [text for text in texts_read if text.strip() and text.strip() not in lessons]


@cache
def pattern_of(message: str) -> re.Pattern[str]:
    """What a message looks like once its places are filled."""
    return re.compile(re.sub(r"\\\{\w+\\\}", ".*?", re.escape(message)))


@cache
def longest_part(message: str) -> str:
    """The longest piece of a message between its places: a text without it is not that message."""
    return max(re.split(r"\{\w+\}", message), key=len).strip()


def english_left(text: str, messages: list[Message]) -> str | None:
    """What of a text is English: a whole message, a long one inside, or two English words in a row."""
    for message in messages:
        if message.id == message.string or longest_part(message.id) not in text:
            continue
        pattern = pattern_of(message.id)
        if pattern.fullmatch(text.strip()) and not re.fullmatch(r"(\.\*\?|\W|lr)*", pattern.pattern):
            return message.id
        if len(message.id.split()) > 3 and pattern.search(text):
            return message.id
    pair = re.search(r"\b[a-z]{2,} [a-z]{2,}\b", re.sub(r"`[^`]*`", "", text))
    return pair.group() if pair else None


def assert_chinese(tab: Tab, messages: list[Message]) -> None:
    texts = on_screen(tab)
    assert any(re.search(CHINESE, text) for text in texts)
    left = {text: english for text in texts if (english := english_left(text, messages))}
    assert not left


def test_english_left(messages: list[Message]) -> None:
    assert english_left("Learning rate", messages)
    assert english_left("step 12", messages)
    assert english_left("something unknown here", messages)
    assert english_left("第 12 步", messages) is None
    assert english_left("`loss.backward()`", messages) is None


def test_home_is_chinese(open_tab: Callable[..., Tab], messages: list[Message]) -> None:
    home = open_tab().open("home", lang="zh")
    assert home.at.session_state["language"] == "zh"
    assert "八个步骤" in home.words
    assert_chinese(home, messages)


def test_the_classifier_is_chinese(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("classifier", lang="zh")
    assert [element.value for element in page.at.title] == ["一个简单的分类器"]
    assert "学习率" in on_screen(page)


@pytest.mark.one_in(2)
@over_all
def test_a_training_page_is_chinese_in_every_section(
    name: str, open_tab: Callable[..., Tab], messages: list[Message]
) -> None:
    row = page_of(name)
    assert row is not None
    page = open_tab().open(row.folder, lang="zh", **smallest(name).to_query())
    assert [title.value for title in page.at.title] != [row.heading]
    for section in page.sections:
        page.set(f"section {name}", section)
        assert_chinese(page, messages)


@pytest.mark.parametrize(
    "query",
    [
        {"dataset": "blobs", "optimizer": "RMSprop", "stop": "accuracy", "noise": "0.1"},
        {"stop": "plateau", "bugs": "softmax,high_lr", "batch_norm": "true", "hidden_sizes": "4,4"},
        {"lr": "fast", "datasets": "xor", "dataset": "stars", "batch_size": "0.5", "features": "", "nesterov": "maybe"},
        {"nesterov": "true"}, {"dataset": "own"}, {"device": "cuda:9"}, {"hidden_sizes": "1,1,1,1,1,1,1,1"},
    ],
)  # fmt: skip
def test_settings_and_complaints_are_chinese(
    query: dict[str, str], open_tab: Callable[..., Tab], messages: list[Message]
) -> None:
    assert_chinese(open_tab().open("classifier", lang="zh", **query), messages)


def test_every_card_is_chinese(open_tab: Callable[..., Tab], messages: list[Message]) -> None:
    page = open_tab().open("layers", lang="zh", card=next(iter(CARDS)))
    texts: set[str] = set()
    for name in CARDS:
        assert page.at.session_state["card chosen"] == name
        texts |= set(on_screen(page))
        page.press("card next")
    left = {text: english for text in texts if (english := english_left(text, messages))}
    assert not left


@pytest.mark.parametrize(
    "query",
    [
        {"card": "conv2d", "groups": "3", "image": "own", "kernel": "1,2"}, {"card": "none"},
        {"card": "maxpool2d", "padding": "3"}, {"card": "embedding", "indices": "9"},
        {"card": "layernorm", "side": "x"}, {"card": "shapes", "operation": "view", "size": "5"},
        {"card": "optimizers", "functions": "Nesterov", "momentum": "0"},
    ],
)  # fmt: skip
def test_what_cards_refuse_is_chinese(
    query: dict[str, str], open_tab: Callable[..., Tab], messages: list[Message]
) -> None:
    page = open_tab().open("layers", lang="zh", **query)
    assert page.errors
    assert_chinese(page, messages)


def test_step_by_step_is_chinese_after_each_press(open_tab: Callable[..., Tab], messages: list[Message]) -> None:
    page = open_tab().open("classifier", lang="zh").set("section classifier", "steps")
    for press in ("step", "backward", "backward", "step", "zero_grad"):
        page.press(f"press {press}")
        assert_chinese(page, messages)
    [table] = page.at.dataframe
    assert list(table.value.columns) == ["参数", "值", ".grad", "值的变化", ".grad 的变化"]


def test_earlier_runs_are_chinese(open_tab: Callable[..., Tab], messages: list[Message]) -> None:
    page = open_tab().open("classifier", lang="zh", num_steps="10")
    run = page.play()
    until(lambda: (entry := page.manager.store.find(run.id)) and entry.status == "finished")
    page.set("section classifier", "runs")
    assert_chinese(page, messages)
    assert "第 10 步" in page.words
    assert "测试集准确率" in page.words


def test_a_csv_is_told_in_the_language_of_the_moment(open_tab: Callable[..., Tab], messages: list[Message]) -> None:
    page = open_tab().open("classifier", lang="zh")
    page.set("classifier.csv text", "100,2,甲\n-1,50,乙\n2,-1,甲\n0,0,乙").press("使用这些点")
    assert "共 4 个点，2 类：0 = 乙、1 = 甲。数值较大，已对输入做标准化。" in page.words
    assert_chinese(page, messages)
    page.set("classifier.csv text", "1,2,train\n3,4,train\n1,1,train\n2,2,train").press("使用这些点")
    assert page.errors == ["所有点的标签都是“train”，至少需要两类。"], "a person's own word is not translated"
    page.set("language_switch", "en")
    assert "4 points in 2 classes: 0 = 乙, 1 = 甲. Their numbers are large" in page.words


def test_reasons_are_translated_and_typed_words_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "current", lambda: "zh")
    refused = Problem(
        "device", "{device} can't be used: {reason}.", {"device": "mps", "reason": "no Apple GPU was found"}
    )
    assert language.tell(refused) == "不能使用 mps：没有找到 Apple GPU。"
    assert language.tell(Problem("", "There is no setting “{name}”.", {"name": "test"})) == "没有“test”这项设置。"


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("name", "sections"),
    [
        ("saving", ("save", "load", "resume", "transfer", "lesson")),
        ("devices", ("moves", "pitfalls", "sweep", "precision", "threads")),
    ],
)
def test_files_and_devices_are_chinese(
    name: str, sections: tuple[str, ...], open_tab: Callable[..., Tab], messages: list[Message]
) -> None:
    page = open_tab().open("classifier", lang="zh", num_steps="10")
    run = page.play()
    until(lambda: run.status == "finished")
    page.open(name, lang="zh")
    for section in sections:
        page.set({"saving": "files section", "devices": "devices section"}[name], section)
        assert_chinese(page, messages)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("blue", "blue"),
        ("a: b", r"a\: b"),
        ("*a* [b](c) `d` $e$ <f> ~g~ #h |i| !j &k;", r"\*a\* \[b\](c) \`d\` \$e\$ \<f\> \~g\~ \#h \|i\| \!j \&k;"),
        ("http://x.example", "http\\:\u2060//x.example"),
        ("www.x.example", "www\u2060.x.example"),
        ("a@x.example", "a@\u2060x.example"),
        ("\n\n# a\r\n- b\u2028c\u202ed", r" \# a - b c d"),
        ("a\ud800", "a?"),
    ],
)
def test_texts_of_strangers_are_plain(text: str, expected: str) -> None:
    """tests/browser/test_plain_texts.py sees what Streamlit makes of it."""
    assert language.plain(text) == expected


@pytest.mark.parametrize(
    ("sentence", "name", "expected"),
    [
        ("训练 {name}", "分类器", "训练分类器"),
        ("训练 {name}", "CNN", "训练 CNN"),
        ("{name} 的第一层", "分类器", "分类器的第一层"),
        ("去掉 {name} 就行", "RNN 网络", "去掉 RNN 网络就行"),
        ("Train the {name} now", "分类器", "Train the 分类器 now"),
    ],
)
def test_a_space_stands_beside_latin_names_only(sentence: str, name: str, expected: str) -> None:
    assert filled(sentence, name=name) == expected


def test_buttons_with_names_are_chinese(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("saving", lang="zh")
    assert {"训练分类器", "训练 CNN"} <= {button.label for button in tab.at.button}


def test_texts_of_strangers_in_code_stay_in_it() -> None:
    assert language.as_code("layer.0|weight`\n\n[x](http://x.example)") == "`layer.0weight [x](http://x.example)`"
    assert language.as_code("`") == "` `"
