"""The classifier's page without a browser: the form, the run behind it, links, own points, and the sections."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from core.engine.manager import Manager
from core.engine.run import Run
from core.experiments.classifier import MAX_POINTS, ClassifierConfig
from pages import index
from pages.shared.person import session
from tests.pages.tabs import BOB, Tab
from tests.waiting import PATIENCE, until

SECTIONS = ("lesson", "steps", "network", "code", "bugs", "runs")
CHANGES: dict[str, Any] = {
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
    "validation_fraction": 0.5,
    "target_accuracy": 0.9,
    "patience": 50,
    "device": "cpu",
    "bugs": ["softmax"],
}
"""What each widget is moved to."""
FIRST: dict[str, list[tuple[str, Any]]] = {
    "n_classes": [("dataset", "blobs")],
    "nesterov": [("momentum", 0.9)],
    "validation_fraction": [("stop", "validation_loss")],
    "target_accuracy": [("stop", "accuracy")],
    "patience": [("stop", "plateau")],
}
"""What must be chosen before a widget is there, or can be used."""
SLOW = 5.0
"""Steps a second with which 300 steps last for a minute: a run still trains after pages that take their time."""
GOOD_CSV = "1.5,2,a\n-1,0.5,b\n2,-1,a\n-2,-2.25,b\n"
MARKUP = "<script>alert(1)</script>![x](https://example.org/x.png)[y](https://example.org) $x$ :red[z]"


def steps_of(run: Run) -> list[int]:
    """The steps in a run's history."""
    return list(run.history["run"]["loss/train"]["step"])


# The form


def test_the_browser_knows_the_next_run_before_it_starts(classifier: Tab) -> None:
    first = classifier.data_of()["next"]
    classifier.run()
    assert classifier.data_of()["next"] == first
    run = classifier.play(paused=True)
    data = classifier.data_of()
    assert data["socket"] == first == f"live/{run.id}"
    assert data["next"] != first


def test_every_setting_has_a_control_and_a_test() -> None:
    assert {*CHANGES, "hidden_sizes", "points"} == set(ClassifierConfig.model_fields)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", CHANGES)
def test_each_control_changes_the_config(classifier: Tab, name: str) -> None:
    if name == "bugs":
        classifier.set("section classifier", "bugs")
    for other, value in FIRST.get(name, []):
        classifier.set(f"classifier.{other}", value)
    wanted = tuple(CHANGES[name]) if isinstance(CHANGES[name], list) else CHANGES[name]
    assert getattr(classifier.config, name) != wanted
    before = classifier.config
    classifier.set(f"classifier.{name}", CHANGES[name])
    assert classifier.config == before.changed(**{name: wanted})
    assert classifier.errors == []
    assert classifier.run().config == before.changed(**{name: wanted}), "a rerun changes nothing"


def test_hidden_layers_each_have_their_size(classifier: Tab) -> None:
    classifier.set("classifier.hidden_sizes", 3)
    assert classifier.config.hidden_sizes == (10, 10, 10)
    classifier.set("classifier.hidden_sizes.1", 24)
    assert classifier.config.hidden_sizes == (10, 24, 10)
    classifier.set("classifier.hidden_sizes", 2)
    assert classifier.config.hidden_sizes == (10, 24)
    classifier.set("classifier.hidden_sizes", 0)
    assert classifier.config.hidden_sizes == ()
    classifier.set("classifier.hidden_sizes", 1)
    assert len(classifier.config.hidden_sizes) == 1
    classifier.set("classifier.hidden_sizes", 6)
    assert len(classifier.config.hidden_sizes) == 6


def test_a_browser_that_missed_the_first_drawing_draws_what_is_chosen(classifier: Tab) -> None:
    """A quick second change drops what the first one drew: a widget's default is then all that a browser knows."""
    classifier.set("classifier.hidden_sizes", 3).set("classifier.lr", 0.05).set("classifier.dataset", "moons").run()
    defaults = {widget.key: list(widget.proto.default) for widget in classifier.at.slider}
    assert defaults["classifier.hidden_sizes"] == [3] and defaults["classifier.hidden_sizes.2"] == [10]
    assert classifier.widget("classifier.lr").value == 0.05
    dataset = classifier.widget("classifier.dataset").proto
    [default] = dataset.default
    assert dataset.options[default].content.endswith(" moons")


def test_controls_that_make_no_sense_are_not_shown(classifier: Tab) -> None:
    keys = {widget.key for widget in [*classifier.at.slider, *classifier.at.toggle]}
    assert "classifier.n_classes" not in keys
    assert {"classifier.momentum", "classifier.nesterov"} <= keys
    classifier.set("classifier.optimizer", "Adam")
    assert not {"classifier.momentum", "classifier.nesterov"} & {
        w.key for w in [*classifier.at.slider, *classifier.at.toggle]
    }


def test_every_control_has_a_help_text(classifier: Tab) -> None:
    at = classifier.at
    controls = [*at.slider, *at.selectbox, *at.toggle, *at.number_input, *at.select_slider]
    assert len(controls) > 20
    assert [control.label for control in controls if not control.proto.help] == []
    layers, neurons = (classifier.widget(f"classifier.hidden_sizes{part}").proto.help for part in ("", ".0"))
    assert layers.startswith("Layers between") and "Default: 1 " in layers
    assert neurons.startswith("Neurons of this layer") and "Default: 10 " in neurons


