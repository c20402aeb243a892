"""A pickle is a program. Read it without running it: only the instructions that torch.save writes may be in it."""

from __future__ import annotations

import re
from itertools import islice
from pickletools import genops

from core.config import Problem
from core.processes.confined import Unable

MOST_INSTRUCTIONS = 400_000
INSTRUCTIONS = {
    "PROTO", "STOP", "MARK", "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3",
    "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE",
    "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET", "SETITEM", "SETITEMS", "APPEND", "APPENDS",
    "GLOBAL", "BINPERSID", "REDUCE", "BUILD", "NEWOBJ",
}  # fmt: skip
PARTS = {
    "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter", "collections OrderedDict",
    "__builtin__ set", "builtins set", "torch Size",
    *(f"torch {kind}Storage" for kind in (
        "Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")),
}  # fmt: skip
"""What a file of tensors is put together from."""
LAYER = re.compile(r"torch\.nn\.modules\.[a-z_0-9]+ [A-Z]\w{0,40}")
"""A layer of a whole model."""
NUMBERS = re.compile(r"torch (float|b?complex|bfloat|q?u?int|bits|bool)\w*")
"""A kind of numbers."""
PYTORCHS = re.compile(
    r"collections Counter|__builtin__ (bytearray|complex)|builtins (bytearray|complex)|_codecs encode"
    rf"|{NUMBERS.pattern}|torch (\w+Tensor|\w+Storage|device|per_\w+)"
    r"|torch\.(cuda|sparse|cuda\.sparse) \w+(Tensor|Storage)"
    r"|torch\.storage (Untyped|Typed)Storage|torch\._utils _rebuild_\w+|torch\._tensor _rebuild_from_type_v2"
    r"|torch Tensor|torch\.nn\.parameter (Parameter|Buffer)|torch\.serialization _get_layout"
)
"""What `torch.load(weights_only=True)` reads beside `PARTS`: harmless, but neither a number nor a text for this app."""
MODEL = re.compile(
    r"(__main__|core\.models(\.\w{1,40})?) (Net|CNN|VGG|RNN|RNNClassifier)|torch_playground_\w{1,40} [A-Z]\w{0,40}"
)
"""The model itself. Its class stays closed: an empty stand-in takes its place."""


def check(pickle: bytes) -> set[str]:
    """The classes of a whole model that a pickle names, "module name"; none where it holds tensors only.

    Raises:
        Unable: it would do what torch.save never writes, or it is no pickle.
    """
    classes: set[str] = set()
    end = 0
    try:
        for count, (instruction, argument, at) in enumerate(genops(pickle)):
            if count > MOST_INSTRUCTIONS:
                raise Unable(too_many_parts())
            if count == 0 and (instruction.name, argument) != ("PROTO", 2):
                raise Unable(_other_protocol(instruction.name, argument))
            if instruction.name not in INSTRUCTIONS:
                raise Unable(
                    Problem(
                        "",
                        "This file holds an instruction that torch.save never writes, {name}: it was not opened.",
                        {"name": instruction.name},
                    )
                )
            if instruction.name == "GLOBAL":
                name = str(argument)
                if LAYER.fullmatch(name) or MODEL.fullmatch(name):
                    classes.add(name)
                elif name == "torch._utils _rebuild_tensor_v3":
                    raise Unable(other_numbers(_numbers_after(pickle[at or 0 :])))
                elif name not in PARTS:
                    raise Unable(_program(name))
            end = (at or 0) + 1
    except (ValueError, EOFError, IndexError, KeyError, OverflowError, UnicodeDecodeError):
        raise Unable(damaged()) from None
    if end != len(pickle):
        raise Unable(damaged())
    return classes


def _other_protocol(instruction: str, argument: object) -> Problem:
    if instruction == "PROTO" and argument in (3, 4, 5):
        return Problem(
            "",
            "This file was saved with pickle_protocol={protocol}, which is not read here: save it again without that "
            "argument.",
            {"protocol": argument},
        )
    return Problem("", "This file was not written by torch.save as it is today: it was not opened.")


def damaged() -> Problem:
    """The sentence for a file that does not add up."""
    return Problem("", "This file is cut off or damaged: its parts do not add up.")


def strange(name: str) -> Problem:
    """The sentence for a part of a file that is none of those that are read."""
    return Problem("", "This file holds something other than tensors, numbers and texts: {name}.", {"name": name[:80]})


def other_numbers(kind: str) -> Problem:
    """The sentence for tensors of a kind that is not read."""
    return Problem("", "This file holds tensors of a kind that is not read here: {kind}.", {"kind": kind[:80]})


def too_many_parts() -> Problem:
    """The sentence for a file that would take too long to look through."""
    return Problem("", "This file is nested too deeply or has too many parts.")


def own_code(name: str) -> Problem:
    """The sentence for a file that holds more than weights."""
    return Problem(
        "",
        "This model carries code of its own, {name}: that is more than weights, it was not opened.",
        {"name": name[:80]},
    )


def _numbers_after(pickle: bytes) -> str:
    """The kind of numbers that is named next in a pickle: those without a storage of their own are named late."""
    names = [
        str(argument) for instruction, argument, _at in islice(genops(pickle), 100) if instruction.name == "GLOBAL"
    ]
    return next((name for name in names if NUMBERS.fullmatch(name)), names[0]).replace(" ", ".")


def _program(name: str) -> Problem:
    words = ".".join(name.split(" "))[:80]
    if name == "torch._utils _rebuild_meta_tensor_no_storage":
        return Problem("", "The tensors in this file have no numbers: they were saved from the device meta.")
    if name.startswith("__main__ "):
        return Problem(
            "",
            "This file names a class of its author's, {name}, which is not known here: save net.state_dict() instead.",
            {"name": words},
        )
    if re.fullmatch(r"torch \w+Storage|torch\._(utils|tensor) _rebuild_\w+", name):
        return other_numbers(words)
    if PYTORCHS.fullmatch(name):
        return strange(words)
    if re.match(r"numpy[. ]", name):
        return Problem(
            "",
            "This file holds something of NumPy's, {name}, which takes code to open: save float(number) or "
            "torch.from_numpy(array) instead.",
            {"name": words},
        )
    return Problem(
        "",
        "This file would run code when opened, {name}, so it was not opened: save net.state_dict(), plain numbers and "
        "texts instead.",
        {"name": words},
    )
