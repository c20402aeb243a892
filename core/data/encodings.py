"""Text of a person's files: which encoding it is in, as far as its bytes tell."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
"""What a file may begin with -> Python's codec, and its name."""
CONTROLS = "".join(map(chr, (*range(9), *range(14, 32))))
"""Characters that no text has."""
CODECS = {
    "UTF-8": "utf-8",
    "GB18030": "gb18030",
    "Windows-1252": "cp1252",
    "CP437": "cp437",
    "Big5": "cp950",
    "Shift_JIS": "cp932",
    "EUC-KR": "euc_kr",
    "Windows-1251": "cp1251",
}
"""Encodings that only the words themselves can tell apart."""
SCRIPTS = {
    "Shift_JIS": re.compile("[^\uff61-\uff9f]+"),  # no half-width kana, as which other encodings can be read
    "EUC-KR": re.compile("[\uac00-\ud7a3]+"),
    "Windows-1251": re.compile(
        "[\u0410-\u044f\u0401\u0451\u0404\u0406\u0407\u040e\u0454\u0456\u0457\u045e\u0490\u0491]+"
    ),
}
"""What all letters outside ASCII have to be for a text in that encoding: nearly any bytes decode in it."""
KANA = re.compile("[\u3041-\u30ff]")
"""A letter of Japanese that no Chinese text has, as wide as a character."""
CYRILLIC_WORD = re.compile(rb"[\xc0-\xff\xa8\xb8]*[\xe0-\xff\xb8]{3}")
"""Three small letters of Windows-1251 in a row: accents stand alone, and no Chinese in use has such bytes."""


def decoded(content: bytes, wanted: str = "") -> tuple[str, str, tuple[str, ...]]:
    """The text of a file.

    Args:
        wanted: the encoding that the person chose, if any.

    Returns:
        the text, the name of its encoding, and the names that are possible, where it could be several.

    Raises:
        UnicodeDecodeError: it is no text.
    """
    for mark, codec, name in MARKS:
        if content.startswith(mark):
            return content.decode(codec).removeprefix("\ufeff"), name, ()
    wide = _without_mark(content)
    if wide:
        return content.decode(wide), "UTF-16", ()
    try:
        return content.decode("utf-8"), "UTF-8", ()
    except UnicodeDecodeError:
        possible = plausible(content, ("GB18030", "Windows-1252", "Big5", *SCRIPTS))
        if not possible:
            raise
    order = ("GB18030", "Big5", "Windows-1252") if is_chinese(content) else ("Windows-1252", "GB18030", "Big5")
    likely = next(name for name in (*by_script(content), *order, *SCRIPTS) if name in possible)
    name = wanted if wanted in possible else likely
    return content.decode(CODECS[name]), name, possible if len(possible) > 1 else ()


def plausible(content: bytes, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the encodings that the bytes may be words in."""
    return tuple(name for name in names if is_text(content, CODECS[name]) and _has_script(content, name))


def by_script(content: bytes) -> tuple[str, ...]:
    """The encoding that letters of one script alone tell, if any; Korean looks as Chinese does, and is not told."""
    if is_text(content, CODECS["Shift_JIS"]):
        letters = [letter for letter in content.decode(CODECS["Shift_JIS"]) if not letter.isascii()]
        if 3 * len([letter for letter in letters if KANA.match(letter)]) >= len(letters) > 0:
            return ("Shift_JIS",)
    return ("Windows-1251",) if CYRILLIC_WORD.search(content) else ()


def _has_script(content: bytes, name: str) -> bool:
    if name not in SCRIPTS:
        return True
    letters = "".join(letter for letter in content.decode(CODECS[name]) if not letter.isascii())
    return SCRIPTS[name].fullmatch(letters) is not None


def is_chinese(content: bytes) -> bool:
    """Whether bytes that are not UTF-8 are words in GB18030 rather than accents of an alphabet.

    In GB2312 a character has two bytes of 161 or more, and the characters in use begin with a byte from 176 to 215;
    accented small letters, which stand alone between letters of ASCII, are at 223 and above.
    """
    common = rare = alone = 0
    at = 0
    while at < len(content):
        if content[at] < 0x80:
            at += 1
        elif at + 1 < len(content) and content[at] >= 0xA1 and content[at + 1] >= 0xA1:
            common += content[at] <= 0xD7
            rare += content[at] > 0xD7
            at += 2
        else:
            alone += 1
            at += 1
    return common > rare + alone


def is_text(content: bytes, codec: str) -> bool:
    """Whether bytes decode, and to nothing that no text has: control characters, and those of no language."""
    try:
        text = content.decode(codec)
    except UnicodeDecodeError:
        return False
    return not any(
        letter in CONTROLS or 0x7F <= ord(letter) < 0xA0 or 0xE000 <= ord(letter) < 0xF900 for letter in text
    )


def _without_mark(content: bytes) -> str:
    """The codec of UTF-16 without a mark at its beginning: in a table every second byte is zero, or most are."""
    start = content[:400]
    if len(content) % 2 or b"\0" not in start:
        return ""
    for codec, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if zeros.count(0) * 2 > len(zeros) and is_text(content, codec):
            return codec
    return ""
