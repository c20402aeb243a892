"""The page of saving and loading, without a browser."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import safetensors.torch
import torch

from core import limits
from core.engine.manager import Manager
from core.experiments import experiment
from core.files import saving
from core.files.examples import EXAMPLES
from pages.saving.chosen import FIRST_RUNS, PREFERENCE
from pages.saving.resume_panel import risen
from tests.pages.tabs import ANNE, BOB, Tab
from tests.waiting import until


def trained(manager: Manager, owner: str = ANNE, name: str = "classifier", **values: Any) -> Any:
    """A run that has ended, with kept steps on its way."""
    config = experiment(name).config.create({"num_steps": 60, "optimizer": "Adam", **values})
    run = manager.start(owner, config, speed=200, paused=True)
    for _ in range(20):
        run.command("step")
    until(lambda: run.step == 20)
    run.command("play")
    until(lambda: run.connection is None)  # the index knows, too, how it ended
    assert run.status == "finished"
    return run


def test_without_a_run_there_is_a_way_to_one(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("saving")
    assert "You have no run yet" in page.words
    assert [element.label for element in page.at.button] == ["Train the Classifier", "Train the RNN", "Train the CNN"]
    page.press("files start classifier")
    assert "It is training." in page.words
    until(lambda: not any(run.alive for run in page.manager._runs.values()))


def test_every_kind_of_file_is_made_and_shown(open_tab: Callable[..., Tab], manager: Manager) -> None:
    trained(manager)
    page = open_tab().open("saving")
    for kind in saving.ENDINGS:
        page.set("files kind", kind)
        assert page.errors == []
        assert page.data_of("files tree")["rows"], kind
        assert f"classifier_step60_{kind}" in page.words
    assert "torch.onnx.export" in page.words
    page.set("files section", "load")  # what was saved last, read as if a stranger had uploaded it
    assert [element.value for element in page.at.success] == ["All 4 keys fit: `<All keys matched successfully>`."]
    assert "ONNX, " in page.words
    assert "graph.initializer" in page.words


def test_nobody_sees_anothers_runs(open_tab: Callable[..., Tab], manager: Manager) -> None:
    trained(manager)
    stranger = open_tab(BOB).open("saving")
    assert "You have no run yet" in stranger.words
    assert [element.value for element in stranger.at.selectbox] == []


def test_load_key_by_key_and_partially(open_tab: Callable[..., Tab], manager: Manager) -> None:
    trained(manager)
    page = open_tab().open("saving").set("files section", "load")
    assert [element.value for element in page.at.success] == ["All 4 keys fit: `<All keys matched successfully>`."]
    assert page.data_of("files answers")["kind"] == "plane"
    page.set("files field classifier", "hidden_sizes")
    assert page.errors == [
        "PyTorch refuses. Another size: 3. Missing in the file: 0. Unexpected: 0. "
        "Careful: the one tensor that fits was copied anyway."
    ]
    assert "size mismatch for hidden.0.weight" in page.words
    assert "another size" in page.words
    page.set("files mode", "fitting")
    assert page.errors == []
    assert "From the file: 1 of the network's 4 tensors" in page.at.warning[0].value
    page.set("files field classifier", "batch_norm")
    assert "missing in the file" in page.words


def test_weights_without_the_optimizer_go_on_otherwise(open_tab: Callable[..., Tab], manager: Manager) -> None:
    run = trained(manager)
    page = open_tab().open("saving").set("files section", "resume")
    page.press("files both ways")
    assert page.errors == []
    count = 60 - min(run.kept[1:-1], key=lambda step: abs(step - 30))
    assert f"**{count} of {count}** losses equal to the run's own, bit for bit." in page.words


def test_a_missing_device_is_said_and_the_cpu_offered(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("classifier", device="cuda:9")
    assert "can't be used" in page.at.warning[0].value
    page.press("Use the CPU")
    assert page.config.device == "cpu"
    assert not page.at.warning


def test_the_sentence_that_advises_danger_is_in_no_sentence_of_the_app() -> None:
    """It is in the lesson alone, which says why not."""
    from tests.pages.test_language import ROOT, wanted

    assert not [sentence for sentence in wanted() if "weights_only=False" in sentence]
    sources = [*(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), *(ROOT / "pages").rglob("*.js")]
    assert not [path for path in sources if "weights_only=False" in path.read_text(encoding="utf-8")]
    lessons = [
        str(path.relative_to(ROOT / "pages"))
        for path in (ROOT / "pages").rglob("*.md")
        if "weights_only=False" in path.read_text(encoding="utf-8")
    ]
    assert set(lessons) == {"saving/lesson.en.md", "saving/lesson.zh.md"}


def test_the_step_chosen_in_the_sidebar_is_the_one_gone_on_from(open_tab: Callable[..., Tab], manager: Manager) -> None:
    run = trained(manager)
    page = open_tab().open("saving").set("files section", "resume")
    assert f"Step {run.kept[-1]}, chosen in the sidebar, is the run's last one" in page.words
    inside = run.kept[-2]
    page.set(f"files step {run.id}", inside)
    assert "chosen in the sidebar" not in page.words
    assert f"Continue from step {inside} in both ways" in [element.label for element in page.at.button]


def test_the_section_is_there_after_a_refresh(open_tab: Callable[..., Tab]) -> None:
    open_tab().open("saving").set("files section", "lesson")
    assert open_tab().open("saving").at.session_state["files section"] == "lesson"
    assert open_tab(BOB).open("saving").at.session_state["files section"] == "save"


def test_run_step_and_kind_are_there_after_a_refresh(open_tab: Callable[..., Tab], manager: Manager) -> None:
    first, second = trained(manager), trained(manager)
    step = first.kept[-2]
    page = open_tab().open("saving")
    assert page.at.session_state["files run"] == second.id
    page.set("files run", first.id).set(f"files step {first.id}", step).set("files kind", "checkpoint")
    page = open_tab().open("saving")
    assert (page.at.session_state["files run"], page.at.session_state["files kind"]) == (first.id, "checkpoint")
    assert f"classifier_step{step}_checkpoint" in page.words
    page.set("files section", "load")
    page = open_tab().open("saving")
    assert "checkpoint, " in page.words
    newest = trained(manager)
    assert open_tab().open("saving").at.session_state["files run"] == newest.id
    stranger = open_tab(BOB).open("saving")
    assert stranger.at.session_state["files kind"] == "state_dict"


def test_a_chosen_run_that_is_gone_gives_way_to_the_newest(open_tab: Callable[..., Tab], manager: Manager) -> None:
    run = trained(manager)
    manager.store.prefer(ANNE, PREFERENCE, json.dumps({"run": "gone", "step": 7, "newest": run.id}))
    page = open_tab().open("saving")
    assert page.at.session_state["files run"] == run.id
    assert "classifier_step60_state_dict" in page.words


def test_a_wave_says_what_its_loss_is_of(open_tab: Callable[..., Tab], manager: Manager) -> None:
    trained(manager, name="rnn")
    page = open_tab().open("saving").set("files section", "load")
    assert "of the first window only: 10 points, read with a hidden state of zeros" in page.words


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", FIRST_RUNS)
def test_what_is_trained_here_can_be_gone_on_from(name: str, open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("saving").set("files section", "resume").press(f"files start {name}")
    run = page.manager.run(ANNE, page.at.session_state["files training"])
    assert run is not None
    until(lambda: run.connection is None)  # the index knows, too, how it ended
    page.run().press("files both ways")
    assert page.errors == []
    assert "losses equal to the run's own, bit for bit." in page.words


def test_a_run_too_fast_to_keep_steps_is_trained_again(open_tab: Callable[..., Tab], manager: Manager) -> None:
    config = experiment("classifier").config.create({"num_steps": 20, "optimizer": "Adam"})
    fast = manager.start(ANNE, config)
    until(lambda: fast.connection is None)
    fast.kept = [0, 20]  # as it is unless the machine is very slow
    page = open_tab().open("saving").set("files section", "resume")
    assert "kept no step on the way" in page.words
    page.press("files again")
    again = page.manager.run(ANNE, page.at.session_state["files training"])
    assert again is not None
    assert again.config == fast.config
    until(lambda: again.connection is None)
    assert again.kept == list(range(21))
    page.run()
    assert "Continue from step 10 in both ways" in [element.label for element in page.at.button]


def test_a_finished_checkpoint_is_lengthened_as_far_as_one_likes(
    open_tab: Callable[..., Tab], manager: Manager
) -> None:
    run = trained(manager)
    saved = saving.save("checkpoint", run.folder.lanes(), {}, run.folder.checkpoint_file(60), 60)
    page = open_tab().open("saving").set("files section", "resume")
    page.at.file_uploader[0].upload("finished.pt", saved.data, "application/octet-stream")
    page.run()
    [more] = page.at.number_input
    assert (more.label, more.value) == ("More steps", 60)
    assert "This run had already ended, so it gets more steps. A new run has all steps up to 60" in page.words
    assert more.key is not None
    page.set(more.key, 25)
    assert "continues to step 85." in page.words
    page.press("files adopt")
    assert [element.value for element in page.at.success] == [
        "It is waiting on its page, paused at step 60 of 85: press Play there."
    ]
    assert page.links == ["To the page “Classifier”"]
    [adopted] = [other for other in manager._runs.values() if other.id != run.id]
    assert (adopted.status, adopted.step, adopted.config.num_steps) == ("paused", 60, 85)


def saved(content: Any) -> bytes:
    """The file that torch.save makes of it."""
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def network(name: str, **values: Any) -> dict[str, torch.Tensor]:
    """The weights of an untrained network."""
    config = experiment(name).config.create({"device": "cpu", **values})
    return dict(experiment(name).untrained(config).net.state_dict())


def given(page: Tab, data: bytes) -> Tab:
    """The page with a file on “Load”."""
    page.at.file_uploader[0].set_value(None)
    page.at.file_uploader[0].upload("file.pt", data, "application/octet-stream")
    page.run()
    return page


def choices(page: Tab) -> dict[str, str]:
    """What is chosen of a file, by the labels of the menus."""
    return {element.label: str(element.value) for element in page.at.selectbox}


def test_ones_own_network_is_found_whatever_stands_before_its_names(
    open_tab: Callable[..., Tab], manager: Manager
) -> None:
    trained(manager)  # a classifier, chosen in the sidebar: it is not the file's network
    page = open_tab().open("saving").set("files section", "load").set("files source", "upload")
    behind = {f"model.{name}": tensor for name, tensor in network("cnn").items()}
    given(page, saved({**behind, "criterion.weight": torch.ones(10), "criterion.bias": torch.ones(10)}))
    assert [element.value for element in page.at.success] == ["All 6 keys fit: `<All keys matched successfully>`."]
    assert choices(page)["Network to load into"] == "CNN, the tutorial's"
    assert choices(page)["Taken off the names"] == "model."
    assert "Its sizes are those of" not in page.words, "they are the tutorial's"
    assert (
        "`model.` is the attribute under which another module holds the network. Left out, because their names begin "
        "differently: `criterion.weight`, `criterion.bias`."
    ) in page.words
    assert (
        'weights = {k.removeprefix("model."): v for k, v in weights.items() if k.startswith("model.")}'
    ) in page.words

    wrapped = {f"module._orig_mod.{name}": tensor for name, tensor in network("vgg", width="1/16").items()}
    given(page, saved({"epoch": 3, "best": {"ema": wrapped}}))
    assert [element.value for element in page.at.success] == ["All 93 keys fit: `<All keys matched successfully>`."]
    assert choices(page)["Network to load into"] == "VGG, with the file's sizes"
    assert "Its sizes are those of `width = '1/16'`." in page.words
    assert "`module.` was written by a wrapper: nn.DataParallel, DistributedDataParallel." in page.words
    assert "`_orig_mod.` was written by a wrapper: torch.compile." in page.words
    assert 'weights = torch.load(PATH, weights_only=True)["best"]["ema"]' in page.words
    [menu] = [element for element in page.at.selectbox if element.label == "Taken off the names"]
    menu.set_value("").run()
    [error] = [element.value for element in page.at.error]
    assert error.startswith("PyTorch refuses. Another size: 0. Missing in the file: 93. Unexpected: 93.")
    assert 'begin differently. Take it off: `{k.removeprefix("module._orig_mod."): v for k, v in weights' in error


def test_a_part_that_was_wrapped_is_unwrapped(open_tab: Callable[..., Tab], manager: Manager) -> None:
    page = open_tab().open("saving").set("files section", "load")
    names = network("vgg", width="1/16").items()
    given(page, saved({name.replace("features.", "features.module."): tensor for name, tensor in names}))
    assert [element.value for element in page.at.success] == ["All 93 keys fit: `<All keys matched successfully>`."]
    renamed = '".".join(part for part in k.split(".") if part != "module")'
    assert f"weights = {{{renamed}: v for k, v in weights.items()}}" in page.words


def test_of_two_networks_in_a_file_one_chooses(open_tab: Callable[..., Tab], manager: Manager) -> None:
    page = open_tab().open("saving").set("files section", "load")
    models = {"critic": {"layer.weight": torch.ones(2, 2)}, "actor": network("rnn", cell="LSTM", hidden_size=24)}
    given(page, saved({"models": [models], "optimizer": {"state": {0: {"exp": torch.ones(2)}}, "param_groups": []}}))
    assert choices(page)["Weights in the file"] == '["models"][0]["actor"]'
    assert choices(page)["Network to load into"] == "RNN, with the file's sizes"
    assert [element.value for element in page.at.success] == ["All 6 keys fit: `<All keys matched successfully>`."]
    [menu] = [element for element in page.at.selectbox if element.label == "Weights in the file"]
    assert len(menu.options) == 2
    menu.set_value('["models"][0]["critic"]').run()
    assert "None of the names match" in page.errors[0]
    assert 'weights = torch.load(PATH, weights_only=True)["models"][0]["critic"]' in page.words

    two = {f"{who}.{name}": tensor for who in ("student", "teacher") for name, tensor in network("cnn").items()}
    given(page, saved({**two, "epoch": 7}))
    assert choices(page)["Taken off the names"] == "student."
    assert "weights = {k: v for k, v in weights.items() if torch.is_tensor(v)}" in page.words
    [menu] = [element for element in page.at.selectbox if element.label == "Taken off the names"]
    menu.set_value("teacher.").run()
    assert [element.value for element in page.at.success] == ["All 6 keys fit: `<All keys matched successfully>`."]
    assert "`student.conv1.0.weight`, `student.conv1.0.bias`, `student.conv2.0.weight` and 3 more." in page.words


def test_without_a_file_there_are_examples(open_tab: Callable[..., Tab], manager: Manager) -> None:
    page = open_tab().open("saving").set("files section", "load")
    assert "**No file at hand?**" in page.words
    keys = {"wrapped": 6, "nested": 6, "wider": 16}
    for name in EXAMPLES:
        page.press(f"files example {name}")
        assert "**No file at hand?**" not in page.words
        if name in keys:
            assert page.errors == []
            [success] = [element.value for element in page.at.success]
            assert success.startswith(f"All {keys[name]} keys fit")
        else:
            assert page.errors == [
                "This file would run code when opened, builtins.print, so it was not opened: save "
                "net.state_dict(), plain numbers and texts instead."
            ]
        page.press("files examples")
    assert "**No file at hand?**" in page.words


def test_what_a_file_lacks_to_be_a_checkpoint_is_named(open_tab: Callable[..., Tab]) -> None:
    net = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(net.parameters())
    content = {"epoch": 3, "net": net.state_dict(), "optimizer": optimizer.state_dict(), "step": 7}
    page = open_tab().open("saving").set("files section", "resume")
    for given, sentence in {
        "other": "This is not a checkpoint of this app: it has no `experiment`, `config`, `rng`.",
        "weights": "These are weights only. To continue, the optimizer, the order of the data and the random state are "
        "needed.",
    }.items():
        file = io.BytesIO()
        torch.save(content if given == "other" else net.state_dict(), file)
        page.at.file_uploader[0].set_value(None)
        page.at.file_uploader[0].upload(f"{given}.pt", file.getvalue(), "application/octet-stream")
        page.run()
        assert [warning.value for warning in page.at.warning] == [sentence]


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1.537, "**about 1.5 times**"),
        (80.5, "**about 80 times**"),
        (8127.0, "**about 8,100 times**"),
        (1e30, "**more than a million times**"),
    ],
)
def test_a_ratio_is_a_number_that_one_can_read(ratio: float, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.shared.person.language.current", lambda: "en")
    assert words in risen(ratio)


def test_a_file_that_is_deep_is_refused_in_a_sentence(open_tab: Callable[..., Tab], manager: Manager) -> None:
    page = open_tab().open("saving").set("files section", "load")
    for config in ("[" * 5_000, "[" * 900 + "]" * 900, '{"a":' * 5_000):
        about = {"experiment": "cnn", "config": config}
        data = safetensors.torch.save({"w": torch.zeros(4)}, about)
        page.at.file_uploader[0].upload("deep.safetensors", data, "application/octet-stream")
        page.run()
        assert page.errors == ["This file is cut off or damaged: its parts do not add up."]


def test_names_of_strangers_stay_in_the_table_of_keys(open_tab: Callable[..., Tab], manager: Manager) -> None:
    page = open_tab().open("saving").set("files section", "load")
    data = safetensors.torch.save({"x`\n\n[here](http://evil.example)|": torch.full((4,), float("nan"))})
    page.at.file_uploader[0].upload("names.safetensors", data, "application/octet-stream")
    page.run()
    assert "| `x [here](http://evil.example)` |" in page.words
    assert not [element.value for element in page.at.markdown if "\n[here]" in element.value]


def test_a_file_that_can_not_come_back_is_named(
    open_tab: Callable[..., Tab], manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(manager)
    sentence = "this app reads files of up to"
    assert sentence not in open_tab().open("saving").words
    monkeypatch.setattr(limits, "UPLOAD_MB", 0)
    assert f"{sentence} 0 MB." in open_tab().open("saving").words
