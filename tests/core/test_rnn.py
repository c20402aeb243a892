"""The recurrent network: its windows, its losses, its memory and its script."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from core import checkpoints
from core.__main__ import main
from core.changes import Changes
from core.config import ConfigError, kind_of
from core.data.csv_series import read_series
from core.data.csv_table import CsvRefused, Reading
from core.data.waves import formula, times
from core.engine.run import Run
from core.experiment import cell_lanes
from core.experiments.rnn import RNNConfig, build_net, focus, make_window, train, untrained, view
from core.experiments.rnn.forwards import compare
from core.experiments.rnn.shapes import parameters, step_tensors
from core.export import script
from core.models import RNN
from tests.core.scripts import Records, Scripts
from tests.core.test_export import check_text
from tests.waiting import until


class TutorialRNN(nn.Module):
    """The tutorial's class as printed."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(input_size=1, hidden_size=32, batch_first=True)
        self.out = nn.Linear(32, 1)

    def forward(self, x: torch.Tensor, h_state: Any) -> Any:
        r_out, h_state = self.rnn(x, h_state)
        outs = []
        for time_step in range(r_out.size(1)):
            outs.append(self.out(r_out[:, time_step, :]))
        return torch.stack(outs, dim=1), h_state


def config_of(**values: Any) -> RNNConfig:
    return RNNConfig.create({"device": "cpu", **values})


def losses(**values: Any) -> list[float]:
    return [snapshot.metrics["loss/train"] for snapshot in train(config_of(**values), {}) if snapshot.metrics]


def records(config: RNNConfig, changes: Changes | None = None) -> Records:
    rows = []
    for snapshot in train(config, changes or {}):
        if snapshot.metrics:
            numbers = {name: x if math.isfinite(x) else None for name, x in snapshot.metrics.items()}
            rows.append({"step": snapshot.step, "epoch": snapshot.epoch, **numbers})
    return rows


