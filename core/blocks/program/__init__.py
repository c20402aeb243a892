"""A program's network, from its text alone: each statement is followed with what is known of it, and nothing is run.

The way through it: `network` chooses what the network is, `statements` and `expressions` follow the text, `calls` says
what a call makes, `forward_pass` what goes through forward(); `context` holds what they all know.
"""

from core.blocks.program.calls import CHILD
from core.blocks.program.forward_pass import joined
from core.blocks.program.network import Program, Reading

__all__ = ["CHILD", "Program", "Reading", "joined"]
