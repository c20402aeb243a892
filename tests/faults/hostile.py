"""Files of all kinds that the app reads, damaged at random."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.blocks import BlocksRefused
from core.blocks.pasted import read_pasted
from core.data.csv_points import read_points
from core.data.csv_series import read_series
from core.data.csv_table import CsvRefused
from core.engine.manager import Manager
from core.engine.store import Store
from core.files import resuming
from core.files.saving import ENDINGS
from core.files.uploads import read
from core.files.uploads.images import images_of
from core.processes.confined import Unable
from tests.core.files.test_saving import made, trained
from tests.faults.events import Outcome, event

REFUSALS = (Unable, CsvRefused, BlocksRefused)
"""How the readers say in one sentence that they can't use a file."""
TOKENS = (b"\0", b"\xff" * 8, b"..", b"/", b"1e999", b"nan", b"-1", b"9" * 20, b'{"a":[[', b"\n", b";", b")")
"""Bytes that readers may stumble over."""
BLOCKS = "Conv2d(1,16,5,stride=1,padding=2), ReLU, MaxPool2d(2), Residual(Conv2d(16,16,3,padding=1), ReLU), Flatten"


def pictures() -> bytes:
    """A zip of small pictures in two folders."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(6):
            picture = io.BytesIO()
            Image.fromarray(np.full((9, 9), 30 * number, np.uint8)).save(picture, "PNG")
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", picture.getvalue())
    return file.getvalue()


def read_saved(data: bytes) -> Any:
    """What the pages do with a file of weights, or of a step to go on from."""
    value = read(data).value
    return resuming.check(value) if isinstance(value, dict) and "config" in value else value


def read_table(data: bytes) -> Any:
    """What the classifier's page does with a CSV."""
    return read_points(data, 500, 5)


def honest(folder: Path) -> list[tuple[str, bytes, Callable[[bytes], Any]]]:
    """An honest file of each format, and what reads it."""
    config, checkpoint = trained("cnn", folder)
    files = [(kind, made(kind, config, checkpoint), read_saved) for kind in ENDINGS]
    csv = b"x1,x2,label\n" + b"".join(b"%d,%d,%d\n" % (row, row * row, row % 2) for row in range(20))
    series = b"".join(b"%d.5\n" % row for row in range(60))
    return [
        *files,
        ("zip of pictures", pictures(), lambda data: images_of(data, False)),
        ("CSV", csv, read_table),
        ("series", series, read_series),
        ("pasted blocks", BLOCKS.encode(), lambda data: read_pasted(data.decode("utf-8", "replace"))),
    ]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A file with some of its bytes changed, lost, doubled, moved or added, most of them where its structure is."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        end = len(changed)
        near_an_end = chance.random() < 0.7
        at = chance.choice((chance.randrange(min(end, 400)), end - 1 - chance.randrange(min(end, 400))))
        at = at if near_an_end else chance.randrange(end)
        size = chance.choice((1, 4, 64, end // 3))
        match chance.randrange(6):
            case 0:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                del changed[at : at + size]
            case 2:
                changed[at:at] = changed[at : at + size]
            case 3:
                changed[at : at + size] = bytes(len(changed[at : at + size]))
            case 4:
                changed[at:at] = chance.choice(TOKENS)
            case 5:
                changed[at : at + size] = chance.randbytes(min(size, 64))
        if not changed:
            changed = bytearray(b"\0")
    return bytes(changed)


@event(short=60, long=500)
def hostile_files(times: int, folder: Path) -> Outcome:
    """Each is read, or refused in one sentence; the process that reads it dies at most by itself."""
    outcome = Outcome(times)
    folder.mkdir(parents=True)
    manager = Manager(Store(folder))
    manager.warm()
    refused = 0
    try:
        files = honest(folder)
        for _, data, reader in files:
            reader(data)
        for number in range(times):
            name, data, reader = files[number % len(files)]
            content = mutated(data, random.Random(number))
            try:
                reader(content)
            except REFUSALS as refusal:
                refused += 1
                sentence = str(getattr(refusal, "problem", refusal))
                if not sentence.strip() or "\n" in sentence or "Traceback" in sentence:
                    outcome.lost.append(f"{name} {number}: {sentence[:80]!r}")
            except Exception as error:  # whatever it is, it is what this looks for
                outcome.lost.append(f"{name} {number}: {error!r}"[:200])
    finally:
        manager.close()
    outcome.note = f"{refused} refused, each in one sentence"
    return outcome
