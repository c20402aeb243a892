"""A person's own image for the 2-D cards: made small, kept for the next visit, seen by nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from core import disk
from core.config import Problem
from core.engine.manager import manager
from core.files.uploads.images import image_of
from core.layers.samples import MEGABYTES
from core.processes.confined import Unable
from pages.layers.form import CardForm
from pages.shared.panels.uploader import uploader
from pages.shared.person import session
from pages.shared.person.language import _, tell
from pages.shared.person.place import say_full, with_place


def _file(owner: str) -> Path:
    return manager().store.picture(owner)


def own_image(owner: str) -> np.ndarray | None:
    """The person's image, uint8 (H, W, 3), if there is one."""
    kept: np.ndarray | None = session.get("own image")
    if kept is None and not session.get("own image looked for"):
        session.put("own image looked for", True)
        try:
            with Image.open(_file(owner), formats=["PNG"]) as image:
                kept = np.asarray(image.convert("RGB"))
        except FileNotFoundError:
            return None
        except (OSError, SyntaxError, ValueError):  # Pillow's words for a damaged image
            if disk.set_aside(_file(owner)) is not None:
                session.put(
                    "own image problem", Problem("image", "Your image was damaged on the disk: choose it again.")
                )
            return None
        session.put("own image", kept)
    return kept


def own_image_panel(form: CardForm, own: np.ndarray | None) -> None:
    """Draw the popover in which an image is chosen."""
    config: Any = form.config
    with st.popover(_("Your own image"), icon=":material/add_photo_alternate:", width="stretch"):
        uploader(
            _("An image: PNG, JPEG, GIF, BMP or WebP"),
            f"own image of {form.card.name}",
            MEGABYTES,
            endings=["png", "jpg", "jpeg", "gif", "bmp", "webp"],
            on_change=with_place("own image", lambda: _take(form)),
            help=_(
                "Its middle is cut out and reduced to 48 x 48 pixels. It stays on this server; only you can see it."
            ),
        )
        say_full("own image")
        problem: Problem | None = session.get("own image problem")
        if problem is not None:
            st.error(tell(problem), icon=":material/error:")
    if config.image == "own" and own is None:
        st.info(_("You have not added an image yet, so the house is shown. Images are not part of a link."))


def _take(form: CardForm) -> None:
    file = session.get(f"own image of {form.card.name}")
    session.put("own image problem", None)
    if file is None:
        return
    try:
        image = image_of(file.getvalue())
        _keep(form.owner, image)
    except Unable as refused:
        session.put("own image problem", refused.problem)
        return
    except disk.DiskError as error:
        problem = Problem("image", "The image can't be stored: {reason}.", {"reason": error.reason})
        session.put("own image problem", problem)
        return
    session.put("own image", image)
    form.fill(form.config.changed(image="own"))


def _keep(owner: str, image: np.ndarray) -> None:
    path = _file(owner)
    disk.make_folder(path.parent)
    with disk.written(path) as file:
        Image.fromarray(image).save(file, "PNG")
    disk.sync_folder(path.parent)
