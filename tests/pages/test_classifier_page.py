"""The classifier's page without a browser: the form, the run behind it, links, own points, and the sections."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest

from core.engine.manager import Manager
from core.experiments.classifier import MAX_POINTS, ClassifierConfig

from conftest import BOB, Tab, until

SECTIONS = ("lesson", "steps", "network", "code", "bugs", "runs")
CHANGES = {
    "dataset": "circles",
    "n_classes": 4,
    "points_per_class": 50,
    "spread": 2.0,
    "noise": 0.1,
    "test_fraction": 0.3,
    "features": ["x1", "x1*x2"],
    "standardize": True,
    "activation": "Tanh",
    "dropout": 0.25,
    "batch_norm": True,
    "init": "xavier_uniform_",
    "seed": 7,
    "optimizer": "Adam",
    "lr": 0.5,
    "momentum": 0.9,
    "nesterov": True,
    "batch_size": 32,
    "weight_decay": 0.01,
    "l1": 0.002,
    "loss": "MSELoss",
    "num_steps": 1000,
    "evaluate_every": 2,
    "stop": "plateau",
    "target_accuracy": 0.9,
    "patience": 50,
    "device": "cpu",
    "bugs": ["softmax"],
}
"""What each widget is moved to."""
FIRST = {
    "n_classes": [("dataset", "blobs")],
    "nesterov": [("momentum", 0.9)],
    "target_accuracy": [("stop", "accuracy")],
    "patience": [("stop", "plateau")],
}
"""What must be chosen before a widget is there, or can be used."""
GOOD_CSV = "1.5,2,a\n-1,0.5,b\n2,-1,a\n-2,-2.25,b\n"
MARKUP = "<script>alert(1)</script>![x](https://example.org/x.png)[y](https://example.org) $x$ :red[z]"


def steps_of(run: object) -> list[int]:
    """The steps in a run's history."""
    return list(run.history["run"]["loss/train"]["step"])  # type: ignore[attr-defined]


# The form


def test_every_setting_has_a_control_and_a_test() -> None:
    assert {*CHANGES, "hidden_sizes", "points"} == set(ClassifierConfig.model_fields)


@pytest.mark.parametrize("name", CHANGES)
def test_each_control_changes_the_config(page: Tab, name: str) -> None:
    if name == "bugs":
        page.set("section classifier", "bugs")
    for other, value in FIRST.get(name, []):
        page.set(f"classifier.{other}", value)
    wanted = tuple(CHANGES[name]) if isinstance(CHANGES[name], list) else CHANGES[name]
    assert getattr(page.config, name) != wanted
    before = page.config
    page.set(f"classifier.{name}", CHANGES[name])
    assert page.config == before.changed(**{name: wanted})
    assert page.errors == []
    assert page.run().config == before.changed(**{name: wanted}), "a rerun changes nothing"


def test_hidden_layers_each_have_their_size(page: Tab) -> None:
    page.set("classifier.hidden_sizes", 3)
    assert page.config.hidden_sizes == (10, 10, 10)
    page.set("classifier.hidden_sizes.1", 24)
    assert page.config.hidden_sizes == (10, 24, 10)
    page.set("classifier.hidden_sizes", 2)
    assert page.config.hidden_sizes == (10, 24)
    page.set("classifier.hidden_sizes", 0)
    assert page.config.hidden_sizes == ()
    page.set("classifier.hidden_sizes", 1)
    assert len(page.config.hidden_sizes) == 1
    page.set("classifier.hidden_sizes", 6)
    assert len(page.config.hidden_sizes) == 6


def test_controls_that_make_no_sense_are_not_shown(page: Tab) -> None:
    shown = {widget.key for widget in [*page.at.slider, *page.at.toggle]}
    assert "classifier.n_classes" not in shown
    assert {"classifier.momentum", "classifier.nesterov"} <= shown
    page.set("classifier.optimizer", "Adam")
    assert not {"classifier.momentum", "classifier.nesterov"} & {w.key for w in [*page.at.slider, *page.at.toggle]}


def test_every_control_has_a_help_text(page: Tab) -> None:
    controls = [widget for widget in [*page.at.slider, *page.at.selectbox, *page.at.toggle, *page.at.number_input]]
    controls += [*page.at.select_slider]
    helpless = [w.label for w in controls if not w.proto.help and "hidden_sizes." not in w.key]
    assert len(controls) > 20
    assert helpless == []


