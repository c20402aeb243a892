"""The scripts that every page needs, Streamlit's and the pages' own, in one file instead of some 130.

The pack makes a module of each of its files and tells the browser by an import map that these stand at the files' own
addresses. A file that is not in it, or a browser without import maps, loads from there as if there were no pack.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.index import ALL as ROWS
from pages.shared.server.addresses import address, below_root, route
from pages.shared.server.assets import FOREVER, PAGES, asset, plotly_address
from pages.shared.server.streamlit_files import STREAMLIT

ELEMENTS = (
    "BidiComponent",
    "Button",
    "ButtonGroup",
    "Checkbox",
    "DownloadButton",
    "FileUploader",
    "Html",
    "IFrame",
    "LinkButton",
    "Multiselect",
    "NumberInput",
    "PageLink",
    "Progress",
    "Selectbox",
    "Slider",
    "Spinner",
    "TextArea",
    "TextInput",
    "Toast",
    "rehype-katex",
)
"""What pages are made of, by the names of Streamlit's files; it loads these only when it meets them."""
ADDRESSES = frozenset({"", *(row.url_path for row in ROWS)})
"""The pages' addresses, without the slash."""
TRAINING = frozenset(row.url_path for row in ROWS if row.experiment)
"""Those of pages with a live view."""
IMPORT = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'`])(\.{1,2}/[^"'`\s]+\.js)\2""")
ENTRY = re.compile(r'<script type="module" crossorigin src="\./(static/js/[^"]+)"></script>')
PRELOAD = re.compile(r'\s*<link rel="modulepreload" crossorigin href="\./(static/js/[^"]+)">')
LAZY = re.compile(
    rf"""\(0,([\w$]+)\.lazy\)(?=\(\(\)=>[\w$]+\(\(\)=>import\([`"']\./(?P<element>{"|".join(ELEMENTS)})\.)"""
)
"""Where Streamlit says that it loads one of these elements once a page has it."""
AT_ONCE = "globalThis[Symbol.for('torch-playground.at-once')]"
MAKE_MODULES = (
    f"""
{AT_ONCE} = ({{ lazy }}) => (load) => {{
  const element = lazy(load);
  try {{
    element._init(element._payload);
  }} catch {{
    // It is being loaded, and React throws what it waits for.
  }}
  return element;
}};
"""
    + """
if (HTMLScriptElement.supports?.("importmap")) {
  const imports = { "static/": "./static/", "assets/": "./assets/" };
  for (const [path, text] of Object.entries(FILES)) {
    const named = `${text}\\n//# sourceURL=${new URL(path, document.baseURI)}`;
    imports[path] = URL.createObjectURL(new Blob([named], { type: "text/javascript" }));
    imports[`./${path}`] = imports[path];
  }
  const map = document.createElement("script");
  map.type = "importmap";
  map.textContent = JSON.stringify({ imports });
  document.currentScript.after(map);
}
"""
)
"""A module made in the page has no place from which "./x.js" could be found: each import names its file by its
address, which is a name of the import map. An element of Streamlit's that isn't here when a page first has it
leaves a grey bar in its place for half a second at least, as React is in no hurry to draw what it had to wait for:
those of the pack are loaded before any page has them."""


WIDE = '<style>[data-testid="stMainBlockContainer"] { max-width: none !important; }</style>'
"""Every page takes the window's width; else it is narrow, and what is there jumps, until Streamlit hears of that."""
ONE_SERVER = "window.__streamlit = { BACKEND_BASE_URL: new URL('./', document.baseURI).href };"
"""Else Streamlit first looks for its server below the page's own address, and waits to hear that it isn't there."""
TAB = Path(__file__).with_name("tab.js")
"""What each page runs first: see pages/shared/server/tab_token.py."""
said_first: list[Callable[[str, str], str]] = []
"""What adds words to the first HTML, given that and a language: the door fills it in."""


def language_of(accepted: str) -> str:
    """The language for a browser that knows no session yet, as `language.current` has it for one that chose none.

    Args:
        accepted: its header Accept-Language, whose first language is the one that scripts are told.
    """
    return "zh" if accepted.strip().lower().startswith("zh") else "en"


def targets(path: str, text: str) -> list[str]:
    """The addresses that a script imports."""
    return [posixpath.join(posixpath.dirname(path), name) for _before, _quote, name in IMPORT.findall(text)]


