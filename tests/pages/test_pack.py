"""The pack of scripts: the page names it, it is whole, and nothing needs it."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from pages.shared.server.assets import PAGES, asset
from pages.shared.server.owner import COOKIE
from pages.shared.server.pack import IMPORT, own_scripts, pack, pack_address, placed, streamlit_scripts
from pages.shared.server.streamlit_files import STREAMLIT
from tests.pages.door import door


def packed() -> dict[str, str]:
    """The files in the pack by their addresses."""
    text = gzip.decompress(pack()[1]).decode()
    files: dict[str, str] = json.JSONDecoder().raw_decode(text, text.index("{", text.index("FILES")))[0]
    return files


def test_a_page_begins_with_the_pack_and_its_entry(tmp_path: Path) -> None:
    with door(tmp_path) as client:
        for address in ("/", "/classifier", "/logging"):
            answer = client.get(address, headers={"accept": "text/html", "if-none-match": "x"})
            assert answer.status_code == 200
            assert answer.text.count(f'<script src="./{pack_address()}"></script>') == 1
            [entry] = re.findall(r'<script type="module">import "\./([^"]+)"</script>', answer.text)
            assert answer.text.index(pack_address()) < answer.text.index(entry)
            assert entry in streamlit_scripts()
            assert "etag" not in answer.headers and COOKIE in client.cookies
            preloaded = re.findall(r'rel="modulepreload" crossorigin href="\./([^"]+)"', answer.text)
            assert not set(preloaded) & set(streamlit_scripts())
        assert "/assets/pack/" not in client.get("/classifier/missing").text


def test_the_pack_is_kept_for_ever(tmp_path: Path) -> None:
    with door(tmp_path) as client:
        answer = client.get(pack_address(), headers={"accept-encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip" and "immutable" in answer.headers["cache-control"]
        assert int(answer.headers["content-length"]) < 1_100_000
        assert client.get("/assets/pack/0123456789ab.js").status_code == 404


def test_every_import_in_the_pack_leads_to_a_file() -> None:
    files = packed()
    assert set(files) == {*streamlit_scripts(), *own_scripts()}
    for path, text in files.items():
        assert not IMPORT.findall(text), path
        assert "import.meta.url" not in text, path
    own = pages_scripts()
    for text in files.values():
        for named in re.findall(r"""(?:from|import)\s*\(?\s*["'`]((?:static|assets)/[^"'`]+\.js)["'`]""", text):
            assert named in own or STREAMLIT.joinpath(named).is_file(), named


def pages_scripts() -> set[str]:
    """The addresses of all scripts of the pages."""
    return {asset(path.relative_to(PAGES).as_posix()) for path in PAGES.rglob("*.js")}


def test_every_module_that_a_page_loads_is_in_the_pack() -> None:
    named = {
        match
        for path in PAGES.rglob("*.py")
        for match in re.findall(r'"([a-z_]+/[a-z_/]+\.js)"', path.read_text(encoding="utf-8"))
    }
    assert len(named) > 5
    named.remove("js/load.js")  # what Streamlit is given of each component, as text
    assert {asset(path) for path in named} <= set(own_scripts())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('import{a as b}from"./x.js";', 'import{a as b}from"static/js/x.js";'),
        ('import"./x.js";', 'import"static/js/x.js";'),
        (
            "f(()=>import(`./x.js`),d,import.meta.url)",
            'f(()=>import(`static/js/x.js`),d,new URL("static/js/y.js",document.baseURI).href)',
        ),
        ('import { a } from "../css/x.js";', 'import { a } from "static/css/x.js";'),
        ('const names = ["./x.js"];', 'const names = ["./x.js"];'),
    ],
)
def test_imports_are_named_by_their_addresses(before: str, after: str) -> None:
    assert placed("static/js/y.js", before) == after