def test_untrained_picture_before_play(classifier: Tab) -> None:
    data = classifier.data_of()
    assert data["run"] is None
    assert data["preview"]
    assert len(data["picture"]["train"]["x"]) == 200
    assert data["picture"]["layers"][1]["size"] == 10
    classifier.set("classifier.seed", 2)
    assert classifier.data_of()["preview"] != data["preview"]


def test_learning_rate_of_a_link_that_is_on_no_tick(open_tab: Callable[..., Tab]) -> None:
    visit = open_tab().open("classifier", lr="0.0375")
    assert visit.config.lr == 0.0375
    assert visit.widget("classifier.lr").value == 0.0375
    assert visit.run().config.lr == 0.0375


def opening() -> ClassifierConfig:
    """What a first visit finds."""
    return ClassifierConfig.create(index.page("classifier").opening)


def test_a_first_visit_opens_with_the_preset_and_no_other_place_has_it(open_tab: Callable[..., Tab]) -> None:
    first = open_tab().open("classifier")
    assert first.config == opening() and first.config.dataset == "spirals"
    assert first.widget("classifier.hidden_sizes.1").value == 32
    assert ClassifierConfig().dataset == "clouds"
    first.press("Tutorial's settings")
    assert first.config == ClassifierConfig()
    assert open_tab().open("classifier").config == ClassifierConfig(), "what was chosen stays"
    assert open_tab(BOB).open("classifier", lr="0.5").config == ClassifierConfig(lr=0.5), "a link is a link"
    query = linked(first)
    assert open_tab("c" * len(BOB)).open("classifier", **query).config == ClassifierConfig(), "nor is this one empty"


def test_tutorials_settings(classifier: Tab) -> None:
    classifier.set("classifier.dataset", "moons").set("classifier.hidden_sizes", 2).set("classifier.lr", 5.0)
    classifier.press("Tutorial's settings")
    assert classifier.config == ClassifierConfig()
    assert classifier.widget("classifier.dataset").value == "clouds"
    assert classifier.widget("classifier.lr").value == 0.02


# What can't be combined


def test_nesterov_without_momentum(classifier: Tab) -> None:
    before = classifier.config
    classifier.set("classifier.nesterov", True)
    assert classifier.errors == ["Nesterov needs SGD with a momentum above 0."]
    assert classifier.config == before
    classifier.set("classifier.momentum", 0.9)
    assert classifier.errors == []
    assert classifier.config == before.changed(momentum=0.9, nesterov=True)


def test_nesterov_and_then_adam(classifier: Tab) -> None:
    classifier.set("classifier.momentum", 0.9).set("classifier.nesterov", True).set("classifier.optimizer", "Adam")
    assert len(classifier.errors) <= 1
    classifier.set("classifier.optimizer", "SGD")
    assert classifier.errors == []
    assert classifier.config.optimizer == "SGD"


def test_batch_norm_with_a_last_batch_of_one(classifier: Tab) -> None:
    classifier.set("classifier.batch_norm", True)
    before = classifier.config
    classifier.set("classifier.batch_size", 199)
    [sentence] = classifier.errors
    assert "last batch has one point" in sentence
    assert classifier.config == before
    assert classifier.widget("classifier.batch_size").value == 199, "what was typed is still there"
    classifier.set("classifier.batch_size", 100)
    assert classifier.errors == []
    assert classifier.config.batch_size == 100


def test_own_points_without_points(classifier: Tab) -> None:
    classifier.set("classifier.dataset", "own")
    [sentence] = classifier.errors
    assert sentence.startswith("Own points only")
    assert classifier.config.dataset == "clouds"
    assert classifier.data_of()["preview"]


def test_no_feature_at_all(classifier: Tab) -> None:
    classifier.set("classifier.features", [])
    assert len(classifier.errors) == 1
    assert "Choose at least one" in classifier.errors[0]
    assert classifier.config.features == ("x1", "x2")


def test_invalid_form_leaves_a_running_run_alone(classifier: Tab) -> None:
    run = classifier.play(speed=SLOW)
    classifier.set("classifier.nesterov", True)
    assert classifier.space.run_id == run.id
    at = run.step
    until(lambda: run.step > at + 3)
    assert run.status == "running"


# A run


def test_play_shows_the_run(classifier: Tab) -> None:
    run = classifier.play()
    assert classifier.data_of()["run"] == run.id
    assert classifier.data_of()["socket"] == f"live/{run.id}"
    until(lambda: run.status == "finished")
    assert steps_of(run) == list(range(1, 301))


def test_hidden_layers_restart_a_running_run_and_keep_its_record(classifier: Tab) -> None:
    first = classifier.play(speed=SLOW)
    until(lambda: run_has(first, 3))
    classifier.set("classifier.hidden_sizes", 3)
    second = classifier.current_run()
    assert second.id != first.id
    assert second.status == "running"
    assert second.speed == SLOW
    assert sizes_of(second) == (10, 10, 10)
    until(lambda: first.status == "stopped")
    assert first.step >= 3
    assert [row["step"] for row in first.folder.rows("run")] == list(range(1, first.step + 1))
    assert classifier.data_of()["ghost"] == f"live/{first.id}/history"
    until(lambda: run_has(second, 1))