def test_untrained_picture_before_play(page: Tab) -> None:
    told = page.told()
    assert told["run"] is None
    assert told["preview"]
    assert len(told["picture"]["train"]["x"]) == 200
    assert told["picture"]["layers"][1]["size"] == 10
    page.set("classifier.seed", 2)
    assert page.told()["preview"] != told["preview"]


def test_learning_rate_of_a_link_that_is_on_no_tick(tab: Callable[..., Tab]) -> None:
    visit = tab().open("classifier", lr="0.0375")
    assert visit.config.lr == 0.0375
    assert visit.at.get_by_key("classifier.lr").value == 0.0375
    assert visit.run().config.lr == 0.0375


def test_tutorials_settings(page: Tab) -> None:
    page.set("classifier.dataset", "moons").set("classifier.hidden_sizes", 2).set("classifier.lr", 5.0)
    page.press("Tutorial's settings")
    assert page.config == ClassifierConfig()
    assert page.at.get_by_key("classifier.dataset").value == "clouds"
    assert page.at.get_by_key("classifier.lr").value == 0.02


# What can't be combined


def test_nesterov_without_momentum(page: Tab) -> None:
    before = page.config
    page.set("classifier.nesterov", True)
    assert page.errors == ["Nesterov needs SGD with a momentum above 0."]
    assert page.config == before
    page.set("classifier.momentum", 0.9)
    assert page.errors == []
    assert page.config == before.changed(momentum=0.9, nesterov=True)


def test_nesterov_and_then_adam(page: Tab) -> None:
    page.set("classifier.momentum", 0.9).set("classifier.nesterov", True).set("classifier.optimizer", "Adam")
    assert len(page.errors) <= 1
    page.set("classifier.optimizer", "SGD")
    assert page.errors == []
    assert page.config.optimizer == "SGD"


def test_batch_norm_with_a_last_batch_of_one(page: Tab) -> None:
    page.set("classifier.batch_norm", True)
    before = page.config
    page.set("classifier.batch_size", 199)
    [sentence] = page.errors
    assert "last batch has one point" in sentence
    assert page.config == before
    assert page.at.get_by_key("classifier.batch_size").value == 199, "what was typed is still there"
    page.set("classifier.batch_size", 100)
    assert page.errors == []
    assert page.config.batch_size == 100


def test_own_points_without_points(page: Tab) -> None:
    page.set("classifier.dataset", "own")
    [sentence] = page.errors
    assert sentence.startswith("Own points only")
    assert page.config.dataset == "clouds"
    assert page.told()["preview"]


def test_no_feature_at_all(page: Tab) -> None:
    page.set("classifier.features", [])
    assert len(page.errors) == 1
    assert "Choose at least one" in page.errors[0]
    assert page.config.features == ("x1", "x2")


def test_invalid_form_leaves_a_running_run_alone(page: Tab) -> None:
    run = page.play(speed=30)
    page.set("classifier.nesterov", True)
    assert page.space.run_id == run.id
    at = run.step
    until(lambda: run.step > at + 3)
    assert run.status == "running"


# A run


def test_play_shows_the_run(page: Tab) -> None:
    run = page.play()
    assert page.told()["run"] == run.id
    assert page.told()["socket"] == f"/live/{run.id}"
    until(lambda: run.status == "finished")
    assert steps_of(run) == list(range(1, 301))


def test_hidden_layers_restart_a_running_run_and_keep_its_record(page: Tab) -> None:
    first = page.play(speed=30)
    until(lambda: run_has(first, 3))
    page.set("classifier.hidden_sizes", 3)
    second = page.shown()
    assert second.id != first.id
    assert second.status == "running"
    assert second.speed == 30
    assert second.config.hidden_sizes == (10, 10, 10)
    until(lambda: first.status == "stopped")
    assert first.step >= 3
    assert [row["step"] for row in first.folder.rows("run")] == list(range(1, first.step + 1))
    assert page.told()["ghost"] == f"/live/{first.id}/history"
    until(lambda: run_has(second, 1))


def test_change_while_paused_starts_nothing(page: Tab) -> None:
    run = page.play(paused=True, steps=1)
    until(lambda: run.status == "paused" and run.step == 1)
    page.set("classifier.hidden_sizes", 2)
    assert page.space.run_id is None
    assert page.told()["run"] is None
    until(lambda: run.status == "stopped")


