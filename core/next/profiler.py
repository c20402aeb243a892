"""After step 4: torch.profiler shows where the time of a training step goes."""

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile, record_function, schedule

torch.set_num_threads(1)
torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(1, 16, 5, 2, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 49, 10))
optimizer = torch.optim.Adam(net.parameters())
images, labels = torch.randn(50, 1, 28, 28), torch.randint(10, (50,))

# One step to settle, two to warm up, three that count.
with profile(activities=[ProfilerActivity.CPU], schedule=schedule(wait=1, warmup=2, active=3)) as profiler:
    for _ in range(6):
        with record_function("forward"):
            loss = nn.functional.cross_entropy(net(images), labels)
        with record_function("backward"):
            optimizer.zero_grad()
            loss.backward()
        with record_function("step"):
            optimizer.step()
        profiler.step()

print(profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=12, max_name_column_width=40))
profiler.export_chrome_trace("trace.json")
print("trace.json is written: open it in https://ui.perfetto.dev")
