"""After step 5: torch.compile turns a network into machine code. That takes time, and a C++ compiler on the CPU."""

import shutil
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn


def seconds_a_call(net: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """The best of five rounds of twenty calls."""
    rounds = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(20):
            net(x)
        rounds.append((time.perf_counter() - start) / 20)
    return min(rounds)


def main() -> None:
    """Compile, compare, count."""
    if not any(map(shutil.which, ("c++", "g++", "clang++", "cl"))):
        print("There is no C++ compiler here: torch.compile needs one on the CPU (on Debian: apt install g++).")
        return
    torch.manual_seed(0)
    torch.set_num_threads(1)
    net = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10))
    x = torch.randn(512, 64)
    with torch.no_grad():
        compiled = torch.compile(net)
        start = time.perf_counter()
        output = compiled(x)
        first = time.perf_counter() - start
        print("same output:", torch.allclose(output, net(x), atol=1e-5))
        before, after = seconds_a_call(net, x), seconds_a_call(compiled, x)
    print(f"first call {first:.1f} s; then {1000 * before:.2f} ms as it is, {1000 * after:.2f} ms compiled")
    gain = before - after
    if gain > 0:
        print(f"it has paid for itself after {first / gain:,.0f} calls")
    else:
        print("on this machine and with this network it never pays")


if __name__ == "__main__":
    main()
