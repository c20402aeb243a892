"""The images that do not come with the app: sets fetched at a click, and a person's own from a zip."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import limits
from core.config import ConfigError, Problem
from core.data import downloads, image_sets
from core.data.own_images import MAX_CLASSES, own_file, save_own
from core.disk import DiskError
from core.files.uploads.images import images_of
from core.processes.confined import Unable
from pages.shared.form.workspace import Workspace
from pages.shared.panels.uploader import uploader
from pages.shared.person import session
from pages.shared.person.language import _, tell
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
        file = own_file(config.own_images, downloads.folder() / "own")
        if config.dataset == "own" and file.is_file():
            st.caption(
                _("{train} images to train on, in {classes} classes.").format(
                    train=config.n_train, classes=config.n_classes
                )
            )
            st.download_button(
                _("Download for the script"),
                file.read_bytes(),
                file.name,
                on_click="ignore",
                help=_("The script looks for this file in the folder data/own beside it."),
            )


def _take_zip(space: Workspace, colour: bool) -> None:
    upload: Any = session.get(space.key("images file"))
    session.put(f"zip problem {space.name}", None)
    try:
        if upload is None:
            raise Unable(Problem("", "Choose a zip first."))
        key = save_own(*images_of(upload.getvalue(), colour), downloads.folder() / "own")
        config = space.config.changed(dataset="own", own_images=key)
    except Unable as error:
        session.put(f"zip problem {space.name}", error.problem)
    except ConfigError as error:
        session.put(f"zip problem {space.name}", error.problems[0])
    except DiskError as error:
        problem = Problem("", "The images can't be stored: {reason}.", {"reason": error.reason})
        session.put(f"zip problem {space.name}", problem)
    else:
        space.submit(dict(config))
        space.refill |= {"dataset"}