def test_a_change_that_begins_a_new_run_can_be_undone(classifier: Tab) -> None:
    classifier.set("classifier.lr", 0.05)
    first = classifier.play(speed=SLOW)
    until(lambda: run_has(first, 3))
    before = classifier.config
    assert classifier.data_of()["changed"] == ""
    classifier.set("classifier.lr", 0.1)
    assert classifier.data_of()["changed"] == "", "that acts at once"
    classifier.set("classifier.hidden_sizes", 3)
    second = classifier.current_run()
    assert second is not first and classifier.data_of()["changed"] == "Hidden layers"
    classifier.set("classifier.hidden_sizes", 4)
    second = classifier.current_run()
    assert classifier.data_of()["changed"] == "Hidden layers", "the same setting moves on"
    classifier.tell("undo")
    assert classifier.config == before.changed(lr=0.1)
    assert classifier.widget("classifier.hidden_sizes").value == 1
    assert classifier.data_of()["run"] == first.id and classifier.data_of()["changed"] == ""
    until(lambda: (first.status, second.status) == ("stopped", "stopped"))
    at = first.step
    classifier.play()
    assert steps_of(classifier.current_run())[:at] == list(range(1, at + 1)), "it continues where it was"


def test_what_a_button_replaces_can_be_undone(classifier: Tab) -> None:
    classifier.set("classifier.dataset", "moons").set("classifier.activation", "Tanh").set("classifier.num_steps", 20)
    run = classifier.play()
    until(lambda: run.status == "finished")
    classifier.press("Tutorial's settings")
    assert classifier.config == ClassifierConfig() and classifier.data_of()["run"] is None
    assert classifier.data_of()["changed"] == "Data set, Activation, Steps to run"
    classifier.set("classifier.seed", 2).set("classifier.batch_norm", True)
    assert classifier.data_of()["changed"] == "Data set, Activation, Batch norm and 2 more"
    classifier.tell("undo")
    assert (classifier.config.dataset, classifier.config.seed) == ("moons", 1)
    assert classifier.data_of()["run"] == run.id
    classifier.set("classifier.seed", 3)
    classifier.play()
    assert classifier.data_of()["changed"] == "Seed", "Play starts what was changed"
    classifier.tell("undo")
    assert classifier.config.seed == 1 and classifier.data_of()["run"] == run.id
    classifier.play()
    assert classifier.data_of()["changed"] == "", "nothing was changed since the run before"


