"""After step 2: mixed precision. The forward pass in 16 bits where that is safe, the weights in 32."""

import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"
dtype = torch.float16 if device == "cuda" else torch.bfloat16  # a CPU has bfloat16, which needs no scaling
images = torch.randn(64, 3, 32, 32, device=device)
labels = torch.randint(10, (64,), device=device)

for mixed in (False, True):
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(32 * 8 * 8, 10)
    ).to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler(device, enabled=mixed and dtype == torch.float16)
    start = time.perf_counter()
    for _ in range(10):
        with torch.autocast(device, dtype=dtype, enabled=mixed):
            output = net(images)
            loss = nn.functional.cross_entropy(output, labels)
        optimizer.zero_grad()
        scaler.scale(loss).backward()  # float16 loses small gradients: they are made larger, and smaller again
        scaler.step(optimizer)
        scaler.update()
    seconds = (time.perf_counter() - start) / 10
    print(f"mixed {mixed!s:5}  output {output.dtype}  loss {loss.item():.6f}  {1000 * seconds:.1f} ms a step")
print("weights stay", next(net.parameters()).dtype)
