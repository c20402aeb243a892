"""All colours that mean something stand in the palette, which Python and the scripts read alike."""

import re
import tomllib
from pathlib import Path

import pytest

from pages.shared.pictures.palette import PALETTE, SOURCE, both_themes, read

ROOT = Path(__file__).parents[2]
COLOUR = re.compile(r"""["' :(,]#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b""")


def is_grey(colour: str) -> bool:
    digits = colour.lstrip("\"' :(,#").lower()
    parts = list(digits) if len(digits) == 3 else [digits[:2], digits[2:4], digits[4:]]
    return len(set(parts)) == 1


def colours_of(text: str) -> list[str]:
    return [colour for colour in COLOUR.findall(text) if not is_grey(colour)]


def test_no_colour_stands_anywhere_else() -> None:
    files = [path for kind in ("py", "js", "css") for path in (ROOT / "pages").rglob(f"*.{kind}") if path != SOURCE]
    assert len(files) > 100
    assert {str(path): colours_of(path.read_text()) for path in files if colours_of(path.read_text())} == {}


def test_such_a_colour_is_seen() -> None:
    assert colours_of('line={"color": "#d02f68"}') and colours_of("color: #c0392b;") and colours_of("(#abc, #888)")


def test_the_themes_name_the_same_colours_and_streamlit_has_the_primary_one() -> None:
    light, dark = PALETTE["light"], PALETTE["dark"]
    assert light.keys() == dark.keys() and light["lanes"].keys() == dark["lanes"].keys()
    assert len(light["classes"]) == len(dark["classes"]) == 10
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    assert [theme[name]["primaryColor"] for name in ("light", "dark")] == [light["primary"], dark["primary"]]


def test_components_get_the_colours_they_name() -> None:
    assert both_themes("wrong") == {
        "light": {"wrong": PALETTE["light"]["wrong"]},
        "dark": {"wrong": PALETTE["dark"]["wrong"]},
    }


@pytest.mark.parametrize(
    "text", ["export const PALETTE = {};\nlet x = 1;\n", "let x = 1;\nexport const PALETTE = {};\n", "", "{}"]
)
def test_a_script_that_is_more_than_the_palette_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="PALETTE"):
        read(text)
