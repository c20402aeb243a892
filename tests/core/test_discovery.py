"""Experiments are found in their folder: a module or a package with an EXPERIMENT is one, and no list is edited."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import core.experiments
from core.experiments import experiment, experiments

MODULE = """
from core.experiment import Experiment
from core.experiments.cnn import CNNConfig, EXPERIMENT as CNN


class ExtraConfig(CNNConfig):
    experiment = "{name}"


EXPERIMENT = Experiment(
    {order}
    config=ExtraConfig, train=CNN.train, view=CNN.view, untrained=CNN.untrained, bench=CNN.bench,
    logged_batch=CNN.logged_batch, smallest=CNN.smallest,
)
"""

TUTORIAL = ("classifier", "cnn", "rnn", "rnn_digits", "vgg", "build")
"""The experiments of the tutorial's steps, in their order; there may be more."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A second folder that experiments are looked for in."""
    monkeypatch.setattr(core.experiments, "__path__", [*core.experiments.__path__, str(tmp_path)])
    before = set(sys.modules)
    for cached in (experiment, experiments):
        cached.cache_clear()
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
    for cached in (experiment, experiments):
        cached.cache_clear()


def test_the_folder_holds_experiments_only() -> None:
    assert set(core.experiments._modules()) == set(experiments())
    in_order = [name for name in experiments() if name in TUTORIAL]
    assert in_order == list(TUTORIAL)


@pytest.mark.parametrize("name", experiments())
def test_every_experiment_bears_the_name_of_its_module(name: str) -> None:
    assert experiment(name).name == experiment(name).config.experiment == name


@pytest.mark.parametrize("name", ["", "nothing", "cnn.loop", "../cnn", "__init__"])
def test_any_other_name_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        experiment(name)


def test_one_more_is_a_module_or_a_folder(folder: Path) -> None:
    (folder / "extra.py").write_text(MODULE.format(name="extra", order=""))
    (folder / "another").mkdir()
    (folder / "another" / "__init__.py").write_text(MODULE.format(name="another", order="order=3,"))
    (folder / "no_experiment.py").write_text("")
    names = [name for name in experiments() if name in (*TUTORIAL, "another", "extra")]
    assert names == ["classifier", "cnn", "another", "rnn", "rnn_digits", "vgg", "build", "extra"]
    extra = experiment("extra")
    config = extra.config()
    assert (extra.focus("anything"), extra.missing(config), extra.pictured(config)) == ({}, None, False)
    assert list(extra.lanes(config)) == ["run"]
    with pytest.raises(KeyError):
        experiment("no_experiment")


def test_a_module_and_its_experiment_have_one_name(folder: Path) -> None:
    (folder / "extra.py").write_text(MODULE.format(name="other", order=""))
    with pytest.raises(ValueError, match=r"core.experiments.extra has an experiment called 'other'"):
        experiment("extra")
