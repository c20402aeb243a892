"""After step 6: torch.export writes the network down as a graph that runs without your Python class."""

import torch
from torch import Tensor, nn


class Net(nn.Module):
    """The classifier of step 1."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(2, 10)
        self.out = nn.Linear(10, 2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.out(torch.relu(self.hidden(x)))
        return y


torch.manual_seed(0)
net = Net().eval()
batch = torch.export.Dim("batch", min=1, max=1024)  # any number of points, not only the two of the example
program = torch.export.export(net, (torch.randn(2, 2),), dynamic_shapes={"x": {0: batch}})
print(program.graph_module.code)
torch.export.save(program, "net.pt2")

loaded = torch.export.load("net.pt2").module()
x = torch.randn(500, 2)
print("same output for 500 points:", torch.equal(loaded(x), net(x)))
