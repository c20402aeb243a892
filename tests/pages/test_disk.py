"""What people read where the disk is full, or where something of theirs was damaged."""

from collections.abc import Callable

from core.engine.manager import Manager
from tests.full_disk import full_disk, needs_limits
from tests.pages.tabs import ANNE, BOB, Tab
from tests.waiting import until


@needs_limits
def test_pages_can_be_read_on_a_full_disk_and_say_what_is_not_stored(
    open_tab: Callable[..., Tab], manager: Manager
) -> None:
    page = open_tab().open("classifier")
    with full_disk():
        page.set("classifier.lr", 0.5)
        assert "Your settings can't be saved now" in page.data_of()["notice"]
        page.set("language_switch", "zh")
        page.run()
        assert "磁盘无法写入你的设置" in page.data_of()["notice"]
        again = open_tab().open("classifier")
        assert again.config.lr == 0.5, "it holds as long as the server runs"
        assert open_tab(BOB).open("home").errors == []
    until(lambda: manager.store.index.waiting(("preference", ANNE, "language")) is None)
    until(lambda: not manager.store.is_waiting(ANNE, "classifier"))
    assert page.run().data_of()["notice"] == ""


def test_the_space_that_runs_take_stands_below_them(open_tab: Callable[..., Tab], manager: Manager) -> None:
    page = open_tab().open("classifier", num_steps="10")
    run = page.play()
    until(lambda: (entry := manager.store.find(run.id)) and entry.status == "finished")
    page.set("section classifier", "runs")
    assert "Your runs on all pages take 0." in page.words and "of 2,000 MB" in page.words


def test_an_emptied_run_json_is_named_though_nobody_opens_the_run(
    open_tab: Callable[..., Tab], manager: Manager
) -> None:
    page = open_tab().open("classifier", num_steps="3")
    for _ in range(2):
        run = page.play()
        until(lambda run=run: (entry := manager.store.find(run.id)) and entry.status == "finished")  # type: ignore[misc]
    emptied, whole = manager.store.ids(ANNE)[::-1]
    manager._runs.clear()
    (manager.store.folder(emptied).path / "run.json").write_bytes(b"")
    later = open_tab().open("classifier")
    [sentence] = later.errors
    assert later.space.run_id == whole and "can't be opened" in sentence
    damage = manager.store.damage(ANNE)
    assert [(one.run, one.file) for one in damage] == [(emptied, "run.json")]
    assert open_tab().open("classifier").errors == [sentence]
    assert manager.store.damage(ANNE) == damage, "it is noted once"
    assert open_tab(BOB).open("classifier").errors == []


def test_what_was_damaged_is_named_to_its_owner_alone(open_tab: Callable[..., Tab], manager: Manager) -> None:
    page = open_tab().open("classifier", num_steps="10")
    run = page.play()
    until(lambda: (entry := manager.store.find(run.id)) and entry.status == "finished")
    manager._runs.clear()
    (run.folder.path / "run.json").write_bytes(b"")
    later = open_tab().open("classifier")
    assert later.space.run_id is None
    [sentence] = [error for error in later.errors if "run.json" in error.replace("\\", "").replace("\u2060", "")]
    assert "can't be opened" in sentence
    later.set("section classifier", "runs")
    assert "damaged and set aside" in later.words
    [button] = [element for element in later.at.button if element.key == f"open {run.id}"]
    assert button.disabled
    assert open_tab(BOB).open("classifier").errors == []
    assert [damage.file for damage in manager.store.damage(ANNE)] == ["run.json"]