def test_change_after_the_end_goes_back_to_the_untrained_picture(page: Tab) -> None:
    run = page.play()
    until(lambda: run.status == "finished")
    page.set("classifier.activation", "Tanh")
    assert page.told()["run"] is None
    assert run.status == "finished"


def test_learning_rate_acts_on_the_running_run(page: Tab) -> None:
    run = page.play(speed=30)
    until(lambda: run_has(run, 2))
    page.set("classifier.lr", 0.5)
    assert page.space.run_id == run.id
    until(lambda: 0.5 in run.lr_changes.values())
    [step] = run.lr_changes
    assert 2 < step <= run.step + 1
    until(lambda: run.step > step + 2)
    assert run.status == "running"
    assert run.config.lr == 0.02, "the run's config is what it began with"
    page.set("classifier.hidden_sizes", 2)
    assert page.shown().config.lr == 0.5


def test_more_steps_after_the_end_go_on(page: Tab) -> None:
    page.set("classifier.num_steps", 20)
    first = page.play()
    until(lambda: first.status == "finished")
    page.set("classifier.num_steps", 50)
    assert page.space.run_id == first.id
    second = page.play()
    assert second.id != first.id
    until(lambda: second.status == "finished")
    assert steps_of(second) == list(range(1, 51))
    assert second.history["run"]["loss/train"]["value"][:20] == first.history["run"]["loss/train"]["value"]


def test_more_steps_while_it_runs(page: Tab) -> None:
    page.set("classifier.num_steps", 20)
    first = page.play(speed=30)
    until(lambda: run_has(first, 2))
    page.set("classifier.num_steps", 30)
    assert page.space.run_id == first.id
    until(lambda: first.status == "finished")
    second = page.play()
    until(lambda: second.status == "finished")
    assert steps_of(second) == list(range(1, 31))


def test_play_again_after_the_end_begins_anew(page: Tab) -> None:
    page.set("classifier.num_steps", 20)
    first = page.play()
    until(lambda: first.status == "finished")
    second = page.play()
    until(lambda: second.status == "finished")
    assert second.id != first.id
    assert second.history == first.history


def test_reset(page: Tab) -> None:
    run = page.play(speed=30)
    preview = page.told()["preview"]
    until(lambda: run_has(run, 2))
    page.tell("reset")
    assert page.told()["run"] is None
    assert page.told()["preview"] == preview
    assert not run.alive
    assert run.folder.rows("run")
    assert page.config == ClassifierConfig()


def test_one_step_and_one_epoch(page: Tab) -> None:
    page.set("classifier.batch_size", 50)
    run = page.play(paused=True, steps="epoch")
    until(lambda: run.status == "paused" and run.step == 4)
    page.tell("play", speed=0, paused=True, steps=1)
    until(lambda: run.step == 5)
    assert page.space.run_id == run.id


def test_resume_from_a_kept_step(page: Tab) -> None:
    page.set("classifier.num_steps", 40)
    first = page.play()
    until(lambda: first.status == "finished")
    middle = first.kept[len(first.kept) // 2]
    page.tell("resume", step=middle, speed=0)
    second = page.shown()
    assert second.id != first.id
    until(lambda: second.status == "finished")
    assert second.history == first.history


def test_resume_from_a_step_that_was_not_kept(page: Tab) -> None:
    page.set("classifier.num_steps", 40)
    run = page.play()
    until(lambda: run.status == "finished")
    page.tell("resume", step=39_999, speed=0)
    assert page.errors == ["Step 39999 of that run was not kept."]
    assert page.space.run_id == run.id


@pytest.mark.parametrize("order", [{}, {"speed": "fast"}, {"speed": -1, "steps": 10**9}, {"speed": 1e308, "paused": []}])
def test_orders_of_a_browser_gone_mad(page: Tab, order: dict[str, object]) -> None:
    page.tell("play", **order)
    assert 0 <= page.shown().speed <= 100_000


def test_everything_is_there_on_the_next_visit(tab: Callable[..., Tab], page: Tab) -> None:
    page.set("classifier.dataset", "moons").set("classifier.hidden_sizes", 2)
    run = page.play(speed=30)
    until(lambda: run_has(run, 1))
    later = tab().open("classifier")
    assert later.config == page.config
    assert later.told()["run"] == run.id
    assert later.at.get_by_key("classifier.dataset").value == "moons"


def test_home_and_back(page: Tab) -> None:
    page.set("classifier.dataset", "moons").set("classifier.hidden_sizes", 2)
    run = page.play(speed=30)
    page.at.switch_page("pages/home.py")
    page.run()
    assert page.at.title.values == ["Torch Playground"]
    page.at.switch_page("pages/classifier.py")
    page.run()
    assert page.told()["run"] == run.id
    assert page.at.get_by_key("classifier.dataset").value == "moons"
    assert page.config.hidden_sizes == (10, 10)
    assert run.alive


def test_someone_else_sees_nothing_of_it(tab: Callable[..., Tab], page: Tab) -> None:
    page.set("classifier.dataset", "moons")
    page.play()
    other = tab(BOB).open("classifier")
    assert other.config == ClassifierConfig()
    assert other.told()["run"] is None
    assert other.told()["ghost"] is None
    assert "No runs yet" in other.set("section classifier", "runs").words


def run_has(run: object, steps: int) -> bool:
    """Whether the run has come that far."""
    return run.step >= steps  # type: ignore[attr-defined, no-any-return]


# Links


def linked(page: Tab) -> dict[str, str]:
    """The query of the page's share link."""
    [code] = [found for found in page.at.code if "://" in found.value]
    parts = urlsplit(code.value)
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "localhost:8501", "/classifier")
    return dict(parse_qsl(parts.query))