def test_trains_as_the_tutorial_does() -> None:
    """The same network, fed by the tutorial's own loop, has the same losses but for rounding."""
    torch.manual_seed(1)
    net = TutorialRNN()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    h_state, expected = None, []
    for step in range(60):
        t = torch.linspace(step * math.pi, (step + 1) * math.pi, 11, dtype=torch.float64)[:-1]
        x, y = torch.sin(t).float()[None, :, None], torch.cos(t).float()[None, :, None]
        prediction, h_state = net(x, h_state)
        h_state = h_state.detach()
        loss = nn.MSELoss()(prediction, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    assert losses(num_steps=60) == pytest.approx(expected, rel=2e-2, abs=1e-4)
    assert losses(num_steps=3) == pytest.approx(expected[:3], rel=1e-4)


def test_whole_tensor_and_loop_give_the_same() -> None:
    torch.manual_seed(0)
    ours, theirs = RNN(), TutorialRNN()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(3, 10, 1)
    one, h_one = ours(x, None)
    other, h_other = theirs(x, None)
    assert torch.allclose(one, other, atol=1e-6) and torch.equal(h_one, h_other)


@pytest.mark.long
def test_learns_within_300_steps_on_nearly_every_seed(record_property: Callable[[str, object], None]) -> None:
    least = [min(losses(seed=seed)) for seed in range(10)]
    record_property("least loss of ten seeds", " ".join(f"{loss:.4f}" for loss in least))
    assert sum(loss < 0.01 for loss in least) >= 9


def test_learns_within_300_steps() -> None:
    assert min(losses(seed=0)) < 0.01


def test_without_carrying_it_stays_near_a_tenth() -> None:
    for seed in range(3):
        assert sum(losses(seed=seed, h_state="reset")[-50:]) / 50 == pytest.approx(0.1, abs=0.02)


def test_axes_in_either_order_give_the_same_losses() -> None:
    assert make_window(config_of(batch_first=False), 0)[0].shape == (10, 1, 1)
    assert losses(batch_first=False, num_steps=50) == losses(num_steps=50)


@pytest.mark.filterwarnings("ignore:dropout option adds dropout")
def test_dropout_of_one_layer_does_nothing() -> None:
    assert losses(dropout=0.5, num_steps=40) == losses(num_steps=40)
    assert losses(dropout=0.5, num_layers=2, num_steps=40) != losses(num_layers=2, num_steps=40)


def test_forgotten_batch_first_leaves_it_without_memory() -> None:
    assert sum(losses(bugs="forgotten_batch_first")[-50:]) / 50 > 0.3
    config = config_of(bugs="forgotten_batch_first")
    net = build_net(config)
    x, _ = make_window(config, 0)
    changed = x.clone()
    changed[0, 0] += 1
    difference = (net(changed)[0] - net(x)[0]).flatten()
    assert difference[0] != 0 and difference[1:].abs().max() == 0, "no point knows of the one before it"


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_without_detach_the_second_step_fails(cell: str, capsys: pytest.CaptureFixture[str]) -> None:
    snapshots = train(config_of(bugs="no_detach", cell=cell), {})
    assert [next(snapshots).step, next(snapshots).step] == [0, 1]
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        next(snapshots)
    assert main(["train", "rnn", "bugs=no_detach", f"cell={cell}"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[-1])["step"] == 1
    assert err.startswith("PyTorch stopped the training: Trying to backward") and err.count("\n") == 1


def test_a_run_that_fails_says_why_beside_one_that_goes_on(start: Callable[..., Run]) -> None:
    run = start(config_of(bugs="no_detach", num_steps=30))
    until(lambda: not run.alive)
    assert run.status == "failed"
    assert run.message is not None and run.message["code"] == "failed" and run.message["step"] == 2
    assert "a second time" in run.message["error"]
    assert len(run.history["run"]["loss/train"]["value"]) == 1
    assert run.history["correct"]["loss/train"]["value"] == losses(num_steps=30)


def test_the_cells_side_by_side(start: Callable[..., Run]) -> None:
    config = config_of(compare=True, num_steps=20, cell="LSTM")
    assert list(cell_lanes(config)) == ["run", "RNN", "GRU"]
    run = start(config)
    until(lambda: not run.alive)
    for lane, cell in (("run", "LSTM"), ("RNN", "RNN"), ("GRU", "GRU")):
        assert run.history[lane]["loss/train"]["value"] == losses(num_steps=20, cell=cell)


@pytest.mark.parametrize("values", [{}, {"cell": "LSTM", "num_layers": 2, "dropout": 0.3}, {"signal": "noisy"}])
def test_goes_on_bit_for_bit(values: dict[str, Any], data_folder: Any) -> None:
    config = config_of(num_steps=40, **values)
    data_folder.mkdir()
    whole = []
    for snapshot in train(config, {}):
        if snapshot.metrics:
            whole.append(snapshot.metrics["loss/train"])
        if snapshot.step == 17:
            checkpoints.save(checkpoints.checkpoint(snapshot, whole), data_folder / "17.pt")
    state = checkpoints.load(data_folder / "17.pt")
    assert [s.metrics["loss/train"] for s in train(config, {}, state)] == whole[17:]


VALUES: dict[str, list[Any]] = {
    "formula": ["abs(t) - t + cos(2*t)^2 % 1 / 2"], "shift": [-1.5], "time_steps": [5, 33], "hidden_size": [1, 20],
    "num_layers": [3], "dropout": [0.4], "seed": [0], "lr": [0.5], "clip": [0.1], "num_steps": [1, 31],
    "device": ["cpu"],
}  # fmt: skip
NEEDED: dict[str, dict[str, Any]] = {
    "formula": {"signal": "formula"},
    "shift": {"signal": "shifted"},
    "dropout": {"num_layers": 2},
}


def one_at_a_time() -> list[Any]:
    cases = []
    for name, setting in RNNConfig.settings().items():
        kind = kind_of(RNNConfig, name)
        values = VALUES.get(name) or (
            [not RNNConfig.default(name)]
            if kind == "bool"
            else [(choice,) if kind == "choices" else choice for choice in setting.choices or ()]
        )
        for value in values:
            if value not in (RNNConfig.default(name), ("no_detach",), "own"):
                cases.append(pytest.param({**NEEDED.get(name, {}), name: value}, id=f"{name}={value}"))
    return cases


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    "values", [{}, *one_at_a_time(), {"cell": "LSTM", "bidirectional": True, "predict": "next", "batch_first": False}]
)
def test_script_prints_the_losses_of_the_run(values: dict[str, Any], run_script: Scripts) -> None:
    config = config_of(**{"num_steps": 25, **values})
    text = script(config)
    if config.signal != "formula":
        check_text(text)
    assert run_script(text) == records(config)


def test_script_with_changes_of_the_learning_rate(run_script: Scripts) -> None:
    config = config_of(num_steps=20)
    changes = {5: {"lr": 0.1}, 9: {"lr": 0.001}}
    assert run_script(script(config, changes)) == records(config, changes)


def test_default_script_reads_like_the_tutorial() -> None:
    text = script(config_of())
    for line in ("h_state = h_state.detach()", "prediction, h_state = net(x, h_state)", "hidden_size=32,"):
        assert line in text
    assert ".detach()" not in script(config_of(bugs="no_detach"))


@pytest.mark.parametrize(
    "text",
    [
        "", "sin(", "__import__('os').getcwd()", "t.real", "open('x')", "lambda: t", "[t]", "x", "sin(t, t)", "sin",
        "1/(t-t)", "exp(t)", "'t'", "9**9**9**9", "sin(t" + ")" * 50, "(" * 150 + "t", "+".join(["t"] * 200), "True*t",
        "sqrt(0-1)", "t if t else 1", "sin(x=t)", "1e999*t",
    ],
)  # fmt: skip
def test_what_is_no_formula_gets_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config_of(signal="formula", formula=text)
    (problem,) = refused.value.problems
    assert problem.field == "formula" and str(problem).endswith(".")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sin(t) + 0.3*cos(3*t)", lambda t: torch.sin(t) + 0.3 * torch.cos(3 * t)),
        ("-t^2 % 2 / pi", lambda t: torch.remainder(-(t**2), 2) / math.pi),
        (" 1 ", lambda t: torch.ones_like(t)),
    ],
)
def test_formulas_have_their_values(text: str, value: Callable[[torch.Tensor], torch.Tensor]) -> None:
    t = times(3, 7, 0)
    config_of(signal="formula", formula=text)
    assert torch.allclose(formula(text, t), value(t))