def test_a_change_that_comes_while_another_begins_a_run_begins_a_run_of_its_own(
    classifier: Tab, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit runs the page anew for the second change while the first is still at work in another thread."""
    classifier.set("classifier.num_steps", 50_000)
    first = classifier.play(speed=30)
    space, start = classifier.space, manager.start
    starting, goes_on = threading.Event(), threading.Event()

    def slow(*arguments: Any, **how: Any) -> Run:
        starting.set()
        assert goes_on.wait(PATIENCE)
        return start(*arguments, **how)

    monkeypatch.setattr(manager, "start", slow)
    changes = [
        threading.Thread(target=space.change, args=(space.config.changed(hidden_sizes=sizes),))
        for sizes in ((10, 10), (10, 10, 10))
    ]
    changes[0].start()
    assert starting.wait(PATIENCE)
    changes[1].start()
    goes_on.set()
    for change in changes:
        change.join(PATIENCE)
    run = space.run
    assert run is not None and run is not first and sizes_of(run) == (10, 10, 10)
    assert run.status == "running"
    assert [other.id for other in manager._runs.values() if other.alive] == [run.id]


def test_change_while_paused_starts_nothing(classifier: Tab) -> None:
    run = classifier.play(paused=True, steps=1)
    until(lambda: run.status == "paused" and run.step == 1)
    classifier.set("classifier.hidden_sizes", 2)
    assert classifier.space.run_id is None
    assert classifier.data_of()["run"] is None
    until(lambda: run.status == "stopped")


def test_change_after_the_end_goes_back_to_the_untrained_picture(classifier: Tab) -> None:
    run = classifier.play()
    until(lambda: run.status == "finished")
    classifier.set("classifier.activation", "Tanh")
    assert classifier.data_of()["run"] is None
    assert run.status == "finished"


def test_learning_rate_acts_on_the_running_run(classifier: Tab) -> None:
    run = classifier.play(speed=SLOW)
    until(lambda: run_has(run, 2))
    classifier.set("classifier.lr", 0.5)
    assert classifier.space.run_id == run.id
    until(lambda: {"lr": 0.5} in run.changes.values())
    [step] = run.changes
    assert 2 < step <= run.step + 1
    until(lambda: run.step > step + 2)
    assert run.status == "running"
    assert run.config.lr == 0.02, "the run's config is what it began with"
    classifier.set("classifier.hidden_sizes", 2)
    assert classifier.current_run().config.lr == 0.5


def test_learning_rate_changed_in_another_tab(open_tab: Callable[..., Tab], classifier: Tab) -> None:
    run = classifier.play(speed=SLOW)
    other = open_tab().open("classifier")
    assert other.current_run() is run
    classifier.set("classifier.lr", 0.5)
    other.run()
    assert other.config.lr == other.widget("classifier.lr").value == 0.5
    classifier.set("classifier.lr", 0.1)
    other.set("classifier.lr", 1.0)
    assert other.config.lr == other.widget("classifier.lr").value == 1.0, "it was just changed here"
    until(lambda: run.value_now("lr") == 1.0)
    assert classifier.run().config.lr == 1.0
    assert run.alive
    assert [tab.current_run() for tab in (classifier, other)] == [run, run]


def test_more_steps_after_the_end_go_on(classifier: Tab) -> None:
    classifier.set("classifier.num_steps", 20)
    first = classifier.play()
    until(lambda: first.status == "finished")
    classifier.set("classifier.num_steps", 50)
    assert classifier.space.run_id == first.id
    second = classifier.play()
    assert second.id != first.id
    until(lambda: second.status == "finished")
    assert steps_of(second) == list(range(1, 51))
    assert second.history["run"]["loss/train"]["value"][:20] == first.history["run"]["loss/train"]["value"]


def test_more_steps_while_it_runs(classifier: Tab) -> None:
    classifier.set("classifier.num_steps", 20)
    first = classifier.play(paused=True, steps=1)
    until(lambda: run_has(first, 1))
    classifier.set("classifier.num_steps", 30)
    assert classifier.space.run_id == first.id
    first.command("play")
    until(lambda: first.status == "finished")
    second = classifier.play()
    until(lambda: second.status == "finished")
    assert steps_of(second) == list(range(1, 31))


def test_play_again_after_the_end_begins_anew(classifier: Tab) -> None:
    classifier.set("classifier.num_steps", 20)
    first = classifier.play()
    until(lambda: first.status == "finished")
    second = classifier.play()
    until(lambda: second.status == "finished")
    assert second.id != first.id
    assert second.history == first.history


def test_reset(classifier: Tab) -> None:
    run = classifier.play(speed=30)
    preview = classifier.data_of()["preview"]
    until(lambda: run_has(run, 2))
    classifier.tell("reset")
    assert classifier.data_of()["run"] is None
    assert classifier.data_of()["preview"] == preview
    assert not run.alive
    assert run.folder.rows("run")
    assert classifier.config == ClassifierConfig()


def test_one_step_and_one_epoch(classifier: Tab) -> None:
    classifier.set("classifier.batch_size", 50)
    run = classifier.play(paused=True, steps="epoch")
    until(lambda: run.status == "paused" and run.step == 4)
    classifier.tell("play", speed=0, paused=True, steps=1)
    until(lambda: run.step == 5)
    assert classifier.space.run_id == run.id


def test_resume_from_a_kept_step(classifier: Tab) -> None:
    classifier.set("classifier.num_steps", 40)
    first = classifier.play(speed=200)
    until(lambda: first.status == "finished")
    assert 17 in first.kept
    classifier.tell("resume", step=17, speed=0)
    second = classifier.current_run()
    assert second.id != first.id
    until(lambda: second.status == "finished")
    assert second.history == first.history


def test_resume_takes_up_what_was_set_just_before(classifier: Tab) -> None:
    classifier.set("classifier.num_steps", 40)
    first = classifier.play(speed=200)
    until(lambda: first.status == "finished")
    classifier.widget("classifier.num_steps").set_value(50)  # over a slow link it arrives together with the button
    classifier.tell("resume", step=17, speed=0)
    second = classifier.current_run()
    until(lambda: second.status == "finished")
    assert (second.config.num_steps, second.step) == (50, 50)


def test_resume_from_a_step_that_was_not_kept(classifier: Tab) -> None:
    classifier.set("classifier.num_steps", 40)
    run = classifier.play()
    until(lambda: run.status == "finished")
    classifier.tell("resume", step=39_999, speed=0)
    assert classifier.data_of()["notice"] == "Step 39999 of that run was not kept."
    assert classifier.errors == [] and classifier.space.run_id == run.id
    assert classifier.set("classifier.lr", 0.5).data_of()["notice"] == "", "it stays until something is changed"


@pytest.mark.parametrize(
    "order", [{}, {"speed": "fast"}, {"speed": -1, "steps": 10**9}, {"speed": 1e308, "paused": []}]
)
def test_orders_of_a_browser_gone_mad(classifier: Tab, order: dict[str, Any]) -> None:
    classifier.tell("play", **order)
    assert 0 <= classifier.current_run().speed <= 100_000


def test_everything_is_there_on_the_next_visit(open_tab: Callable[..., Tab], classifier: Tab) -> None:
    classifier.set("classifier.dataset", "moons").set("classifier.hidden_sizes", 2)
    run = classifier.play(speed=30)
    until(lambda: run_has(run, 1))
    later = open_tab().open("classifier")
    assert later.config == classifier.config
    assert later.data_of()["run"] == run.id
    assert later.widget("classifier.dataset").value == "moons"


def test_home_and_back(classifier: Tab) -> None:
    classifier.set("classifier.dataset", "moons").set("classifier.hidden_sizes", 2)
    run = classifier.play(speed=SLOW)
    classifier.at.switch_page("pages/home/page.py")
    classifier.run()
    assert classifier.at.title.values == ["Torch Playground"]
    classifier.at.switch_page("pages/classifier/page.py")
    classifier.run()
    assert classifier.data_of()["run"] == run.id
    assert classifier.widget("classifier.dataset").value == "moons"
    assert classifier.config.hidden_sizes == (10, 10)
    assert run.alive


def test_someone_else_sees_nothing_of_it(open_tab: Callable[..., Tab], classifier: Tab) -> None:
    classifier.set("classifier.dataset", "moons")
    classifier.play()
    other = open_tab(BOB).open("classifier")
    assert other.config == opening()
    assert other.data_of()["run"] is None
    assert other.data_of()["ghost"] is None
    assert "No runs yet" in other.set("section classifier", "runs").words


def sizes_of(run: Run) -> tuple[int, ...]:
    """The sizes of a run's hidden layers."""
    assert isinstance(run.config, ClassifierConfig)
    return run.config.hidden_sizes


def run_has(run: Run, steps: int) -> bool:
    """Whether the run has come that far."""
    return run.step >= steps


# Links


def linked(classifier: Tab) -> dict[str, str]:
    """The query of the page's share link."""
    [code] = [element for element in classifier.at.code if "://" in element.value]
    parts = urlsplit(code.value)
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "play.school.test:8501", "/classifier")
    return dict(parse_qsl(parts.query))