def test_link_restores_every_setting_and_starts_nothing(
    tab: Callable[..., Tab], page: Tab, manager: Manager
) -> None:
    page.set("classifier.dataset", "xor")
    for name in CHANGES.keys() - {"dataset", "n_classes", "bugs", "optimizer", "patience", "nesterov", "device"}:
        for other, value in FIRST.get(name, []):
            page.set(f"classifier.{other}", value)
        page.set(f"classifier.{name}", CHANGES[name])
    page.set("classifier.hidden_sizes", 2).set("classifier.hidden_sizes.0", 3)
    page.set("section classifier", "bugs").set("classifier.bugs", ["no_zero_grad", "high_lr"])
    page.at.get_by_key("classifier.csv text").set_value(GOOD_CSV)
    page.run().press("Use these points")
    assert page.errors == []
    query = linked(page)
    visit = tab(BOB).open("classifier", **query)
    assert visit.config == page.config
    assert visit.config.hidden_sizes == (3, 10)
    assert len(visit.config.points) == 4
    assert visit.told()["run"] is None
    assert manager.store.of(BOB, "classifier") == []
    assert visit.errors == []
    assert visit.at.get_by_key("classifier.seed").value == 7
    assert visit.run().config == page.config, "the form says the same"


def test_link_replaces_what_was_in_the_form(tab: Callable[..., Tab], page: Tab) -> None:
    page.set("classifier.dataset", "moons")
    run = page.play(speed=30)
    visit = tab().open("classifier", lr="0.5")
    assert visit.config == ClassifierConfig(lr=0.5)
    assert visit.told()["run"] is None
    assert run.alive, "a link stops nothing"


