"""The shape table against real forward passes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.config import ConfigError
from core.experiments.cnn import CNNConfig, build_net, shapes
from core.shapes import trace

network = st.fixed_dictionaries(
    {
        "channels1": st.integers(4, 64),
        "channels2": st.integers(4, 64),
        "channels3": st.sampled_from([0, 4, 33]),
        "kernel_size": st.sampled_from([3, 5, 7]),
        "stride": st.sampled_from([1, 2]),
        "padding": st.integers(0, 3),
        "pooling": st.sampled_from(["MaxPool2d", "AvgPool2d", "Identity"]),
        "batch_norm": st.booleans(),
        "dropout": st.sampled_from([0.0, 0.5]),
    }
)


@given(network)
@settings(max_examples=40, deadline=None)
def test_what_the_table_says_is_what_the_network_does(values: dict[str, object]) -> None:
    try:
        config = CNNConfig.create(values)
    except ConfigError:
        rows = shapes(CNNConfig.model_construct(**{**dict(CNNConfig()), **values}))
        assert rows[-1].output is None
        assert rows[-1].problem is not None
        assert rows[-1].name.startswith("conv")
        return
    rows = shapes(config)
    net = build_net(config).eval()
    seen: dict[str, tuple[int, ...]] = {}
    for name, layer in net.named_modules():
        layer.register_forward_hook(lambda _layer, _x, out, name=name: seen.update({name: tuple(out.shape[1:])}))
    net(torch.zeros(1, 1, 28, 28))
    assert all(row.problem is None for row in rows)
    assert {row.name: row.output for row in rows if row.name} == {row.name: seen[row.name] for row in rows if row.name}
    assert sum(row.parameters for row in rows) == sum(p.numel() for p in net.parameters())
    convolutions = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    counted = [row for row in rows if row.layer.startswith("Conv2d")]
    for layer, row in zip(convolutions, counted, strict=True):
        assert row.output is not None
        channels, height, width = row.output
        assert row.flops == 2 * layer.in_channels * channels * height * width * layer.kernel_size[0] ** 2


@pytest.mark.parametrize(
    ("net", "sentence"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(100, 10)), "Linear has in_features=100, but its input has 784."),
        (nn.Sequential(nn.Conv2d(3, 8, 3)), "Conv2d has in_channels=3, but its input has 1."),
        (nn.Sequential(*[nn.MaxPool2d(2)] * 5), "MaxPool2d gets 1 x 1 x 1: too small to halve it once more."),
    ],
)
def test_the_reason_is_told_at_the_layer_that_breaks(net: nn.Module, sentence: str) -> None:
    rows = trace(lambda: net.to("meta"), (1, 28, 28))
    assert str(rows[-1].problem) == sentence
    assert rows[-1].output is None