def test_link_restores_every_setting_and_starts_nothing(
    open_tab: Callable[..., Tab], classifier: Tab, manager: Manager
) -> None:
    classifier.set("classifier.dataset", "xor")
    apart = {"dataset", "n_classes", "bugs", "optimizer", "patience", "nesterov", "device"}
    for name in [name for name in CHANGES if name not in apart]:
        for other, value in FIRST.get(name, []):
            classifier.set(f"classifier.{other}", value)
        classifier.set(f"classifier.{name}", CHANGES[name])
    classifier.set("classifier.stop", CHANGES["stop"])  # four own points are too few for a validation share of half
    classifier.set("classifier.hidden_sizes", 2).set("classifier.hidden_sizes.0", 3)
    classifier.set("section classifier", "bugs").set("classifier.bugs", ["no_zero_grad", "high_lr"])
    classifier.widget("classifier.csv text").set_value(GOOD_CSV)
    classifier.run().press("Use these points")
    assert classifier.errors == []
    query = linked(classifier)
    visit = open_tab(BOB).open("classifier", **query)
    assert visit.config == classifier.config
    assert visit.config.hidden_sizes == (3, 10)
    assert len(visit.config.points) == 4
    assert visit.data_of()["run"] is None
    assert manager.store.of(BOB, "classifier") == []
    assert visit.errors == []
    assert visit.widget("classifier.seed").value == 7
    assert visit.run().config == classifier.config, "the form says the same"


def test_link_replaces_what_was_in_the_form(open_tab: Callable[..., Tab], classifier: Tab) -> None:
    classifier.set("classifier.dataset", "moons")
    run = classifier.play(speed=SLOW)
    visit = open_tab().open("classifier", lr="0.5")
    assert visit.config == ClassifierConfig(lr=0.5)
    assert visit.data_of()["run"] is None
    assert run.alive, "a link stops nothing"


def test_link_opened_in_a_tab_that_is_already_there(classifier: Tab) -> None:
    classifier.set("classifier.hidden_sizes", 4)
    classifier.at.query_params = {"hidden_sizes": "5,6", "dataset": "moons"}
    classifier.run()
    assert classifier.config == ClassifierConfig(hidden_sizes=(5, 6), dataset="moons")
    assert classifier.widget("classifier.hidden_sizes").value == 2
    assert classifier.run().config.dataset == "moons"


def test_a_page_that_is_loaded_again_with_its_link_shows_its_run_again(open_tab: Callable[..., Tab]) -> None:
    link = {"lr": "0.5", "dataset": "moons"}
    run = open_tab().open("classifier", **link).play(speed=SLOW)
    again = open_tab().open("classifier", **link)
    assert again.data_of()["run"] == run.id and run.alive
    assert again.run().config == ClassifierConfig(lr=0.5, dataset="moons")


def test_link_that_the_browser_sends_once_more_undoes_nothing(open_tab: Callable[..., Tab]) -> None:
    link = {"lr": "0.5", "dataset": "moons"}
    visit = open_tab().open("classifier", **link)
    visit.at.query_params = dict(link)
    visit.set("classifier.lr", 0.1)
    assert (visit.config.lr, visit.config.dataset) == (0.1, "moons")
    assert not dict(visit.at.query_params)
    visit.run()
    visit.at.query_params = dict(link)
    assert visit.run().config.lr == 0.5, "the same link later is a link again"


@pytest.mark.one_in(3)
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
def test_bad_link_gives_one_clear_sentence(open_tab: Callable[..., Tab], query: dict[str, str], said: str) -> None:
    visit = open_tab().open("classifier", **{"spread": "2", **query})
    [sentence] = visit.errors
    assert said in sentence
    assert len(sentence) < 400
    assert "Traceback" not in visit.words
    assert "pydantic" not in sentence.lower()
    assert "![" not in sentence.replace("\\", "§"), "a link must not show a stranger's picture"
    assert visit.config == ClassifierConfig(spread=2), "what can be used is used"
    assert visit.run().errors == [sentence], "it stays until something is changed"
    assert visit.set("classifier.lr", 0.5).errors == []