def test_link_opened_in_a_tab_that_is_already_there(page: Tab) -> None:
    page.set("classifier.hidden_sizes", 4)
    page.at.query_params = {"hidden_sizes": "5,6", "dataset": "moons"}
    page.run()
    assert page.config == ClassifierConfig(hidden_sizes=(5, 6), dataset="moons")
    assert page.at.get_by_key("classifier.hidden_sizes").value == 2
    assert page.run().config.dataset == "moons"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"learning_rate": "1"}, "There is no setting"),
        ({"momentun": "0.9"}, "did you mean “momentum”"),
        ({"lr": "1000"}, "from 0.0001 to 100"),
        ({"lr": "nan"}, "from 0.0001 to 100"),
        ({"lr": "inf"}, "from 0.0001 to 100"),
        ({"lr": ""}, "from 0.0001 to 100"),
        ({"num_steps": "1e9"}, "whole number from 1 to 50000"),
        ({"num_steps": "9" * 5000}, "from 1 to 50000"),
        ({"seed": "-1"}, "from 0 to 9999"),
        ({"dataset": "mnist"}, "is not one of"),
        ({"hidden_sizes": "10,0"}, "from 1 to 64"),
        ({"hidden_sizes": "1,2,3,4,5,6,7"}, "At most 6"),
        ({"hidden_sizes": "{}"}, "from 1 to 64"),
        ({"points": "1,2"}, "can't be read"),
        ({"points": "1,2,0_" * (MAX_POINTS + 1)}, "At most 2000"),
        ({"points": "x" * 100_000}, "can't be read"),
        ({"features": "x9"}, "is not one of"),
        ({"bugs": "softmax,softmax,softmax,softmax,softmax"}, "Choose"),
        ({"standardize": "perhaps"}, "neither true nor false"),
        ({"device": "toaster"}, "is not a device"),
        ({"nesterov": "true"}, "Nesterov needs"),
        ({"dataset": "own"}, "at least 4 points"),
        ({"dataset": "\0\ud7ff🔥"}, "is not one of"),
        ({"x" * 100_000: "1"}, "There is no setting"),
        ({"lr": "z" * 100_000}, "from 0.0001 to 100"),
        ({MARKUP: "1"}, "There is no setting"),
        ({"dataset": MARKUP}, "is not one of"),
        ({"__class__": "1"}, "There is no setting"),
        ({"model_config": "1"}, "There is no setting"),
        ({"experiment": "cnn"}, "There is no setting"),
    ],
    ids=lambda value: None if isinstance(value, str) else next(f"{k}={v}"[:30] for k, v in value.items()),
)
def test_bad_link_gives_one_clear_sentence(tab: Callable[..., Tab], query: dict[str, str], said: str) -> None:
    visit = tab().open("classifier", **{"spread": "2", **query})
    [sentence] = visit.errors
    assert said in sentence
    assert len(sentence) < 400
    assert "Traceback" not in visit.words
    assert "pydantic" not in sentence.lower()
    assert "![" not in sentence.replace("\\", "§"), "a link must not show a stranger's picture"
    assert visit.config == ClassifierConfig(spread=2), "what can be used is used"
    assert visit.run().errors == [], "it is said once"


def test_many_bad_settings_in_a_link(tab: Callable[..., Tab]) -> None:
    visit = tab().open("classifier", **{f"x{number}": "1" for number in range(500)}, lr="7")
    assert visit.config == ClassifierConfig(lr=7)
    assert 1 <= len(visit.errors) <= 10


# Own points


def paste(page: Tab, text: str) -> Tab:
    """Paste a CSV and take it."""
    page.set("classifier.csv text", text)
    return page.press("Use these points")


