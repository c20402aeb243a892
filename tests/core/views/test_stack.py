"""Looking into a deep stack leaves the network as it was."""

import pytest
from torch import nn

from core.views.stack import by_the_batch


def test_batch_norm_keeps_its_statistics_again_after_an_error() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).eval()
    norm = net[1]
    with pytest.raises(ZeroDivisionError), by_the_batch(net):
        assert norm.training and not norm.track_running_stats
        raise ZeroDivisionError
    assert not norm.training and norm.track_running_stats