def test_many_bad_settings_in_a_link(open_tab: Callable[..., Tab]) -> None:
    visit = open_tab().open("classifier", **{f"x{number}": "1" for number in range(500)}, lr="7")
    assert visit.config == ClassifierConfig(lr=7)
    assert 1 <= len(visit.errors) <= 10


# Own points


def paste(classifier: Tab, text: str) -> Tab:
    """Paste a CSV and take it."""
    classifier.set("classifier.csv text", text)
    return classifier.press("Use these points")


@pytest.mark.one_in(3)
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
def test_good_csv(classifier: Tab, text: str, points: int) -> None:
    paste(classifier, text)
    assert classifier.errors == []
    assert classifier.config.dataset == "own"
    assert len(classifier.config.points) == points
    assert classifier.widget("classifier.dataset").value == "own"
    assert classifier.run().config.dataset == "own"
    run = classifier.play()
    until(lambda: run.status == "finished")


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2,a\n3,4,a\n5,6,a\n7,8,a", "All points have the same label"),
        ("1,2,a\nnan,4,b\n1,1,a\n2,2,b", "Line 2: “nan” is not a finite number"),
        ("1,2,a\n1,inf,b\n1,1,a\n2,2,b", "is not a finite number"),
        ("1,2,a\n1,1e9,b\n1,1,a\n2,2,b", "is too large"),
        ("1,2,a\n1,hello,b\n1,1,a\n2,2,b", "Line 2: “hello” is not a number"),
        ("Dear all,\nplease find the points attached.", "has one column; x1, x2 and a label are needed."),
        ("1,2\n3,4\n5,6\n7,8", "Line 1 has 2 columns"),
        ("1,2,\n3,4,b\n5,6,a\n7,8,b", "Line 1 has no label"),
        ("\n".join(f"{i},{i},{i}" for i in range(6)), "6 different labels; at most 5"),
        ("\n".join(f"0,{i % 7},{i % 2}" for i in range(MAX_POINTS + 1)), "2001 points; at most 2000"),
        ("1,1,a\n2,2,b", "At least 4 points are needed, each on a line of its own; the CSV has 2."),
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
def test_bad_csv_says_why_and_loses_nothing(classifier: Tab, text: str, said: str) -> None:
    paste(classifier, GOOD_CSV)
    classifier.set("classifier.hidden_sizes", 2)
    before = classifier.config
    paste(classifier, text)
    [sentence] = classifier.errors
    assert said in sentence
    assert len(sentence) < 300
    assert "![" not in sentence.replace("\\", "§")
    assert classifier.config == before
    assert classifier.widget("classifier.csv text").value == text, "the text can be corrected"
    paste(classifier, GOOD_CSV)
    assert classifier.errors == []


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
def test_uploaded_csv(classifier: Tab, data: bytes, said: str | None) -> None:
    classifier.widget("classifier.csv file").upload("points.csv", data, "text/csv")
    said_at_once = classifier.run().errors
    classifier.press("Use these points")
    if said is None:
        assert said_at_once == classifier.errors == []
        assert len(classifier.config.points) == 4
    else:
        [sentence] = classifier.errors
        assert said in sentence and said_at_once == [sentence]
        assert classifier.config == ClassifierConfig()


def test_large_numbers_are_standardised(classifier: Tab) -> None:
    paste(classifier, "1000,2,a\n1500,3,b\n900,1,a\n1700,4,b")
    assert classifier.config.standardize
    assert classifier.widget("classifier.standardize").value is True
    assert "standardised" in classifier.words


CASES = "0.5,1.2,0\n-0.3,2.0,1\n1.1,0.4,0\n2.0,1.0,1"


def test_a_csv_says_what_was_taken_of_it(classifier: Tab) -> None:
    paste(classifier, f"x1,x2,label\n{CASES}")
    assert "4 points in 2 classes: 0 = 0, 1 = 1. Columns: x1, x2, label. 2 points are for training, 2 for" in (
        classifier.words
    )
    classifier.tell("point", x=1.0, y=1.0)
    classifier.set("classifier.adding class", 1)
    classifier.tell("point", x=1.0, y=1.0)
    assert "3 points are for training, 2 for testing" in classifier.words and "Columns" not in classifier.words
    classifier.set("classifier.stop", "validation_loss")
    assert "2 points are for training, 1 for validation, 2 for testing" in classifier.words
    classifier.set("classifier.dataset", "clouds")
    assert "points are for training" not in classifier.words, "all own points join the training set"


def selects(tab: Tab, label: str) -> list[Any]:
    """The select boxes of that name."""
    return [box for box in tab.at.selectbox if box.label == label]


def test_a_csv_that_can_be_read_in_two_ways_lets_choose(classifier: Tab) -> None:
    paste(classifier, f"0,1,2\n{CASES}")
    assert len(classifier.config.points) == 4 and "The first line is titles." in classifier.words
    [box] = selects(classifier, "The first line")
    box.set_value("no")
    classifier.run()
    assert classifier.config.points[0] == (0, 1, 2) and "The first line is data" in classifier.words
    paste(classifier, CASES)
    assert selects(classifier, "The first line") == [], "another CSV, another choice"