@pytest.mark.parametrize(("name", "value"), [("time_steps", 10**9), ("hidden_size", 0), ("num_layers", 5)])
def test_what_is_out_of_bounds_gets_a_sentence(name: str, value: int) -> None:
    with pytest.raises(ConfigError, match=r"A whole number from|A number from"):
        config_of(**{name: value})


@pytest.mark.parametrize(
    "values", [{"bugs": "no_detach", "h_state": "reset"}, {"bugs": "no_zero_grad", "compare": True}]
)
def test_settings_that_exclude_each_other(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        config_of(**values)


def test_windows_follow_on_each_other() -> None:
    config = config_of(signal="sum", predict="next")
    (x, y), (x2, _) = make_window(config, 4), make_window(config, 5)
    assert x.shape == y.shape == (1, 10, 1)
    assert torch.allclose(y[0, :-1], x[0, 1:], atol=1e-6) and torch.allclose(y[0, -1], x2[0, 0], atol=1e-6)
    noisy = config_of(signal="noisy")
    assert torch.equal(make_window(noisy, 3)[0], make_window(noisy, 3)[0])
    assert not torch.equal(make_window(noisy, 3)[0], make_window(noisy, 5)[0])


def test_looking_leaves_no_trace_in_the_run() -> None:
    values = {"num_steps": 30, "num_layers": 2, "dropout": 0.4, "predict": "next", "bugs": "no_zero_grad"}
    looked_at = []
    for snapshot in train(config_of(**values), {}):
        for look in ({}, focus({"part": "free"})):
            frame = view(config_of(**values), snapshot, look)
            assert sum(array.nbytes for array in frame.arrays.values()) < 30_000
        looked_at += [snapshot.metrics["loss/train"]] if snapshot.metrics else []
    assert looked_at == losses(**values)


KINDS: list[dict[str, Any]] = [
    {}, {"cell": "GRU", "num_layers": 2}, {"h_state": "reset"}, {"batch_first": False},
    {"cell": "LSTM", "time_steps": 50},
]  # fmt: skip


@pytest.mark.parametrize("values", KINDS)
@pytest.mark.parametrize("step", [0, 8, 30])
def test_the_picture_begins_with_what_the_next_step_is_trained_on(values: dict[str, Any], step: int) -> None:
    config = config_of(num_steps=31, **values)
    snapshots = train(config, {})
    snapshot = next(candidate for candidate in snapshots if candidate.step == step)
    frame = view(config, snapshot, {})
    assert frame.facts["first"] == [step]
    error = (frame.arrays["prediction"] - frame.arrays["target"])[: config.time_steps]
    assert (error**2).mean() == pytest.approx(next(snapshots).metrics["loss/train"], rel=1e-5)


@pytest.mark.parametrize("values", KINDS)
def test_the_picture_stands_still_at_odd_steps_and_goes_on_from_the_run(values: dict[str, Any]) -> None:
    config = config_of(num_steps=9, **values)
    *_, snapshot = train(config, {})
    frame = view(config, snapshot, {})
    assert frame.facts["first"] == [10]
    net, h_state, said = snapshot.net, snapshot.h_state, []
    for index in range(9, 10 + len(frame.arrays["x"]) // config.time_steps):
        x, _ = make_window(config, index)
        prediction, h_state = net(x, None if config.h_state == "reset" else h_state)
        said.append(prediction.detach().flatten())
    assert torch.allclose(torch.from_numpy(frame.arrays["prediction"]), torch.cat(said[1:]), atol=1e-6)


def test_the_gradient_reaches_back_as_the_chain_rule_says() -> None:
    """By hand, for a plain RNN: the product of the Jacobians from the last point back to each input."""
    config = config_of(hidden_size=6, h_state="reset")
    snapshot = untrained(config)
    net = snapshot.net
    assert isinstance(net, RNN)
    x, y = make_window(config, 0)
    with torch.no_grad():
        r_out, _ = net.rnn(x)
        weights = dict(net.rnn.named_parameters())
        pull = 2 * (net.out(r_out)[0, -1] - y[0, -1]) * net.out.weight[0]
        expected = []
        for t in reversed(range(10)):
            pull = pull * (1 - r_out[0, t] ** 2)
            expected.append(float((pull @ weights["weight_ih_l0"]).abs()))
            pull = pull @ weights["weight_hh_l0"]
    assert view(config, snapshot, {}).arrays["reach"] == pytest.approx(expected[::-1], rel=1e-4)


def test_by_itself_it_follows_the_wave_it_has_learned() -> None:
    config = config_of(predict="next")
    *_, snapshot = train(config, {})
    frame = view(config, snapshot, focus({"part": "free"}))
    distance = abs(frame.arrays["free"] - frame.arrays["truth"])
    assert distance[:10].max() < 0.1 and len(distance) == 120
    untaught = view(config, untrained(config), focus({"part": "free"}))
    assert abs(untaught.arrays["free"] - untaught.arrays["truth"]).max() > 0.5
    for values in ({}, {"predict": "next", "bidirectional": True}):
        refused = view(config_of(**values), untrained(config_of(**values)), focus({"part": "free"}))
        assert refused.facts["possible"] is False


@pytest.mark.parametrize("wish", [None, [], {"part": "layers"}, {"version": -1}, {"version": "1"}])
def test_what_can_not_be_looked_at_is_refused(wish: object) -> None:
    with pytest.raises(ValueError, match="no such"):
        focus(wish)


def test_every_choice_goes_through_a_link_and_back() -> None:
    for name, setting in RNNConfig.settings().items():
        for choice in setting.choices or ():
            series = tuple(map(float, range(11))) if choice == "own" else ()
            config = RNNConfig.create({name: choice, "series": series})
            assert RNNConfig.create(config.to_query()) == config


@pytest.mark.parametrize(
    "values", [{}, {"cell": "LSTM", "num_layers": 2}, {"batch_first": False, "bidirectional": True}]
)
def test_two_forwards_give_the_same_numbers(values: dict[str, Any]) -> None:
    comparison = compare(config_of(time_steps=40, **values))
    assert comparison.difference < 1e-5 and comparison.points == 40
    assert comparison.loop > 0 and comparison.whole > 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The CSV is empty."),
        (b"value\n1\n2\nx\n", "Line 4: “x” is not a number."),
        (b"1\n\n2\n", "Line 2 has a gap where a number is needed."),
        (b"day;value\n1;2\n2;\n", "Line 3 has a gap where a number is needed."),
        (b"1\nnan\n", "Line 2: “nan” is not a finite number."),
        (b"1\n1e9\n", "Line 2: 1e9 is too large; numbers up to 1000000 fit here."),
        (b"\xff\xfe\x00", "This is not a text file."),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "This is not a text file."),
        (
            b"t,wert\n0,10,5\n1,11,2\n",
            "Line 2 has 3 columns and the line of titles 2: where commas are decimal points, semicolons must separate "
            "the columns.",
        ),
        (b"1\n" * 2001, "The CSV has 2001 numbers; at most 2000 fit here."),
        (b"1" * 1_000_001, "The CSV is larger than 1 MB."),
    ],
)
def test_what_is_no_series_gets_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(CsvRefused) as refused:
        read_series(content)
    assert str(refused.value.problem) == sentence


