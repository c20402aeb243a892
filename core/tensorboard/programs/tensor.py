"""A tensor instead of loss.item(): who keeps it keeps the graph that it came from."""

import torch
from torch.utils.tensorboard import SummaryWriter


def nodes(loss: torch.Tensor | float) -> int:
    """How many operations the graph behind a value has."""
    found: set[object] = set()
    waiting = [getattr(loss, "grad_fn", None)]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found:
            found.add(node)
            waiting += [other for other, _ in node.next_functions]
    return len(found)


w = torch.ones(3, requires_grad=True)
total_tensor: torch.Tensor | float = 0.0
total_number = 0.0
for step in range(1, 1001):
    loss = (w * w).mean()
    total_tensor = total_tensor + loss
    total_number += loss.item()
    if step in (1, 10, 100, 1000):
        held = f"{nodes(total_tensor)} operations, loss.item() {nodes(total_number)}"
        print(f"step {step}: total += loss holds {held}")

with SummaryWriter("runs/tensor") as writer:
    writer.add_scalar("Train/Loss", loss, step)
    print("add_scalar itself takes a tensor of one number")
    try:
        writer.add_scalar("Train/Loss", w * w, step)
    except AssertionError as error:
        print(f"but not one of three: {type(error).__name__}: {error}")