def test_the_columns_of_a_csv_can_be_chosen(classifier: Tab) -> None:
    paste(classifier, "a,b,c,species\n" + "\n".join(f"{i * i},{2 * i},{3 * i},{'xy'[i % 2]}" for i in range(6)))
    assert classifier.config.points[1] == (1, 2, 1) and "Columns: a, b, species." in classifier.words
    [box] = selects(classifier, "Column for x1")
    assert box.options == ["a", "b", "c", "species"] and box.value == 0
    box.set_value(2)
    classifier.run()
    assert classifier.config.points[1] == (3, 2, 1) and "Columns: c, b, species." in classifier.words
    selects(classifier, "Column for x1")[0].set_value(3)
    classifier.run()
    assert classifier.errors == ["Line 2: “x” is not a number."]
    assert classifier.config.points[1] == (3, 2, 1), "nothing is lost"
    selects(classifier, "Column for x1")[0].set_value(0)
    classifier.run()
    assert classifier.errors == [] and classifier.config.points[1] == (1, 2, 1)


def test_an_uploaded_csv_may_be_in_chinas_encoding(classifier: Tab) -> None:
    data = "x1,x2,类别\n0.5,1.2,猫\n-0.3,2.0,狗\n1.1,0.4,猫\n2.0,1.0,狗\n".encode("gb18030")
    classifier.widget("classifier.csv file").upload("points.csv", data, "text/csv")
    classifier.run().press("Use these points")
    assert "0 = 狗, 1 = 猫. Columns: x1, x2, 类别. Read as GB18030." in classifier.words
    [box] = selects(classifier, "Encoding")
    box.set_value("Windows-1252")
    classifier.run()
    assert "Read as Windows-1252." in classifier.words and "猫" not in classifier.words


def test_remove_own_points(classifier: Tab) -> None:
    paste(classifier, GOOD_CSV).press("Remove all own points")
    assert classifier.errors == []
    assert classifier.config.points == ()
    assert classifier.config.dataset == "clouds"
    assert classifier.run().config.points == ()


def test_points_added_by_clicking(classifier: Tab) -> None:
    classifier.tell("point", x=1.0, y=1.0)
    assert classifier.config.points == (), "no class was chosen, so a click adds nothing"
    classifier.set("classifier.adding class", 3)
    assert classifier.data_of()["adding"] == {"label": 3}
    classifier.tell("point", x=1.23456, y=-2.0)
    assert classifier.config.points == ((1.235, -2.0, 3),)
    assert classifier.data_of()["picture"]["own"] == {"x": [1.235], "y": [-2.0], "label": [3]}
    assert classifier.config.n_output == 4


@pytest.mark.parametrize("point", [{"x": 1e9, "y": 0}, {"x": "1", "y": 0}, {"y": 0}, {"x": float("nan"), "y": 0}])
def test_impossible_click(classifier: Tab, point: dict[str, Any]) -> None:
    classifier.set("classifier.adding class", 0)
    classifier.tell("point", **point)
    assert classifier.config.points == ()
    assert len(classifier.errors) <= 1


# The sections below


@pytest.mark.one_in(5)
@pytest.mark.parametrize("trained", [False, True], ids=["untrained", "trained"])
@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_section_is_shown(classifier: Tab, section: str, trained: bool, language: str) -> None:
    classifier.set("language_switch", language)
    if trained:
        run = classifier.play()
        until(lambda: run.status == "finished")
    classifier.set("section classifier", section)
    assert classifier.errors == []


@pytest.mark.parametrize("bug", ClassifierConfig.settings()["bugs"].choices or {})
def test_bug_beside_the_correct_run(classifier: Tab, bug: str) -> None:
    classifier.set("section classifier", "bugs").set("classifier.bugs", [bug])
    assert classifier.data_of()["lanes"] == ["run", "correct"]
    floor = classifier.data_of()["picture"]["floor"]
    assert floor == pytest.approx(0.3133, abs=1e-4) if bug == "softmax" else floor is None
    run = classifier.play()
    until(lambda: not run.alive)
    assert set(run.history) == {"run", "correct"}


def marked(classifier: Tab) -> list[str]:
    """The marked lines of the code section."""
    lines = classifier.data_of("code classifier")["lines"]
    return ["".join(text for _kind, text in line["parts"]).strip() for line in lines if line["marked"]]


def shown_code(classifier: Tab) -> str:
    """The code shown."""
    lines = classifier.data_of("code classifier")["lines"]
    return "\n".join("".join(text for _kind, text in line["parts"]) for line in lines) + "\n"


def test_code_is_a_program_with_changes_marked(classifier: Tab) -> None:
    classifier.set("section classifier", "code")
    for line in ("optimizer.zero_grad()", "loss.backward()", "optimizer.step()"):
        assert line in shown_code(classifier)
    compile(shown_code(classifier), "script.py", "exec")
    assert marked(classifier) == []
    classifier.set("classifier.activation", "Tanh")
    assert any("Tanh" in line for line in marked(classifier))
    compile(shown_code(classifier), "script.py", "exec")


def test_code_has_the_changes_made_while_it_trained(classifier: Tab) -> None:
    classifier.set("section classifier", "code").set("classifier.num_steps", 40)
    run = classifier.play(speed=200, paused=True, steps=1)  # it can't end before the change comes
    until(lambda: run_has(run, 1))
    classifier.set("classifier.lr", 0.5)
    until(lambda: run.changes)
    run.command("play")
    until(lambda: run.status == "finished")
    [step] = run.changes
    classifier.run()
    assert any("0.5" in line and str(step) in line for line in marked(classifier))


