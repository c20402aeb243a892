"""A server, a Chromium, and links between them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.benchmarks.thin.link import Link
from tests.benchmarks.thin.tab import Tab, visitor
from tests.browser.app import App, chromium


@dataclass(frozen=True)
class Place:
    """What is there.

    Attributes:
        app: the server, warm.
        browser: Chromium.
    """

    app: App
    browser: Browser

    @contextmanager
    def link(self) -> Iterator[Link]:
        """A link of its own in front of the app; it is fast at first."""
        link = Link(self.app.port)
        try:
            yield link
        finally:
            link.close()

    @contextmanager
    def tab(self, url: str, context: BrowserContext | None = None) -> Iterator[Tab]:
        """A tab; its runs end with it.

        Args:
            url: the app's, or a link's.
            context: whose it is; that of a new visitor, who leaves with it, if none is given.
        """
        owner = context or visitor(self.browser)
        tab = Tab(owner, url)
        try:
            yield tab
        finally:
            tab.page.close()
            if context is None:
                owner.close()
            self.app.end_workers()


@contextmanager
def place() -> Iterator[Place]:
    """A server of its own, on which somebody has been before, and a Chromium."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = App(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        made = Place(app, browser)
        try:
            with made.tab(app.url) as tab:
                tab.open("/classifier?num_steps=50000")
                tab.play(30)
            yield made
        finally:
            browser.close()
            app.end()