@pytest.mark.parametrize(
    ("text", "points"),
    [
        (GOOD_CSV, 4),
        ("x1,x2,label\n" + GOOD_CSV, 4),
        (GOOD_CSV.replace(",", ";"), 4),
        (GOOD_CSV.replace(",", "\t"), 4),
        (GOOD_CSV.replace("\n", "\r\n") + "\r\n\r\n", 4),
        ("\ufeff" + GOOD_CSV, 4),
        ("1,2,苹果\n3,4,梨\n5,6,苹果\n-1,-1,梨", 4),
        ("\n".join(f"{i / 500:.3f},{-i / 500:.3f},{i % 5}" for i in range(MAX_POINTS)), MAX_POINTS),
    ],
    ids=["plain", "titles", "semicolons", "tabs", "windows", "byte order mark", "chinese", "as many as fit"],
)
def test_good_csv(page: Tab, text: str, points: int) -> None:
    paste(page, text)
    assert page.errors == []
    assert page.config.dataset == "own"
    assert len(page.config.points) == points
    assert page.at.get_by_key("classifier.dataset").value == "own"
    assert page.run().config.dataset == "own"
    run = page.play()
    until(lambda: run.status == "finished")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2,a\n3,4,a\n5,6,a\n7,8,a", "All points have the same label"),
        ("1,2,a\nnan,4,b\n1,1,a\n2,2,b", "Line 2: “nan” is not a finite number"),
        ("1,2,a\n1,inf,b\n1,1,a\n2,2,b", "is not a finite number"),
        ("1,2,a\n1,1e9,b\n1,1,a\n2,2,b", "is too large"),
        ("1,2,a\n1,hello,b\n1,1,a\n2,2,b", "Line 2: “hello” is not a number"),
        ("Dear all,\nplease find the points attached.", "columns"),
        ("1,2\n3,4\n5,6\n7,8", "Line 1 has 2 columns"),
        ("1,2,\n3,4,b\n5,6,a\n7,8,b", "Line 1 has no label"),
        ("\n".join(f"{i},{i},{i}" for i in range(6)), "6 different labels; at most 5"),
        ("\n".join(f"0,{i % 7},{i % 2}" for i in range(MAX_POINTS + 1)), "2001 points; at most 2000"),
        ("1,1,a\n2,2,b", "at least 4 points"),
        ("   \n \n", "is empty"),
        ("1,2,a\0\n3,4,b", "not a text file"),
        ("1,2,a\n" * 200_000, "larger than 1 MB"),
        (f"1,2,a\n{MARKUP},4,b\n1,1,a\n2,2,b", "is not a number"),
    ],
    ids=[
        *("one class", "NaN", "infinite", "too large", "a word", "a letter", "two columns", "no label", "six labels"),
        *("too many", "too few", "empty", "binary", "too long", "markup"),
    ],
)
def test_bad_csv_says_why_and_loses_nothing(page: Tab, text: str, said: str) -> None:
    paste(page, GOOD_CSV)
    page.set("classifier.hidden_sizes", 2)
    before = page.config
    paste(page, text)
    [sentence] = page.errors
    assert said in sentence
    assert len(sentence) < 300
    assert "![" not in sentence.replace("\\", "§")
    assert page.config == before
    assert page.at.get_by_key("classifier.csv text").value == text, "the text can be corrected"
    paste(page, GOOD_CSV)
    assert page.errors == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (GOOD_CSV.encode(), None),
        (b"\x89PNG\r\n\x1a\n\xff\xfe" * 10, "not a text file"),
        (b"1,2,a\n" * 200_000, "larger than 1 MB"),
        (b"", "is empty"),
    ],
    ids=["good", "a picture", "too long", "empty"],
)
def test_uploaded_csv(page: Tab, data: bytes, said: str | None) -> None:
    page.at.get_by_key("classifier.csv file").upload(("points.csv", data, "text/csv"))
    page.run().press("Use these points")
    if said is None:
        assert page.errors == []
        assert len(page.config.points) == 4
    else:
        [sentence] = page.errors
        assert said in sentence
        assert page.config == ClassifierConfig()


def test_large_numbers_are_standardised(page: Tab) -> None:
    paste(page, "1000,2,a\n1500,3,b\n900,1,a\n1700,4,b")
    assert page.config.standardize
    assert page.at.get_by_key("classifier.standardize").value is True
    assert "standardised" in page.words


def test_remove_own_points(page: Tab) -> None:
    paste(page, GOOD_CSV).press("Remove all own points")
    assert page.errors == []
    assert page.config.points == ()
    assert page.config.dataset == "clouds"
    assert page.run().config.points == ()


def test_points_added_by_clicking(page: Tab) -> None:
    page.tell("point", x=1.0, y=1.0)
    assert page.config.points == (), "no class was chosen, so a click adds nothing"
    page.set("classifier.adding class", 3)
    assert page.told()["adding"] == {"label": 3}
    page.tell("point", x=1.23456, y=-2.0)
    assert page.config.points == ((1.235, -2.0, 3),)
    assert page.told()["picture"]["own"] == {"x": [1.235], "y": [-2.0], "label": [3]}
    assert page.config.n_output == 4


@pytest.mark.parametrize("point", [{"x": 1e9, "y": 0}, {"x": "1", "y": 0}, {"y": 0}, {"x": float("nan"), "y": 0}])
def test_impossible_click(page: Tab, point: dict[str, object]) -> None:
    page.set("classifier.adding class", 0)
    page.tell("point", **point)
    assert page.config.points == ()
    assert len(page.errors) <= 1


# The sections below


@pytest.mark.parametrize("trained", [False, True], ids=["untrained", "trained"])
@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_section_is_shown(page: Tab, section: str, trained: bool, language: str) -> None:
    page.set("language_switch", language)
    if trained:
        run = page.play()
        until(lambda: run.status == "finished")
    page.set("section classifier", section)
    assert page.errors == []


@pytest.mark.parametrize("bug", ClassifierConfig.settings()["bugs"].choices or {})
def test_bug_beside_the_correct_run(page: Tab, bug: str) -> None:
    page.set("section classifier", "bugs").set("classifier.bugs", [bug])
    assert page.told()["lanes"] == ["run", "correct"]
    floor = page.told()["picture"]["floor"]
    assert floor == pytest.approx(0.3133, abs=1e-4) if bug == "softmax" else floor is None
    run = page.play()
    until(lambda: not run.alive)
    assert set(run.history) == {"run", "correct"}