def streamlit_scripts() -> dict[str, str]:
    """Streamlit's scripts that every page needs, with all that these import before they run: address to text."""
    index = (STREAMLIT / "index.html").read_text(encoding="utf-8")
    folder = STREAMLIT / "static" / "js"
    elements = [f"static/js/{path.name}" for name in ELEMENTS for path in folder.glob(f"{name}.*.js")]
    waiting = [*ENTRY.findall(index), *elements]
    texts: dict[str, str] = {}
    while waiting:
        path = waiting.pop()
        if path in texts:
            continue
        texts[path] = STREAMLIT.joinpath(path).read_text(encoding="utf-8")
        at_once = re.sub(r"\bimport\s*\([^)]*\)", "", texts[path])
        waiting += [posixpath.normpath(target) for target in targets(path, at_once)]
    return texts


def own_scripts() -> dict[str, str]:
    """The modules of the pages: address to text."""
    texts = {}
    for path in sorted(PAGES.rglob("*.js")):
        text = path.read_text(encoding="utf-8")
        if re.search(r"^(import|export) (?!default)", text, re.MULTILINE):
            texts[asset(path.relative_to(PAGES).as_posix())] = text
    return texts


def placed(path: str, text: str) -> str:
    """A script that says by addresses what it said from its own place."""

    def from_root(match: re.Match[str]) -> str:
        before, quote, name = match.groups()
        return before + quote + posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) + quote

    text = LAZY.sub(rf"{AT_ONCE}(\1)", text)
    return IMPORT.sub(from_root, text).replace("import.meta.url", f'new URL("{path}",document.baseURI).href')


@cache
def pack() -> tuple[str, bytes]:
    """The file name and the gzipped text of the pack."""
    texts = {path: placed(path, text) for path, text in {**streamlit_scripts(), **own_scripts()}.items()}
    script = f"{{\nconst FILES = {json.dumps(texts, ensure_ascii=False)};{MAKE_MODULES}}}\n".encode()
    return f"{hashlib.sha256(script).hexdigest()[:12]}.js", gzip.compress(script, 9)


def pack_address() -> str:
    """The address of the pack."""
    return address("assets", "pack", pack()[0])


@cache
def index(live: bool, language: str) -> bytes | None:
    """Streamlit's index.html with the pack before its own script; None if it isn't made as expected.

    Args:
        live: whether the page has a live view: then Plotly comes while Streamlit waits for its server.
        language: that of the sentences which stand in it for the case that nothing follows.
    """
    text = (STREAMLIT / "index.html").read_text(encoding="utf-8")
    if len(ENTRY.findall(text)) != 1:
        return None
    packed = streamlit_scripts()
    text = PRELOAD.sub(lambda match: "" if match[1] in packed else match[0], text)
    lines = [
        WIDE,
        rf'<script src="./{pack_address()}"></script>',
        f"<script>{ONE_SERVER}</script>",
        "<script>\n" + TAB.read_text(encoding="utf-8").replace("\\", r"\\") + "    </script>",
        r'<script type="module">import "./\1"</script>',
    ]
    if live:
        lines.append(f'<link rel="preload" as="script" href="./{plotly_address()}">')
    text = ENTRY.sub("\n    ".join(lines), text)
    for with_words in said_first:
        text = with_words(text, language)
    return text.encode()


async def pack_file(request: Request) -> Response:
    """Answer with the pack."""
    name, data = await run_in_threadpool(pack)
    if request.path_params["name"] != name:
        return PlainTextResponse("No such file.", 404)
    return Response(data, media_type="text/javascript", headers={**FOREVER, "Content-Encoding": "gzip"})


class PackedPages:
    """Middleware that gives the app's pages their pack: it puts another index.html into what Streamlit answers."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = below_root(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        language = language_of(Headers(scope=scope).get("accept-language", "")) if page in ADDRESSES else ""
        text = await run_in_threadpool(index, page in TRAINING, language) if page in ADDRESSES else None
        if text is None:
            await self.app(scope, receive, send)
            return
        headers = [
            (name, value) for name, value in scope["headers"] if name not in (b"if-none-match", b"if-range", b"range")
        ]
        replaced = False

        async def send_packed(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                replaced = message["status"] == 200 and answer.get("content-type", "").startswith("text/html")
                if replaced:
                    for name in ("etag", "last-modified", "content-encoding", "accept-ranges"):
                        del answer[name]
                    answer["content-length"] = str(len(text))
                    answer.add_vary_header("Accept-Language")
            elif replaced and message["type"] == "http.response.body":
                if message.get("more_body"):
                    return
                message = {**message, "body": text}
            await send(message)

        await self.app({**scope, "headers": headers}, receive, send_packed)


routes = [Route(route("assets", "pack", "{name}"), pack_file)]
