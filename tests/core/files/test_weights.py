"""What fits, what PyTorch does with the rest, and that loaded weights give the very answers of the run."""

from pathlib import Path
from typing import Any

import torch

from core.engine.manager import Manager
from core.experiments import experiment
from core.files.weights import Match, load, load_into, match
from core.models import CNN
from tests.core.files.test_saving import trained
from tests.experiments import over_all


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["run"]["net"]
    return weights


def test_verdicts_key_by_key(tmp_path: Path) -> None:
    config, path = trained("classifier", tmp_path)
    weights = weights_of(path)
    assert {entry.verdict for entry in match(weights, config)} == {"fits"}
    wider = config.changed(hidden_sizes=(12,), batch_norm=False)
    verdicts = {entry.key: entry.verdict for entry in match(weights, wider)}
    assert verdicts["hidden.0.weight"] == "size"
    assert verdicts["out.bias"] == "fits"
    assert verdicts["hidden.1.running_mean"] == "unexpected"
    deeper = {entry.key: entry.verdict for entry in match(weights, config.changed(hidden_sizes=(10, 10)))}
    assert deeper["hidden.4.weight"] == "missing"
    assert Match("a", None, (2,)).verdict == "missing"


def test_what_load_state_dict_does_in_each_mode() -> None:
    """The lesson says these: an error does not undo what was copied, and strict=False does not forgive sizes."""
    torch.manual_seed(1)
    file = CNN(channels1=16).state_dict()
    wider = CNN(channels1=24)
    before = {key: tensor.clone() for key, tensor in wider.state_dict().items()}
    for mode in ("strict", "loose"):
        assert "size mismatch for conv1.0.weight" in load_into(wider, file, mode)
        assert torch.equal(wider.out.weight, file["out.weight"]), "copied although it ends with an error"
        assert torch.equal(wider.conv1[0].weight, before["conv1.0.weight"])  # type: ignore[arg-type]
    third = CNN(channels3=32)
    assert "Missing key(s)" in load_into(third, file, "strict")
    assert load_into(third, file, "loose") == ""
    assert load_into(CNN(channels1=24), file, "fitting") == ""


@over_all
def test_loaded_weights_give_the_runs_answers(name: str, manager: Manager, tmp_path: Path) -> None:
    config, path = trained(name, tmp_path)
    weights = weights_of(path)
    loaded = load(weights, config, "strict")
    assert loaded.error == ""
    assert sorted(loaded.copied) == sorted(weights)
    assert loaded.before.loss != loaded.after.loss
    trained_net: Any = experiment(name).untrained(config)
    trained_net.net.load_state_dict(weights)
    arrays = experiment(name).view(config, trained_net, {}).arrays
    match loaded.after.kind:
        case "plane":
            assert torch.equal(loaded.after.parts["decision"], torch.tensor(arrays["decision"]))
        case "wave":
            assert torch.equal(loaded.after.parts["prediction"], torch.tensor(arrays["prediction"]))
        case "images":
            assert loaded.after.facts["of"] == 1000
            assert loaded.after.parts["images"].shape == (12, 28, 28)
        case _:
            assert (loaded.after.kind, loaded.after.parts) == ("", {}), "of other pictures only the loss is told"


def test_an_error_of_pytorch_comes_with_its_own_words(manager: Manager, tmp_path: Path) -> None:
    config, path = trained("classifier", tmp_path)
    loaded = load(weights_of(path), config.changed(hidden_sizes=(12,)), "strict")
    assert "size mismatch for hidden.0.weight" in loaded.error
    assert "out.bias" in loaded.copied and "hidden.0.weight" not in loaded.copied


def test_of_weights_that_fit_nowhere_nothing_is_copied_and_nothing_changes(manager: Manager, tmp_path: Path) -> None:
    config, _ = trained("classifier", tmp_path)
    loaded = load({"layer.weight": torch.ones(2, 2)}, config, "strict")
    assert "Missing key(s)" in loaded.error
    assert loaded.copied == []
    assert loaded.before.loss == loaded.after.loss
    assert torch.equal(loaded.before.parts["decision"], loaded.after.parts["decision"])