def marked(page: Tab) -> list[str]:
    """The marked lines of the code shown."""
    lines = page.told("code classifier")["lines"]
    return ["".join(text for _kind, text in line["parts"]).strip() for line in lines if line["marked"]]


def shown_code(page: Tab) -> str:
    """The code shown."""
    lines = page.told("code classifier")["lines"]
    return "\n".join("".join(text for _kind, text in line["parts"]) for line in lines) + "\n"


def test_code_is_a_program_with_changes_marked(page: Tab) -> None:
    page.set("section classifier", "code")
    for line in ("optimizer.zero_grad()", "loss.backward()", "optimizer.step()"):
        assert line in shown_code(page)
    compile(shown_code(page), "script.py", "exec")
    assert marked(page) == []
    page.set("classifier.activation", "Tanh")
    assert any("Tanh" in line for line in marked(page))
    compile(shown_code(page), "script.py", "exec")


def test_code_has_the_changes_made_while_it_trained(page: Tab) -> None:
    page.set("section classifier", "code").set("classifier.num_steps", 40)
    run = page.play(speed=200)
    until(lambda: run_has(run, 2))
    page.set("classifier.lr", 0.5)
    until(lambda: run.status == "finished")
    [step] = run.lr_changes
    page.run()
    assert any("0.5" in line and str(step) in line for line in marked(page))


def test_downloads(page: Tab) -> None:
    page.set("section classifier", "code")
    names = [found.proto.label for found in page.at.get("download_button")]
    assert names == ["Download .py", "Download .ipynb"]


def test_open_an_old_run(page: Tab) -> None:
    page.set("classifier.num_steps", 20).set("classifier.dataset", "moons")
    first = page.play()
    until(lambda: first.status == "finished")
    page.set("classifier.dataset", "xor").set("classifier.hidden_sizes", 3)
    second = page.play()
    until(lambda: second.status == "finished")
    page.set("section classifier", "runs")
    assert "dataset=moons" in page.words
    assert "test accuracy" in page.words
    page.press(f"open {first.id}")
    assert page.told()["run"] == first.id
    assert page.config.dataset == "moons"
    assert page.at.get_by_key("classifier.dataset").value == "moons"
    assert page.at.get_by_key("classifier.hidden_sizes").value == 1
    assert page.run().told()["run"] == first.id


def test_old_run_of_a_server_that_is_gone(page: Tab, manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    page.set("classifier.num_steps", 20)
    run = page.play()
    until(lambda: run.status == "finished")
    page.tell("reset")
    until(lambda: manager.store.find(run.id).status == "finished")  # type: ignore[union-attr]
    manager._runs.clear()
    page.set("section classifier", "runs").press(f"open {run.id}")
    assert steps_of(page.shown()) == list(range(1, 21))


def test_three_lines_by_hand(page: Tab) -> None:
    page.set("section classifier", "steps")

    def column(name: str) -> list[float]:
        return list(page.at.dataframe[0].value[name])

    def empty(name: str) -> bool:
        return bool(page.at.dataframe[0].value[name].isna().all())

    values = column("value")
    assert len(values) == 52
    assert empty(".grad")
    page.press("press backward")
    assert column("value") == values
    gradients = column(".grad")
    assert any(gradients)
    page.press("press step")
    expected = [value - 0.02 * gradient for value, gradient in zip(values, gradients, strict=True)]
    assert column("value") == pytest.approx(expected, abs=1e-7)
    assert column(".grad") == gradients
    page.press("press zero_grad")
    assert empty(".grad")
    page.press("press backward").press("press backward")
    assert "2 backward passes" in page.words
    page.press("Undo")
    assert "2 backward passes" not in page.words
    page.press("Start over")
    assert column("value") == values
    page.press("press backward").set("classifier.seed", 2)
    assert empty(".grad"), "another network starts over"


def test_network_section_is_fed_by_the_same_run(page: Tab) -> None:
    page.set("section classifier", "network")
    run = page.play(speed=30)
    assert page.told("network view classifier")["run"] == run.id
    assert json.dumps(page.told("network view classifier")["picture"]) == json.dumps(page.told()["picture"])
