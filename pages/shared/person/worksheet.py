"""A sheet of paper for each lesson: its goals and questions, with room for predictions. It is made from the lesson."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import lru_cache
from string import Template

import markdown
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from pages.index import PAGES, page
from pages.shared.person.folds import CODE, TRIES, folded_pieces
from pages.shared.person.glossary import LINK
from pages.shared.person.language import LANGUAGES, in_language, numbered_text
from pages.shared.server.addresses import address, route, to_root
from pages.shared.server.streamlit_files import ICON

FOLDER = "worksheets"
"""The first piece of the sheets' addresses."""
NAME = re.compile("[a-z_]+")
"""What a page's folder and the name of a text look like."""
QUESTION = re.compile(r"\*\*(?:Try|Before you run it|试一试|运行之前)")
"""How a question begins."""
ASKING = re.compile(r"#+ (?:Try|试一试)")
"""The heading of a part that is a question as a whole."""
EXERCISE = re.compile("Exercise|练习")
"""How the title of a folded part begins that is an exercise."""
HEADING = re.compile(r"#+ (?P<title>.+)")
LANG = {"en": "en", "zh": "zh-CN"}
"""The languages as HTML names them."""
SHEET = Template("""\
<!DOCTYPE html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>$title</title>
<link rel="icon" href="$icon">
<style>
body { max-width: 180mm; margin: 8mm auto; padding: 0 5mm; color: #111; background: #fff; font: 11pt/1.4 sans-serif; }
h1 { margin: 0 0 2mm; font-size: 18pt; }
h2 { margin: 0 0 1mm; font-size: 12pt; }
p, ul { margin: 0 0 2mm; }
code { font-size: 10pt; }
.who { display: flex; gap: 5mm; margin: 0 0 4mm; }
.who span { flex: 1; padding-bottom: 1mm; border-bottom: 0.3mm solid #777; white-space: nowrap; }
section { margin: 5mm 0 0; padding: 3mm 4mm; border: 0.3mm solid #999; border-radius: 2mm; break-inside: avoid; }
.room { margin: 2mm 0 0; font-size: 9.5pt; color: #444; }
.room div { height: 7.7mm; border-bottom: 0.3mm solid #bbb; }
footer { margin: 5mm 0; font-size: 9pt; color: #444; }
@page { margin: 14mm; }
@media print { body { margin: 0; padding: 0; max-width: none; } }
</style>
</head>
<body>
$body
</body>
</html>
""")


@dataclass(frozen=True)
class Sheet:
    """What of a lesson is on paper, as Markdown.

    Attributes:
        title: the first heading.
        opening: goals, time, and what one has to know.
        questions: the heading that each stands below, and the question.
        exercise: what is to be reached; empty if the lesson has none.
    """

    title: str
    opening: str
    questions: tuple[tuple[str, str], ...]
    exercise: str


def sheet_of(text: str) -> Sheet:
    """What of a lesson is on paper: the questions that are in sight, and the exercise; no answer."""
    opening: list[str] = []
    questions: list[tuple[str, str]] = []
    heading, exercise = "", ""
    titles: list[str] = []
    asking = False
    for fold, piece in folded_pieces(LINK.sub(r"\g<text>", TRIES.sub("", CODE.sub("", text)))):
        if fold:
            exercise = piece.strip() if EXERCISE.match(fold) else exercise
            continue
        for block in filter(None, map(str.strip, re.split(r"\n\s*\n", piece))):
            match = HEADING.fullmatch(block)
            if match:
                heading, asking = match["title"].replace("`", ""), bool(ASKING.match(block))
                titles.append(heading)
            elif asking or QUESTION.match(block):
                questions.append((heading, block))
            elif not titles:
                opening.append(block)
    return Sheet(titles[0] if titles else "", "\n\n".join(opening), tuple(questions), exercise)


@lru_cache(maxsize=64)
def sheet_for(folder: str, name: str, language: str) -> Sheet | None:
    """The sheet of a page's lesson, or of another of its texts; None where there is nothing to ask."""
    known = any(row.folder == folder for row in PAGES) and NAME.fullmatch(name) and language in LANGUAGES
    text = numbered_text(folder, name, language) if known else None
    sheet = sheet_of(text) if text else None
    return sheet if sheet and sheet.questions else None


def sheet_address(folder: str, name: str, language: str) -> str:
    """Where the sheet of a text is, from any page; empty if there is none."""
    known = sheet_for(folder, name, language)
    return address(FOLDER, folder, name, query={"lang": language}) if known else ""


def document(folder: str, name: str, sheet: Sheet, language: str) -> str:
    """A sheet as a page of HTML that fits onto paper."""
    _ = in_language(language)  # no session asks for it
    title = _(page(folder).heading)
    if name != "lesson":
        title = f"{title}: {sheet.title}"
    head = f"<h1>{html.escape(title)}</h1>" + _blanks(_("Name"), _("Date"), _("Seed"))
    rooms = _room(_("I predict"), 2) + _room(_("I saw"), 3) + _room(_("Why"), 2)
    parts = [head, markdown.markdown(sheet.opening)]
    for number, (heading, question) in enumerate(sheet.questions, start=1):
        parts.append(_section(f"{number}. {heading}", question, rooms))
    if sheet.exercise:
        reached = _room(_("My settings"), 3) + _room(_("What I reached, and with which seeds"), 2)
        parts.append(_section(_("Exercise"), sheet.exercise, reached))
    note = _("The answers are in the lesson, folded away below each question. Predict first.")
    parts.append(f"<footer>{html.escape(note)}</footer>")
    icon = to_root(address(FOLDER, folder, name)) + ICON
    return SHEET.substitute(language=LANG[language], title=html.escape(title), icon=icon, body="\n".join(parts))


def _blanks(*labels: str) -> str:
    return '<p class="who">' + "".join(f"<span>{html.escape(label)}</span>" for label in labels) + "</p>"


def _room(label: str, lines: int) -> str:
    return f'<div class="room">{html.escape(label)}{"<div></div>" * lines}</div>'


def _section(heading: str, text: str, rooms: str) -> str:
    return f"<section><h2>{html.escape(heading)}</h2>{markdown.markdown(text)}{rooms}</section>"


async def worksheet(request: Request) -> Response:
    """Answer with a text's sheet."""
    folder, name = request.path_params["folder"], request.path_params["name"]
    language = request.query_params.get("lang", "en")
    sheet = await run_in_threadpool(sheet_for, folder, name, language)
    if sheet is None:
        return PlainTextResponse("There is no such sheet.", 404)
    return HTMLResponse(await run_in_threadpool(document, folder, name, sheet, language))


routes = [Route(route(FOLDER, "{folder}", "{name}"), worksheet)]
