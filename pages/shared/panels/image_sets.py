"""The images that do not come with the app: sets fetched at a click, and a person's own from a zip."""

from __future__ import annotations

from collections import Counter
from typing import Any

import streamlit as st

from core import limits
from core.config import ConfigError, Problem
from core.data import downloads, image_sets
from core.data.own_images import MAX_CLASSES, ZipReading, own_file, own_tests, save_own
from core.disk import DiskError
from core.engine.manager import manager
from core.engine.retention import keep_images
from core.files.uploads.images import images_of
from core.processes.confined import Unable
from pages.shared.form.workspace import Workspace
from pages.shared.panels.uploader import uploader
from pages.shared.person import session
from pages.shared.person.language import _, joined, listed, plain, tell
from pages.shared.person.place import say_full, with_place


def download_panel(space: Workspace) -> None:
    """Where the chosen set is not on this machine: a button that fetches it."""
    config: Any = space.config
    name = downloads.FETCHED.get(config.dataset)
    if name and image_sets.missing(config):
        _panel(name)


@st.fragment(run_every=0.5)
def _panel(name: str) -> None:
    here = downloads.under_way(name)
    if here is not None and here.done and here.problem is None:
        st.rerun()
    with st.container(border=True):
        if here is not None and not here.done:
            st.progress(here.share, _("Fetching {name}: {percent}").format(name=name, percent=f"{here.share:.0%}"))
            return
        failed = here is not None and here.problem is not None
        if failed:
            st.error(tell(here.problem), icon=":material/error:")  # type: ignore[union-attr, arg-type]
        else:
            megabytes = f"{downloads.BYTES[name] / 1e6:.0f}"
            st.markdown(
                _(
                    "{name} is not on this machine yet. It is fetched once, {megabytes} MB, for all who use this app."
                ).format(name=name, megabytes=megabytes)
            )
        st.button(
            _("Try again") if failed else _("Download"),
            icon=":material/download:",
            on_click=with_place("download", lambda: downloads.start(name)),
        )
        say_full("download")


def class_words(config: image_sets.Choice) -> list[str]:
    """The classes' names, those of the coloured shapes in the session's language."""
    shapes = {"circle": _("circle"), "ring": _("ring"), "half disc": _("half disc"), "crescent": _("crescent")}
    shapes |= {"triangle": _("triangle"), "square": _("filled square"), "bar": _("bar"), "cross": _("cross")}
    shapes |= {"star": _("star"), "two dots": _("two dots")}
    names = image_sets.class_names(config)
    return [shapes.get(name, name) for name in names] if config.dataset == "shapes" else names


def own_images(space: Workspace, colour: bool = False) -> None:
    """A zip with a folder of images for each class, to train on, in grey or in colour."""
    config: Any = space.config
    chosen = session.get(space.key("dataset")) == "own"
    with st.expander(_("Own images from a zip"), expanded=chosen):
        uploader(
            _("A zip with a folder for each class"),
            space.key("images file"),
            limits.UPLOAD_MB,
            endings=["zip"],
            help=(
                _("2 to {classes} folders. Images become 32 x 32, in colour.")
                if colour
                else _("2 to {classes} folders. Images become grey, 28 x 28, light on black.")
            ).format(classes=MAX_CLASSES),
        )
        st.button(_("Use these images"), on_click=with_place("images", lambda: _take_zip(space, colour)))
        say_full("images")
        refused = session.get(f"zip problem {space.name}")
        if refused:
            st.error(tell(refused), icon=":material/error:")
        if space.refused:
            config = type(config).model_construct(**space.refused)
        file = own_file(config.own_images, downloads.folder() / "own")
        if config.dataset == "own" and file.is_file() and not image_sets.missing(config):
            reading: ZipReading | None = session.get(f"zip told {config.own_images}")
            st.caption(_taken(config, reading))
            if reading is not None:
                _choices(space, reading, colour)
            st.download_button(
                _("Download for the script"),
                file.read_bytes(),
                file.name,
                on_click="ignore",
                help=_("The script looks for this file in the folder data/own beside it."),
            )


def _taken(config: Any, reading: ZipReading | None) -> str:
    """What was taken of the zip: how many images, which classes, and what is not plain."""
    names = listed(plain(name) for name in image_sets.class_names(config))
    sentences = [
        _("{train} images to train on and {test} for testing, in {classes} classes: {names}.").format(
            train=config.image_set.train,
            test=own_tests(config.own_images, downloads.folder() / "own"),
            classes=config.n_classes,
            names=names,
        )
    ]
    if reading is not None and reading.blank:
        sentences.append(_("One single colour all over, without a picture: {count}.").format(count=reading.blank))
    if reading is not None and reading.unread:
        sentences.append(
            _("Left out, since images of this kind are not read: {kinds}.").format(
                kinds=listed(f"{count} × {ending}" for ending, count in Counter(reading.unread).items())
            )
        )
    return joined(*sentences)


def _choices(space: Workspace, reading: ZipReading, colour: bool) -> None:
    """Draw a select box where the zip's folders could be read in another way."""
    mark = session.get(f"zip mark {space.name}")
    upload: Any = session.get(space.key("images file"))
    if upload is None or upload.file_id != mark:
        return
    another = with_place("images", lambda: _take_zip(space, colour))
    levels = list(reading.levels)
    if reading.level is not None and len(levels) > 1:
        st.selectbox(
            _("Folders that are the classes"),
            levels,
            index=levels.index(reading.level),
            format_func=lambda level: (
                listed(reading.levels[level][:4]) + (" …" if len(reading.levels[level]) > 4 else "")
            ),
            key=space.key(f"zip {mark} level"),
            on_change=another,
        )
    if reading.encodings:
        st.selectbox(
            _("Encoding of their names"),
            reading.encodings,
            index=reading.encodings.index(reading.encoding),
            key=space.key(f"zip {mark} encoding"),
            on_change=another,
        )


def _take_zip(space: Workspace, colour: bool) -> None:
    upload: Any = session.get(space.key("images file"))
    session.put(f"zip problem {space.name}", None)
    try:
        if upload is None:
            raise Unable(Problem("", "Choose a zip first."))
        mark = upload.file_id
        wanted = ZipReading(
            session.get(space.key(f"zip {mark} level")), session.get(space.key(f"zip {mark} encoding")) or ""
        )
        images, labels, names, reading = images_of(upload.getvalue(), colour, wanted)
        key = save_own(images, labels, names, downloads.folder() / "own")
        keep_images(manager().store, session.owner(), key)
        chosen = {**dict(space.config), "dataset": "own", "own_images": key}
        problems = _problems(space, chosen)
    except Unable as error:
        session.put(f"zip problem {space.name}", error.problem)
    except DiskError as error:
        problem = Problem("", "The images can't be stored: {reason}.", {"reason": error.reason})
        session.put(f"zip problem {space.name}", problem)
    else:
        session.put(f"zip told {key}", reading)
        session.put(f"zip mark {space.name}", mark)
        if set(problems) <= {"blocks"}:  # another number of classes: the list of blocks says what would help
            session.put(space.key("dataset"), "own")
            session.put(space.key("own_images"), key)
            space.submit(chosen)
            space.refill |= set() if problems else {"dataset", "own_images"}
        else:
            session.put(f"zip problem {space.name}", next(iter(problems.values())))


def _problems(space: Workspace, values: dict[str, Any]) -> dict[str, Problem]:
    """What is wrong with values of the form, by field."""
    try:
        type(space.config).create(values)
    except ConfigError as error:
        return {problem.field: problem for problem in error.problems}
    return {}
