"""What the server of worker processes imports and does before the first of them is forked."""

import gc
import importlib

from core.processes import starting

starting.restore_environment()
starting.leave_quickly()
with starting.ends_with_app():
    importlib.import_module("torch").set_num_threads(1)
    for _module in ("torch._dynamo", "core.engine.worker"):  # the first optimizer imports _dynamo: over a second
        importlib.import_module(_module)
    importlib.import_module("core.engine.rehearsal").rehearse()

# What is loaded by now stays for ever: left out of garbage collection, its pages stay shared with every worker.
gc.collect()
gc.freeze()
