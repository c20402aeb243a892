"""After step 7: attention. A transformer layer sees all of a sequence at once, and is told where each item stands."""

import torch
from torch import Tensor, nn


class Reader(nn.Module):
    """Which digit stands directly after the 0?"""

    def __init__(self, size: int = 32, length: int = 10):
        super().__init__()
        self.embedding = nn.Embedding(10, size)
        self.position = nn.Parameter(torch.randn(length, size))
        self.encoder = nn.TransformerEncoderLayer(size, nhead=4, dim_feedforward=64, dropout=0.0, batch_first=True)
        self.out = nn.Linear(size, 10)

    def forward(self, digits: Tensor) -> Tensor:
        x = self.embedding(digits) + self.position  # (batch, time, size)
        logits: Tensor = self.out(self.encoder(x).mean(dim=1))
        return logits


def make_batch(count: int) -> tuple[Tensor, Tensor]:
    """The ten digits in any order, the 0 not at the end: (count, 10), and the digit after the 0, (count,)."""
    digits = torch.rand(2 * count, 10).argsort(dim=1)
    digits = digits[digits[:, -1] != 0][:count]
    behind = (digits == 0).int().argmax(dim=1) + 1
    return digits, digits.gather(1, behind[:, None])[:, 0]


torch.manual_seed(0)
torch.set_num_threads(1)
net = Reader()
optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
for step in range(601):
    x, y = make_batch(64)
    loss = nn.functional.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        with torch.no_grad():
            x, y = make_batch(1000)
            accuracy = (net(x).argmax(dim=1) == y).float().mean().item()
        print(f"step {step:3}  loss {loss.item():.3f}  accuracy on new sequences {accuracy:.0%}")
