"""The networks, as a learner would write them: plain nn.Module, torch only."""

from core.models.cnn import CNN
from core.models.net import Net
from core.models.rnn import RNN
from core.models.rnn_classifier import RNNClassifier
from core.models.vgg import VGG, make_layers

__all__ = ["CNN", "RNN", "VGG", "Net", "RNNClassifier", "make_layers"]
