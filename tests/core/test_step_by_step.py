"""One step by hand is one step of the loop."""

from typing import Any

import pytest
import torch
from torch import nn

from core.experiments.classifier import ClassifierConfig, build_net, make_data, train
from core.step_by_step import Press, Row, replay

CONFIG = ClassifierConfig(device="cpu", hidden_sizes=(3,))
STEP: tuple[Press, ...] = ("zero_grad", "backward", "step")


def numbers(net: nn.Module) -> list[float]:
    return [value for parameter in net.parameters() for value in parameter.detach().flatten().tolist()]


def test_before_any_press_there_are_the_first_weights() -> None:
    table = replay(CONFIG, ())
    assert [row.value for row in table.rows] == numbers(build_net(CONFIG))
    assert table.loss is None and table.lr == 0.02 and table.presses_of_backward == 0
    assert all(row.gradient is None and row.change == 0 for row in table.rows)


def test_every_number_is_named() -> None:
    names = [row.parameter for row in replay(CONFIG, ()).rows]
    assert names[:4] == [
        "hidden.0.weight[0, 0]",
        "hidden.0.weight[0, 1]",
        "hidden.0.weight[1, 0]",
        "hidden.0.weight[1, 1]",
    ]
    assert names[6:9] == ["hidden.0.bias[0]", "hidden.0.bias[1]", "hidden.0.bias[2]"]
    assert names[-1] == "out.bias[1]" and len(names) == len(set(names)) == 17


def test_numbers_are_found_by_their_names() -> None:
    table = replay(CONFIG, STEP)
    names = table.names
    assert [table.name_at(at) for at in range(len(names))] == names

    def found(*asked: Any) -> list[str]:
        return [names[at] for at in table.places(*asked)]

    assert found() == names
    assert found("hidden.0.bias") == names[6:9]
    assert found("", "bias") == [name for name in names if ".bias" in name]
    assert found("", "weight[1,0") == found("", " weight[1, 0]") == ["hidden.0.weight[1, 0]", "out.weight[1, 0]"]
    assert found("out.bias", "[1") == found("", "out.bias[1]") == ["out.bias[1]"]
    assert found("", "weight[2") == ["hidden.0.weight[2, 0]", "hidden.0.weight[2, 1]"]
    assert found("", "[1]") == found("", "[1") == [name for name in names if "[1" in name]
    assert found("", "nothing") == found("", "bias[7") == found("", "bias[x") == found("", "out.bias[1,0]") == []
    assert found("", "", True)[0] == table.most_changed.parameter
    assert sorted(found("", "", True)) == sorted(names)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_three_presses_are_one_step_of_the_loop(optimizer: str) -> None:
    config = CONFIG.changed(optimizer=optimizer, num_steps=2)
    *_, last = train(config, {})
    table = replay(config, STEP * 2)
    assert [row.value for row in table.rows] == numbers(last.net)
    assert table.loss == last.metrics["loss/train"]


def test_each_press_says_what_it_changed() -> None:
    def rows(count: int) -> list[Row]:
        return replay(CONFIG, STEP[:count]).rows

    for first, second, third in zip(rows(1), rows(2), rows(3), strict=True):
        assert first.change == second.change == 0
        assert second.gradient is not None and second.gradient_change == second.gradient
        assert third.change == pytest.approx(-0.02 * second.gradient, abs=1e-7)
        assert third.gradient == second.gradient and third.gradient_change == 0


def test_backward_twice_adds_up_and_zero_grad_clears() -> None:
    once, twice = replay(CONFIG, ("backward",)), replay(CONFIG, ("backward", "backward"))
    assert (once.presses_of_backward, twice.presses_of_backward) == (1, 2)
    assert [row.gradient for row in twice.rows] == [2 * row.gradient for row in once.rows if row.gradient is not None]
    cleared = replay(CONFIG, ("backward", "zero_grad"))
    assert cleared.presses_of_backward == 0
    assert all(row.gradient is None for row in cleared.rows)
    assert [row.gradient_change for row in cleared.rows] == [-(row.gradient or 0) for row in once.rows]


def test_step_before_backward_does_nothing() -> None:
    assert [row.value for row in replay(CONFIG, ("step",)).rows] == numbers(build_net(CONFIG))


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    x, y, _, _ = make_data(CONFIG)
    net = build_net(CONFIG).double()
    weight, small = net.out.weight, 1e-5
    losses = []
    for change in (small, -small):
        with torch.no_grad():
            weight[0, 0] += change
            losses.append(nn.CrossEntropyLoss()(net(x.double()), y).item())
            weight[0, 0] -= change
    row = next(row for row in replay(CONFIG, ("backward",)).rows if row.parameter == "out.weight[0, 0]")
    assert row.gradient == pytest.approx((losses[0] - losses[1]) / (2 * small), rel=1e-3)


@pytest.mark.parametrize("values", [{"dropout": 0.5}, {"batch_norm": True, "batch_size": 8}, {"loss": "MSELoss"}])
def test_the_same_presses_give_the_same_table(values: dict[str, object]) -> None:
    config = CONFIG.changed(**values)
    chance = torch.get_rng_state()
    assert replay(config, STEP * 3) == replay(config, STEP * 3)
    assert torch.equal(torch.get_rng_state(), chance)