def test_own_series_is_learned_point_by_point(run_script: Scripts) -> None:
    text = "day,value\n" + "".join(f"{day},{100 + 20 * math.sin(day / 3):.3f}\n" for day in range(200))
    series = read_series(text).numbers
    assert len(series) == 200 and series[0] == 100
    with pytest.raises(ConfigError, match="At least 11 numbers are needed, a window and one more; there are 3"):
        config_of(signal="own", series=series[:3])
    config = config_of(signal="own", series=series, num_steps=60)
    assert RNNConfig.create(config.to_query()) == config
    x, y = make_window(config, 19)
    assert torch.equal(x, make_window(config, 0)[0]), "after the 19th window it begins again"
    assert torch.equal(x[0, 1:], y[0, :-1])
    printed = run_script(script(config))
    assert printed == records(config)
    assert printed[-1]["loss/train"] < 0.05
    *_, snapshot = train(config, {})
    free = view(config, snapshot, focus({"part": "free"}))
    assert free.facts["possible"] and len(free.arrays["truth"]) == len(free.arrays["free"]) == 120


@pytest.mark.parametrize("values", [{}, {"cell": "LSTM", "num_layers": 2}, {"cell": "GRU", "bidirectional": True}])
def test_shapes_are_those_of_the_run_in_either_order(values: dict[str, Any]) -> None:
    config = RNNConfig.create(values)
    for order in (True, False):
        ordered = config.changed(batch_first=order)
        net = build_net(ordered)
        x, y = make_window(ordered, 0)
        r_out, h_state = net.rnn(x)
        states = {"h_n": h_state[0], "c_n": h_state[1]} if config.cell == "LSTM" else {"h_state": h_state}
        named_shapes = {t.name: t.batch_first if order else t.time_first for t in step_tensors(ordered)}
        wanted = {"x": x, "r_out": r_out, **states, "prediction": y}
        assert named_shapes == {name: tuple(tensor.shape) for name, tensor in wanted.items()}
        assert {p.name: p.shape for p in parameters(ordered)} == {
            name: tuple(p.shape) for name, p in net.named_parameters()
        }


