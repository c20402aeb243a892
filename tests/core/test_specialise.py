"""What is put into a function's source, and what must stay as it is."""

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import libcst as cst
import pytest
import torch
from torch import nn

from core.experiments.classifier import ClassifierConfig
from core.export.fold import Knowledge
from core.export.specialise import options, specialise, without_options
from core.export.syntax import code, literal

# ruff: noqa: F841, SIM113
# mypy: ignore-errors


def specialised(function: Callable[..., Any], **values: Any) -> str:
    """A function's body for a config, without def line and docstring."""
    tree = specialise(function, Knowledge(ClassifierConfig.create(values)))
    return textwrap.dedent("".join(code(statement) for statement in tree.body.body))


def expected(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def branches(config, x):
    # Small batches are noisy.
    if config.batch_size == 1:
        x = x + 1
    elif x > 3 and config.batch_size < 10:
        x = x + 2  # a few
    elif config.dataset == "clouds":
        # Two clouds.
        x = x + 3
    else:
        x = x + 4
    return x


def test_keeps_the_branches_that_are_open() -> None:
    assert specialised(branches, batch_size=5) == expected("""
        # Small batches are noisy.
        if x > 3:
            x = x + 2  # a few
        else:
            # Two clouds.
            x = x + 3
        return x
    """)
    assert specialised(branches, batch_size=1) == "# Small batches are noisy.\nx = x + 1\nreturn x\n"


def ends(config, x):
    if config.batch_norm:
        return x
    if x:
        if config.dropout > 0:
            x = x / 2
    for item in x:
        if config.dropout > 0:
            print(item)
    return -x


def test_cuts_what_is_never_reached_and_keeps_blocks_valid() -> None:
    assert specialised(ends, batch_norm=True) == "return x\n"
    assert specialised(ends) == "for item in x:\n    pass\nreturn -x\n"


def precedence(config, x):
    a = (x if config.batch_norm else x + 1) * 2
    b = (config.dropout or x - 1) * 2
    c = -(config.spread**x)
    d = (config.seed - 5) ** x
    return a, b, c, d


def test_keeps_parentheses_that_matter() -> None:
    text = specialised(precedence, spread=2.0, seed=3)
    assert "a = (x + 1) * 2\n" in text
    assert "b = (x - 1) * 2\n" in text
    scope: dict[str, Any] = {"x": 2}
    exec(text.replace("return ", "result = "), scope)
    assert scope["result"] == precedence(ClassifierConfig(spread=2.0, seed=3), 2)


def truth(config, x):
    value = x and config.batch_norm
    other = config.batch_norm or x
    if x or config.batch_norm:
        value = not config.batch_norm
    return value, other


def test_drops_a_known_side_only_where_it_makes_no_difference() -> None:
    assert specialised(truth) == expected("""
        value = x and False
        other = x
        if x:
            value = True
        return value, other
    """)


def growing(config, x):
    seen = []
    count = 0
    for item in x:
        seen.append(item)
        count += 1
        if len(seen) > config.batch_size and count > 2:
            break
    return seen


def test_does_not_take_what_grows_for_known() -> None:
    text = specialised(growing, batch_size=3)
    assert "if len(seen) > 3 and count > 2:" in text


def known_names(config, x):
    size = len(config.hidden_sizes)
    unused = config.seed
    if size == 1:
        x = x * size
    return x[size - 1]


def test_follows_names_that_stand_for_constants() -> None:
    assert specialised(known_names) == "x = x * 1\nreturn x[0]\n"


def calls(config, net, parameters):
    layer = getattr(nn, config.activation)()
    kind = getattr(parameters, config.stop, None)
    optimizer = torch.optim.Adam(
        parameters, lr=config.lr, weight_decay=config.weight_decay, betas=(0.9, 0.999), foreach=True
    )
    return layer, kind, optimizer, nn.Dropout(p=config.dropout), torch.zeros(3, dtype=None)


def test_drops_arguments_that_say_the_default() -> None:
    text = specialised(calls, lr=0.001, dropout=0.5)
    assert "layer = nn.ReLU()\n" in text
    assert 'kind = getattr(parameters, "steps", None)\n' in text
    assert "torch.optim.Adam(parameters, lr=0.001, foreach=True)\n" in text
    assert "nn.Dropout()" in text


def whole(config):
    return print(vars(config))


def test_refuses_a_function_that_needs_the_whole_config() -> None:
    with pytest.raises(ValueError, match="as a whole"):
        specialise(whole, Knowledge(ClassifierConfig()))


def documented(config, x):
    """Say something.

    Args:
        config: the settings,
            in two lines.
        x: kept.

    Returns:
        x.
    """
    return x


def test_forgets_arguments_in_docstrings() -> None:
    text = code(specialise(documented, Knowledge(ClassifierConfig())))
    assert inspect.cleandoc(text.split('"""')[1]) == "Say something.\n\nArgs:\n    x: kept.\n\nReturns:\n    x."
    nothing_left = code(specialise(documented, Knowledge(ClassifierConfig()), {"x": cst.Name("None")}))
    assert inspect.cleandoc(nothing_left.split('"""')[1]) == "Say something.\n\nReturns:\n    x."
    assert "return None" in nothing_left


class Layer(nn.Module):
    """A layer.

    Args:
        size: its size.
        bias: whether it has one.
        act: what comes behind.
    """

    def __init__(self, size: int, bias: bool = True, act: type[nn.Module] = nn.Tanh) -> None:
        super().__init__()
        if bias:
            self.linear = nn.Linear(size, size, bias=bias)
        self.act = act()


def test_takes_options_out_of_a_class() -> None:
    names = options(Layer)
    assert list(names) == ["bias", "act"]
    text = code(without_options(Layer, Knowledge(ClassifierConfig()), names))
    assert "def __init__(self, size: int) -> None:" in text
    assert "        self.linear = nn.Linear(size, size)\n        self.act = nn.Tanh()\n" in text
    assert "bias" not in text and "size: its size." in text


def many_arguments(config, one, two):
    result = one.gather(
        config.learning_rate_of_the_layers, two, config.name_of_the_optimizer_used, one, two, last=config.end
    )
    return result


def test_breaks_lines_that_are_too_long() -> None:
    class Long:
        learning_rate_of_the_layers = "a text of some length to fill the line"
        name_of_the_optimizer_used = "another text of some length"
        end = ("one", "two")

    assert code(specialise(many_arguments, Knowledge(Long()))) == expected("""
        def many_arguments(one, two):
            result = one.gather(
                "a text of some length to fill the line",
                two,
                "another text of some length",
                one,
                two,
                last=("one", "two"),
            )
            return result
    """)


@pytest.mark.parametrize("value", [1, -2.5, 1e-05, True, None, "it's", 'a "b"', (1,), (), [1, (2.0, "x")], {1: 0.5}])
def test_literals_read_back(value: Any) -> None:
    assert eval(literal(value)) == value


def test_refuses_what_has_no_literal() -> None:
    with pytest.raises(TypeError, match="literal"):
        literal(float("nan"))
