"""One declaration of a setting bounds every number, and survives a link."""

import json
import math
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import MAX_TEXT, Config, ConfigError, EpochConfig, Setting, TrainingConfig, kind_of
from core.experiments import experiment, experiments
from core.experiments.classifier import MAX_POINTS, ClassifierConfig
from core.layers import CARDS
from core.loading.config import LoadingConfig
from core.settings import Optimizer, optimizer
from core.tensorboard.config import LogConfig
from core.tensorboard.first import FirstConfig

SETTINGS = ClassifierConfig.settings()
NUMBERS = [name for name, setting in SETTINGS.items() if kind_of(ClassifierConfig, name) in ("int", "float")]
COORDINATE = st.floats(-10_000, 10_000)
ITEMS: dict[str, Callable[[Setting], st.SearchStrategy[Any]]] = {
    "ints": lambda setting: st.integers(int(setting.low or 0), int(setting.high or 0)),
    "points": lambda setting: st.tuples(COORDINATE, COORDINATE, st.integers(0, 4)),
    "choices": lambda setting: st.sampled_from(list(setting.choices or ())),
}
MOST_ITEMS = 12
"""Items of a tuple that are tried; more points take long to draw."""


def values_of(name: str) -> st.SearchStrategy[Any]:
    """All valid values of one field."""
    kind, setting = kind_of(ClassifierConfig, name), SETTINGS[name]
    if kind == "text":
        return st.sampled_from(["auto", "cpu", "cuda", "cuda:1", "mps"])
    if kind == "bool":
        return st.booleans()
    if kind == "choice":
        return st.sampled_from(list(setting.choices or ()))
    if kind == "int":
        return st.integers(int(setting.low or 0), int(setting.high or 0))
    if kind == "float":
        return st.floats(setting.low, setting.high)
    fewest, most = setting.length
    return st.lists(ITEMS[kind](setting), min_size=fewest or 0, max_size=min(most or 0, MOST_ITEMS)).map(tuple)


FIELDS = st.fixed_dictionaries({}, optional={name: values_of(name) for name in SETTINGS})


def problem_of(values: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        ClassifierConfig.create(values)
    assert len(caught.value.problems) == 1
    return str(caught.value.problems[0])


@given(FIELDS)
@settings(max_examples=300)
def test_a_link_restores_every_setting(values: dict[str, Any]) -> None:
    config, _ = ClassifierConfig.forgive(values)
    query = config.to_query()
    assert all(isinstance(text, str) for text in query.values())
    assert ClassifierConfig.create(query) == config


@given(FIELDS)
@settings(max_examples=100)
def test_a_record_restores_every_setting(values: dict[str, Any]) -> None:
    config, _ = ClassifierConfig.forgive(values)
    assert ClassifierConfig.create(json.loads(config.model_dump_json())) == config


def test_the_longest_list_of_points_fits_into_a_link() -> None:
    points = tuple((-1234.5678 - i / 10_000, -9876.5432 + i / 10_000, i % 5) for i in range(MAX_POINTS))
    config = ClassifierConfig(points=points)
    assert len(config.to_query()["points"]) < MAX_TEXT
    assert ClassifierConfig.create(config.to_query()) == config


def test_a_default_config_makes_an_empty_link() -> None:
    assert ClassifierConfig().to_query() == {}


@given(st.dictionaries(st.text(max_size=12) | st.sampled_from(list(SETTINGS)), st.text(max_size=40), max_size=6))
@settings(max_examples=300)
def test_any_text_makes_a_config_or_sentences(values: dict[str, str]) -> None:
    config, problems = ClassifierConfig.forgive(values)
    assert isinstance(config, ClassifierConfig)
    for problem in problems:
        assert str(problem).endswith((".", "?"))
    assert {problem.field for problem in problems} <= set(values) | set(SETTINGS)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("beyond", [-1, 1])
def test_every_number_is_bounded(name: str, beyond: int) -> None:
    setting = SETTINGS[name]
    assert setting.low is not None and setting.high is not None
    edge = setting.high if beyond > 0 else setting.low
    whole = kind_of(ClassifierConfig, name) == "int"
    outside = edge + beyond if whole else math.nextafter(edge, beyond * math.inf)
    assert "from" in problem_of({name: outside})
    assert "from" in problem_of({name: str(outside)})
    assert getattr(ClassifierConfig.create({name: edge}), name) == edge


@pytest.mark.parametrize("size", [0, 65, -1])
def test_every_number_in_a_tuple_is_bounded(size: int) -> None:
    setting = SETTINGS["hidden_sizes"]
    assert (setting.low, setting.high, setting.length) == (1, 64, (0, 6))
    for sizes in ((size,), (1, 64, size), f"10,{size}"):
        assert problem_of({"hidden_sizes": sizes}) == f"A number from 1 to 64 is needed, not “{size}”."
    assert ClassifierConfig(hidden_sizes=(1, 64)).hidden_sizes == (1, 64)


def test_what_does_not_train_has_no_settings_of_training() -> None:
    configs: list[type[Config]] = [LogConfig, FirstConfig, LoadingConfig, *(card.config for card in CARDS.values())]
    for config in configs:
        assert not issubclass(config, TrainingConfig)
        assert "bugs" not in config.model_fields
    for plain in (LogConfig, FirstConfig, LoadingConfig):
        assert not {"lr", "bugs", "optimizer", "device"} & {*plain.model_fields, *dir(plain)}


def test_what_trains_declares_what_the_engine_asks() -> None:
    with pytest.raises(TypeError, match="Half does not declare lr, seed, num_steps, device, bugs, steps_per_epoch"):

        class Half(TrainingConfig):
            experiment: ClassVar[str] = "half"
            optimizer: Optimizer = optimizer("SGD")


@pytest.mark.parametrize("name", experiments())
def test_the_learning_rate_acts_at_once_and_the_length_of_a_run_later(name: str) -> None:
    config = experiment(name).config
    assert config.acting("at once") == {"lr"}
    assert config.acting("later") == {"num_epochs" if issubclass(config, EpochConfig) else "num_steps"}
    assert config.acting("new run") == set(config.model_fields) - config.acting("at once") - config.acting("later")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("text", ["", "nan", "inf", "-inf", "1e999", "9" * 5000, "x", "1,5", "{0}", "１x", "\udcff"])
def test_no_text_but_a_number_is_taken_for_one(name: str, text: str) -> None:
    low = SETTINGS[name].low
    assert low is not None
    assert f"from {low:g}" in problem_of({name: text})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"lr": "0"}, "A number from 0.0001 to 100 is needed, not “0”."),
        ({"seed": "1.5"}, "A whole number from 0 to 9999 is needed, not “1.5”."),
        ({"learning_rate": "1"}, "There is no setting “learning_rate”; did you mean “lr”?"),
        ({"leraning": "1", "lr": "1"}, "There is no setting “leraning”; did you mean “lr”?"),
        ({"momentun": "1"}, "There is no setting “momentun”; did you mean “momentum”?"),
        ({"standardize": "maybe"}, "“maybe” is neither true nor false."),
        ({"optimizer": "sgd"}, "“sgd” is not one of: SGD, Adam, AdamW, RMSprop."),
        ({"features": ""}, "Choose at least one of: x1, x2, x1^2, x2^2, x1*x2, sin(x1), sin(x2)."),
        ({"hidden_sizes": "1,1,1,1,1,1,1"}, "At most 6 entries fit here."),
        ({"hidden_sizes": "10,65"}, "A number from 1 to 64 is needed, not “65”."),
        ({"points": "0,0,0_" * 2001}, "At most 2000 entries fit here."),
        ({"device": "gpu"}, "“gpu” is not a device; try auto, cpu, cuda:0 or mps."),
        ({"nesterov": True}, "Nesterov needs SGD with a momentum above 0."),
        ({"batch_norm": True, "batch_size": 1}, "Batch norm needs at least two points in a batch."),
    ],
)
def test_a_wrong_value_gets_its_sentence(values: dict[str, Any], sentence: str) -> None:
    assert problem_of(values) == sentence