@pytest.mark.parametrize(
    ("text", "series"),
    [
        ("wert\n10,0\n11,1\n12,2\n10,4\n", (10.0, 11.1, 12.2, 10.4)),
        (
            "wert\n10,0\n11,1\n12,2\n13,3\n10,4\n11,5\n12,6\n13,0\n10,1\n11,2\n12,3\n13,4\n",
            (10.0, 11.1, 12.2, 13.3, 10.4, 11.5, 12.6, 13.0, 10.1, 11.2, 12.3, 13.4),
        ),
        ("10,0\n11,1\n12\n10,4\n", (10.0, 11.1, 12.0, 10.4)),
        ("wert\n1 234,5\n2.000,0\n", (1234.5, 2000.0)),
        ("1 234,5\n2 000,0\n", (1234.5, 2000.0)),
        ("-1,5e1\n2,5e1\n", (-15, 25)),
        ("t;wert\n0;10,5\n1;-1.011,2\n", (10.5, -1011.2)),
        ('w\n"1,234.5"\n"2,345.0"\n', (1234.5, 2345.0)),
        ('"1,234"\n"2,345"\n', (1234, 2345)),
        ("0,5\n1,6\n2,9\n3,1\n", (5, 6, 9, 1)),
        ("day,value,\n1,2,\n2,3,\n", (2, 3)),
        ("value,comment\n1,x\n2,y\n", (1, 2)),
        (",value\n0,2.5\n1,3\n", (2.5, 3)),
        ("1.5,2.5,3.5,4", (1.5, 2.5, 3.5, 4)),
        ("1,5;2,5;3,5", (1.5, 2.5, 3.5)),
        ("# volt\n1.5\n2.5\n3.5", (1.5, 2.5, 3.5)),
        ("t v\n0 1.5\n1 2.5\n2  3.5", (1.5, 2.5, 3.5)),
    ],
)
def test_series_as_other_programs_write_them(text: str, series: tuple[float, ...]) -> None:
    assert read_series(text).numbers == series