def test_downloads(classifier: Tab) -> None:
    classifier.set("section classifier", "code")
    names = [element.proto.label for element in classifier.at.get("download_button")]
    assert names == ["Download .py", "Download .ipynb"]


def test_run_that_went_on_is_told_from_its_parent(classifier: Tab) -> None:
    first = classifier.play()
    until(lambda: first.status == "finished")
    classifier.play()
    classifier.set("classifier.lr", 0.5)
    second = classifier.current_run()
    until(lambda: second.status == "finished")
    classifier.space.open(next(entry for entry in classifier.space.runs() if entry.id == first.id))
    classifier.run().set("classifier.lr", 0.1)
    classifier.tell("resume", step=first.kept[1], speed=0)
    third = classifier.current_run()
    until(lambda: third.status == "finished")
    assert classifier.space.ghost() == first.id, "the ghost is the run that it continues"
    classifier.set("section classifier", "runs")
    assert "the tutorial's settings" in classifier.words
    assert f"continued from step {first.kept[1]} of another run" in classifier.words
    assert f"learning rate 0.1 from step {first.kept[1] + 1}" in classifier.words


def test_open_an_old_run(classifier: Tab) -> None:
    classifier.set("classifier.num_steps", 20).set("classifier.dataset", "moons")
    first = classifier.play()
    until(lambda: first.status == "finished")
    classifier.set("classifier.dataset", "xor").set("classifier.hidden_sizes", 3)
    second = classifier.play()
    until(lambda: second.status == "finished")
    classifier.set("section classifier", "runs")
    words = classifier.words.replace("\\", "")
    assert "Data set: moons · Steps to run: 20" in words
    assert "Data set: XOR · Hidden layers: 3 (neurons: 10, 10, 10) · Steps to run: 20" in words
    assert "test accuracy" in classifier.words
    classifier.press(f"open {first.id}")
    assert classifier.data_of()["run"] == first.id
    assert classifier.config.dataset == "moons"
    assert classifier.widget("classifier.dataset").value == "moons"
    assert classifier.widget("classifier.hidden_sizes").value == 1
    assert classifier.run().data_of()["run"] == first.id


def test_old_run_of_a_server_that_is_gone(classifier: Tab, manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier.set("classifier.num_steps", 20)
    run = classifier.play()
    until(lambda: run.status == "finished")
    classifier.tell("reset")
    until(lambda: (entry := manager.store.find(run.id)) is not None and entry.status == "finished")
    manager._runs.clear()
    classifier.set("section classifier", "runs").press(f"open {run.id}")
    assert steps_of(classifier.current_run()) == list(range(1, 21))


def test_three_lines_by_hand(classifier: Tab) -> None:
    classifier.set("section classifier", "steps")

    def column(name: str) -> list[float]:
        return list(classifier.at.dataframe[0].value[name])

    def empty(name: str) -> bool:
        return bool(classifier.at.dataframe[0].value[name].isna().all())

    values = column("value")
    assert len(values) == 52
    assert empty(".grad")
    classifier.press("press backward")
    assert column("value") == values
    gradients = column(".grad")
    assert any(gradients)
    classifier.press("press step")
    expected = [value - 0.02 * gradient for value, gradient in zip(values, gradients, strict=True)]
    assert column("value") == pytest.approx(expected, abs=1e-7)
    assert column(".grad") == gradients
    classifier.press("press zero_grad")
    assert empty(".grad")
    classifier.press("press backward").press("press backward")
    assert "2 backward passes" in classifier.words
    classifier.press("Undo")
    assert "2 backward passes" not in classifier.words
    classifier.press("Start over")
    assert column("value") == values
    classifier.press("press backward").set("classifier.seed", 2)
    assert empty(".grad"), "another network starts over"


def test_network_section_is_fed_by_the_same_run(classifier: Tab) -> None:
    classifier.set("section classifier", "network")
    run = classifier.play(speed=30)
    assert classifier.data_of("network view classifier")["run"] == run.id
    assert json.dumps(classifier.data_of("network view classifier")["picture"]) == json.dumps(
        classifier.data_of()["picture"]
    )


def test_no_change_is_left_half_done(classifier: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit may break off a script run at any touch of the session; what a change does must not touch it."""
    run = classifier.play(speed=SLOW)
    space, config = classifier.space, classifier.config
    until(lambda: run_has(run, 2))

    def breaks_off(*_arguments: object) -> None:
        raise AssertionError("the session was touched")

    for name in ("get", "put", "drop", "owner"):
        monkeypatch.setattr(session, name, breaks_off)
    space.submit(dict(config.changed(lr=0.5)))
    until(lambda: {"lr": 0.5} in run.changes.values())
    space.submit(dict(config.changed(hidden_sizes=(10, 10))))
    assert space.run is not None
    assert space.run.status == "running"
    assert not run.alive
    space.play(speed=30, paused=False, steps=0)
    space.reset()
    space.play(speed=0)
    until(lambda: space.run is not None and space.run.status == "finished")
    space.resume(0, speed=0)
    space.fill(ClassifierConfig())
    space.take_link({"lr": "7", "nonsense": "1"})
    assert space.config == ClassifierConfig(lr=7)
    assert [entry.id for entry in space.runs()]
    assert space.ghost() is not None