def test_every_wrong_field_gets_a_sentence() -> None:
    with pytest.raises(ConfigError) as caught:
        ClassifierConfig.create({"lr": "x", "seed": "y", "nothing": "z"})
    assert {problem.field for problem in caught.value.problems} == {"lr", "seed", "nothing"}


def test_forgiving_keeps_what_is_right() -> None:
    config, problems = ClassifierConfig.forgive({"lr": "0.5", "seed": "x", "nesterov": "true", "nothing": "1"})
    assert (config.lr, config.seed, config.nesterov) == (0.5, 1, False)
    assert [problem.field for problem in problems] == ["nothing", "seed", "nesterov"]


def test_a_changed_config_is_checked_like_a_new_one() -> None:
    assert ClassifierConfig().changed(lr=1).lr == 1
    with pytest.raises(ConfigError):
        ClassifierConfig().changed(lr=1000)


def test_a_config_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        ClassifierConfig().lr = 1.0


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_says_what_it_does_to_learning(name: str) -> None:
    setting = SETTINGS[name]
    assert setting.label and 20 < len(setting.help) < 250 and setting.help.count(".") <= 5
    if setting.shown_if is not None:
        assert setting.shown_if[0] in SETTINGS
    if setting.choices is not None and kind_of(ClassifierConfig, name) == "choice":
        assert ClassifierConfig.default(name) in setting.choices


def test_a_text_beyond_all_bounds_is_refused_fast() -> None:
    sentence = problem_of({"points": "1,1,1_" * 1_000_000})
    assert len(sentence) < 200


def test_forgives_what_people_type() -> None:
    for text in ("(16, 8)", "[16,8]", "16,8"):
        assert ClassifierConfig.create({"hidden_sizes": text}).hidden_sizes == (16, 8)
    assert ClassifierConfig.create({"hidden_sizes": "()"}).hidden_sizes == ()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("learning_rate", "lr"), ("LR", "lr"), ("Data_set", "dataset"), ("epochs", None), ("sed", "seed")],
)
def test_tells_which_setting_may_be_meant(typed: str, meant: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        ClassifierConfig.create({typed: "1"})
    [problem] = caught.value.problems
    assert problem.values.get("near") == meant
