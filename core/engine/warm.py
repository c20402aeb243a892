"""What the server of worker processes imports before the first of them is forked."""

import torch
import torch._dynamo

from core.experiments import MODULES, experiment

torch.set_num_threads(1)
for _name in MODULES:
    experiment(_name)
