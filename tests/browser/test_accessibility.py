"""Every page for people who can't see it, or see it badly: axe-core's rules hold in both themes.

Left out is TensorBoard's frame, which is a program of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest

from pages.index import PAGES, Page
from tests.browser.app import ROOT
from tests.browser.conftest import Person
from tests.browser.screen import IDLE, Screen, choose

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
STREAMLITS_OWN = {
    ("presentation-role-conflict", '[data-testid="stFileUploaderDropzone"]'),
    ("scrollable-region-focusable", '[data-testid="stCode"] pre'),
}
"""What Streamlit's own markup violates: axe's rule, and a selector of the elements. All else is the app's to repair."""
AUDIT = """
async ([known, part, rules]) => {
  const here = document.querySelector(part);
  const runOnly = rules ? { runOnly: rules } : {};
  const options = { elementRef: true, iframes: false, resultTypes: ["violations"], ...runOnly };
  const { violations } = await axe.run({ include: here, exclude: 'iframe[src^="/tensorboard/"]' }, options);
  const used = new Set();
  const others = [];
  for (const { id, impact, nodes } of violations) {
    for (const { element, html, failureSummary } of nodes) {
      const entry = known.find(([rule, selector]) => rule === id && element.matches(selector));
      if (entry) used.add(entry.join("|"));
      else others.push(`${id} (${impact}): ${html.slice(0, 200)} ${failureSummary.split("\\n")[1].trim()}`);
    }
  }
  return { used: [...used], others };
}
"""
RULES: dict[Literal["light", "dark"], list[str] | None] = {
    "light": None,
    "dark": ["color-contrast", "link-in-text-block"],
}
"""Theme -> the rules that are tried in it, None for all: a theme has colours, and nothing else of its own."""
AT_REST = f"""
{IDLE}
&& !document.querySelector('[data-stale="true"], link[data-view="loading"]')
&& document.getAnimations().every(({{ playState }}) => playState !== "running")
&& getComputedStyle(document.querySelector(".stApp")).colorScheme === it
&& [...document.querySelectorAll('[data-testid="live-view"]')].every(({{ dataset }}) => dataset.theme === it)
"""
"""All is drawn, in the theme asked for, and nothing fades in or out."""


@pytest.fixture(autouse=True)
def _with_axe() -> None:
    if not AXE.exists() and not os.environ.get("CI"):
        pytest.skip("axe-core is not installed: npm ci")


class Auditor:
    """Looks at pages with axe-core.

    Attributes:
        violations: where -> what is violated there that isn't Streamlit's own.
        used: the entries of STREAMLITS_OWN that were met.
    """

    def __init__(self, screen: Screen):
        self.screen = screen
        self.violations: dict[str, list[str]] = {}
        self.used: set[tuple[str, ...]] = set()

    def open(self, row: Page) -> None:
        """Open a page, and make it ready to be looked at."""
        path = "" if row.folder == "home" else row.url_path
        self.screen.page.goto(f"{self.screen.url}/{path}")
        if row.experiment:
            self.screen.shown()
        self.screen.page.wait_for_selector('[data-testid="stMain"] h1')
        self.screen.page.evaluate(AXE.read_text(encoding="utf-8"))

    def look(self, where: str, part: str = "body") -> None:
        """Look at a part of the page, in both themes."""
        for theme, rules in RULES.items():
            self.screen.page.emulate_media(color_scheme=theme)
            self.screen.until(AT_REST, theme)
            outcome: dict[str, Any] = self.screen.page.evaluate(AUDIT, [sorted(STREAMLITS_OWN), part, rules])
            self.used |= {tuple(entry.split("|", 1)) for entry in outcome["used"]}
            if outcome["others"]:
                self.violations[f"{where}, {theme}"] = outcome["others"]


@pytest.fixture
def auditor(person: Callable[..., Person]) -> Iterator[Auditor]:
    """One tab that goes from page to page; what is found anywhere fails the test at its end."""
    auditor = Auditor(person().tab())
    yield auditor
    auditor.screen.page.emulate_media(color_scheme="light")
    assert not auditor.violations, "\n".join(f"{where}: {what}" for where, what in auditor.violations.items())


@pytest.mark.one_in(3)
@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.folder)
def test_no_page_violates_a_rule(auditor: Auditor, row: Page) -> None:
    auditor.open(row)
    auditor.look(row.folder)


@pytest.mark.long
def test_no_section_of_a_page_violates_a_rule(auditor: Auditor) -> None:
    for row in PAGES:
        auditor.open(row)
        sections = auditor.screen.page.get_by_role("radiogroup", name="Sections")
        for title in sections.get_by_role("radio").all_inner_texts()[1:] if sections.count() else ():
            choose(sections.get_by_role("radio", name=title, exact=True))
            auditor.look(f"{row.folder}, {title}", '[data-testid="stMain"]')
    assert auditor.used == STREAMLITS_OWN, "what is no longer violated does not belong into the list"