@pytest.mark.parametrize(
    ("text", "ways", "series"),
    [
        ("999\n1,037\n2,074", ("thousands", "decimal", "columns"), (999, 1037, 2074)),
        ("v\n999\n1,037\n2,074", ("thousands", "decimal", "columns"), (999, 1037, 2074)),
        ("1,000\n2,000\n3,000", ("thousands", "decimal", "columns"), (1000, 2000, 3000)),
        ("1,037\n2,074\n3,111", ("decimal", "thousands", "columns"), (1.037, 2.074, 3.111)),
        ("10,125\n11\n12,250", ("decimal", "thousands", "columns"), (10.125, 11, 12.25)),
        ("1,512\n2,498\n3,505", ("columns", "decimal", "thousands"), (512, 498, 505)),
        ("0,125\n1,037\n5,250", ("decimal", "columns"), (0.125, 1.037, 5.25)),
        ("999\n1,037\n1,000,000", ("thousands", "columns"), (999, 1037, 1_000_000)),
        ("100,200,300\n110,210,310", ("columns", "thousands"), (300, 310)),
        ("999.5\n1,037.5\n2,074.5", ("thousands", "columns"), (999.5, 1037.5, 2074.5)),
        ("1600000000,0\n1600000061,1\n1600000100,3", ("columns", "decimal"), (0, 1, 3)),
        ("20260101,5\n20260103,6\n20260104,8", ("columns", "decimal"), (5, 6, 8)),
        ("1" * 5000 + ",1\n3,4", ("decimal", "columns"), None),
    ],
)
def test_a_comma_may_be_all_that_it_can_be(text: str, ways: tuple[str, ...], series: tuple[float, ...] | None) -> None:
    if series is None:
        with pytest.raises(CsvRefused, match="not a finite number"):
            read_series(text)
        assert read_series(text, Reading(comma="columns")).numbers == (1, 4)
        return
    read = read_series(text)
    assert read.numbers == series and read.table.choices == {"comma": ways} and read.table.reading.comma == ways[0]


