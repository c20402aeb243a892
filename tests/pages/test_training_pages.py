"""What every training page does: it opens, trains its experiment, and draws each of its sections."""

from __future__ import annotations

import base64
from collections.abc import Callable

from core.frames import decode
from pages.index import page_of
from pages.shared.server.assets import PAGES
from tests.experiments import over_all, smallest
from tests.pages.tabs import Tab
from tests.waiting import until


@over_all
def test_opens_trains_and_draws_every_section(name: str, open_tab: Callable[..., Tab]) -> None:
    row = page_of(name)
    assert row is not None, "pages/index.py has no page for it"
    config = smallest(name)
    page = open_tab().open(row.folder, **config.to_query())
    assert (page.config, page.errors) == (config, [])
    assert [title.value for title in page.at.title] == [row.heading]

    live = page.data_of()
    header, arrays = decode(base64.b64decode(live["preview"]))
    assert live["experiment"] == name and header["step"] == 0 and arrays
    assert live["lanes"] == ["run"] and live["num_steps"] == config.num_steps
    script = live["picture"]["module"].partition("/pages/")[2].partition("/")[2]
    assert (PAGES / script).is_file(), "its picture is a script that is served"

    run = page.play()
    until(lambda: not run.alive)
    assert (run.status, run.step) == ("finished", config.num_steps)
    assert page.run().data_of()["run"] == run.id
    assert {"steps", "code", "log", "runs"} <= set(page.sections)
    for section in page.sections:
        page.set(f"section {name}", section)
        assert page.errors == []


def test_play_takes_up_what_was_set_just_before(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("cnn", train_size="1000", num_epochs="1").set("section cnn", "log")
    page.widget("cnn.lr").set_value(0.002)  # no answer yet: over a slow link it arrives together with Play
    page.widget("log.histograms").set_value(True)
    run = page.play(paused=True)
    assert run.config.lr == 0.002 and page.current_run() is run
    assert page.manager.store.log_config(page.owner).histograms
    page.widget("cnn.lr").set_value(0.01)
    page.tell("reset")
    page.widget("cnn.lr").set_value(0.02)
    again = page.play(paused=True)
    assert again is not run and again.config.lr == 0.02
