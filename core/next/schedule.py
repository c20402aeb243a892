"""After step 1: a learning rate that follows a plan, and gradients of limited length."""

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
x = torch.cat([torch.randn(200, 2) + 2, torch.randn(200, 2) - 2])
y = torch.cat([torch.zeros(200), torch.ones(200)]).long()
net = nn.Sequential(nn.Linear(2, 10), nn.ReLU(), nn.Linear(10, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=10)
fade = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=90)
scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm_up, fade], milestones=[10])
loss_func = nn.CrossEntropyLoss()

for step in range(100):
    loss = loss_func(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)
    optimizer.step()
    lr = scheduler.get_last_lr()[0]
    scheduler.step()  # after optimizer.step(), once a step or once an epoch, as its T_max is counted
    if step % 10 == 0:
        print(f"step {step:3}  lr {lr:.3f}  loss {loss.item():.4f}")