def test_what_is_refused_says_how_it_was_read_and_quotes_the_file() -> None:
    with pytest.raises(CsvRefused) as refused:
        read_series("10,0\n11,1\n1600000000,5")
    assert str(refused.value.problem) == "Line 3: 1600000000,5 is too large; numbers up to 1000000 fit here."
    assert refused.value.table and refused.value.table.choices == {"comma": ("decimal", "columns")}
    with pytest.raises(CsvRefused) as refused:
        read_series("wert\n10,0\n11,1\n", Reading(comma="columns"))
    assert refused.value.table and refused.value.table.choices == {"comma": ("decimal", "columns")}
    assert refused.value.table.reading.comma == "columns"


@pytest.mark.parametrize(
    "text",
    [
        str(list(range(13))),
        str(list(range(13))).replace(",", ",\n\n"),
        str([[number] for number in range(13)]),
        str(list(range(13))).replace(",", "\n"),
    ],
)
def test_a_list_of_numbers_is_a_series(text: str) -> None:
    assert read_series(text).numbers == tuple(range(13))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[1, 2, 3, 4", "Line 1: “[1” is not a number."),
        ("1,2,x,4", "Line 1: “x” is not a number."),
        ("[1,\n2,\nx]", "Line 3: “x” is not a number."),
        ("[1,,2]", "Line 1 has a gap where a number is needed."),
    ],
)
def test_no_number_of_a_list_is_dropped(text: str, sentence: str) -> None:
    with pytest.raises(CsvRefused) as refused:
        read_series(text)
    assert str(refused.value.problem) == sentence


def test_each_way_to_read_a_comma_can_be_chosen() -> None:
    text = "1,512\n2,498\n3,505"
    assert read_series(text, Reading(comma="thousands")).numbers == (1512, 2498, 3505)
    assert read_series(text, Reading(comma="decimal")).numbers == (1.512, 2.498, 3.505)
    assert read_series(text, Reading(comma="columns", columns=(0,))).numbers == (1, 2, 3)
    assert read_series("1,000\n2,000", Reading(comma="columns")).numbers == (0, 0)


def test_a_space_between_thousands_separates_no_columns() -> None:
    with pytest.raises(CsvRefused, match="Line 2: “1 234” is not a number"):
        read_series("v\n1 234\n1 235\n1 236")


def test_a_series_that_can_be_read_in_two_ways_says_so_and_lets_choose() -> None:
    read = read_series("wert\n10,0\n11,1\n12,2\n")
    assert read.table.choices == {"comma": ("decimal", "columns")} and read.table.reading.comma == "decimal"
    with pytest.raises(CsvRefused, match="Line 2 has 2 columns and the line of titles 1"):
        read_series("wert\n10,0\n11,1\n12,2\n", Reading(comma="columns"))
    text = "10,0\n11,1\n12,2\n10,4\n"
    assert read_series(text, Reading(comma="columns")).numbers == (0, 1, 2, 4)
    assert read_series(text, Reading(comma="columns", columns=(0,))).numbers == (10, 11, 12, 10)
    assert read_series(text.encode("utf-16")).table.reading.encoding == "UTF-16"
