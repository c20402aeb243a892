"""A pickle is a program. Read it without running it: only the instructions that torch.save writes may be in it."""

from __future__ import annotations

import re
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from itertools import islice
from pickletools import genops

from core.config import Problem
from core.files.uploads.values import OWN, path_of
from core.processes.confined import Unable

MOST_INSTRUCTIONS = 700_000
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
SCHEME = re.compile(r"torch per_(tensor|channel)_\w+")
"""A way to quantize: a value beside tensors, as a kind of numbers is one."""
VALUES = re.compile(f"{NUMBERS.pattern}|{SCHEME.pattern}")
TENSORS = re.compile(
    r"torch (\w+Tensor|\w+Storage)|torch\.(cuda|sparse|cuda\.sparse) \w+(Tensor|Storage)"
    r"|torch\.storage (Untyped|Typed)Storage|torch\._utils _rebuild_\w+|torch\.nn\.parameter (Parameter|Buffer)"
)
"""Of what `torch.load(weights_only=True)` reads, the tensors that are not read here, and parts of them."""
STORAGES = {
    "ComplexFloat": "complex64", "ComplexDouble": "complex128", "QInt8": "qint8", "QUInt8": "quint8",
    "QInt32": "qint32", "QUInt4x2": "quint4x2", "QUInt2x4": "quint2x4",
}  # fmt: skip
"""The kinds of numbers of storages that are named otherwise."""
BUILT = {
    "_rebuild_sparse_tensor": ("sparse", "tensor.to_dense()"),
    "_rebuild_qtensor": ("quantized", "tensor.dequantize()"),
    "_rebuild_nested_tensor": ("nested", "tensor.to_padded_tensor(0)"),
}
"""Kinds of tensors by the function that builds them, and what to save instead."""
INSTEAD = (
    (r"(argparse Namespace|types SimpleNamespace)", "vars(args)"),
    (r"collections (defaultdict|ChainMap|UserDict)", "dict(mapping)"),
    (r"(collections (deque|UserList)|builtins range|array \w+)", "list(items)"),
    (r"builtins frozenset", "set(items)"),
    (r"(datetime|uuid|zoneinfo|pathlib|pathlib\.\w+|_strptime) \w+", "str(value)"),
    (r"(decimal Decimal|fractions Fraction)", "float(number)"),
    (r"torch\.optim\.lr_scheduler \w+", "scheduler.state_dict()"),
    (r"torch\.optim(\.\w+)? \w+", "optimizer.state_dict()"),
    (r"torch\.(amp|cuda\.amp)\.grad_scaler GradScaler", "scaler.state_dict()"),
    (r"torch\._C Generator", "generator.get_state()"),
)
"""Harmless things of others that `torch.load` does not read by default, and what to save instead of each."""
MODEL = re.compile(
    r"(__main__|core\.models(\.\w{1,40})?) (Net|CNN|VGG|RNN|RNNClassifier)|torch_playground_\w{1,40} [A-Z]\w{0,40}"
)
"""The model itself. Its class stays closed: an empty stand-in takes its place."""


def checked(pickle: bytes) -> tuple[bytes, set[str]]:
    """Look a pickle through without running it.

    Returns:
        The pickle with names of `OWN` instead of those they stand for; and the classes of a whole model that it names,
        "module name", none where it holds tensors only.

    Raises:
        Unable: it would do what torch.save never writes, or it is no pickle.
    """
    classes: set[str] = set()
    pieces: list[bytes] = []
    end = copied = 0
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
                    kind = _numbers_after(pickle[at or 0 :])
                    raise Unable(other_numbers(kind, instead_of(kind)))
                elif name in OWN:
                    pieces += [pickle[copied : at or 0], _named(path_of(OWN[name]))]
                    copied = (at or 0) + len(_named(name))
                elif name not in PARTS and not VALUES.fullmatch(name):
                    raise Unable(_program(name))
            end = (at or 0) + 1
    except (ValueError, EOFError, IndexError, KeyError, OverflowError, UnicodeDecodeError):
        raise Unable(damaged()) from None
    if end != len(pickle):
        raise Unable(damaged())
    return b"".join([*pieces, pickle[copied:]]), classes


def _named(path: str) -> bytes:
    """The instruction of a pickle that names something, "module name" or "module.name"."""
    module, _, name = path.replace(" ", ".").rpartition(".")
    return f"c{module}\n{name}\n".encode()


def _other_protocol(instruction: str, argument: object) -> Problem:
    if instruction == "PROTO" and argument in (3, 4, 5):
        return Problem(
            "",
            "This file was saved with pickle_protocol={protocol}, which is not read here: save it again without that "
            "argument.",
            {"protocol": argument},
        )
    return Problem("", "This file was not written by today's torch.save: it was not opened.")


def damaged() -> Problem:
    """The sentence for a file that does not add up."""
    return Problem("", "This file is cut off or damaged: its parts do not add up.")


def strange(name: str) -> Problem:
    """The sentence for a part of a file that is none of those that are read."""
    return Problem("", "This file holds something other than tensors, numbers and texts: {name}.", {"name": name[:80]})


def long_text(length: int, most: int) -> Problem:
    """The sentence for a text that is longer than those that are read."""
    values = {"length": length, "most": most}
    return Problem("", "This file holds a text of {length} characters; at most {most} are read here.", values)


def storage(name: str) -> Problem:
    """The sentence for the memory of a tensor that was saved without the tensor."""
    return Problem(
        "", "This file holds the storage of a tensor, {name}: save the tensor itself instead.", {"name": name}
    )


def whole_network(name: str) -> Problem:
    """The sentence for a network, a loss function or a layer among other things.

    Args:
        name: its class, behind that one's module and a space.
    """
    module, _space, kind = name.rpartition(" ")
    if module == "torch.nn.modules.loss":
        return Problem(
            "",
            "This file holds a loss function itself, {name}, and more beside it: leave it out when you save the rest.",
            {"name": kind[:80]},
        )
    return Problem(
        "",
        "This file holds a network itself, {name}, and more beside it: save net.state_dict() instead of net.",
        {"name": kind[:80]},
    )


def instead_of(kind: str) -> str:
    """What to save instead of a tensor of numbers of a kind that is not read, such as complex64, uint16 or C64."""
    if kind.startswith(("complex", "C")):
        return "torch.view_as_real(tensor)"
    return "tensor.dequantize()" if kind.startswith("q") else "tensor.float()"


def other_numbers(kind: str, instead: str) -> Problem:
    """The sentence for tensors of a kind that is not read."""
    return Problem(
        "",
        "This file holds tensors of a kind that is not read here, {kind}: save {instead} instead.",
        {"kind": kind[:80], "instead": instead},
    )


def too_many_parts() -> Problem:
    """The sentence for a file that would take too long to look through."""
    return Problem("", "This file is nested too deeply or has too many parts.")


def own_code(name: str) -> Problem:
    """The sentence for a file that holds more than weights."""
    return Problem("", "This model contains code of its own, {name}, so it was not opened.", {"name": name[:80]})


def _numbers_after(pickle: bytes) -> str:
    """The kind of numbers that is named next in a pickle: those without a storage of their own are named late."""
    names = [
        str(argument) for instruction, argument, _at in islice(genops(pickle), 100) if instruction.name == "GLOBAL"
    ]
    return next((name for name in names if NUMBERS.fullmatch(name)), names[0]).partition(" ")[2]


def _program(name: str) -> Problem:
    module, _, own = name.partition(" ")
    name = " ".join(NAME_MAPPING.get((module, own), (IMPORT_MAPPING.get(module, module), own)))
    words = name.replace(" ", ".")[:80]
    if name == "torch._utils _rebuild_meta_tensor_no_storage":
        return Problem("", "The tensors in this file have no numbers: they were saved from the device meta.")
    if name.startswith("__main__ "):
        return Problem(
            "",
            "This file names a class of its author's, {name}, which is not known here: save net.state_dict() instead.",
            {"name": words},
        )
    if TENSORS.fullmatch(name):
        return _other_tensors(name.partition(" ")[2])
    if re.match(r"numpy[. ]", name):
        return Problem(
            "",
            "This file holds something of NumPy's, {name}, which takes code to open: save float(number) or "
            "torch.from_numpy(array) instead.",
            {"name": words},
        )
    for pattern, instead in INSTEAD:
        if re.fullmatch(pattern, name):
            return Problem(
                "",
                "This file holds something that torch.load does not read by default, {name}: save {instead} instead.",
                {"name": words, "instead": instead},
            )
    return Problem(
        "",
        "This file would run code when opened, {name}, so it was not opened: save net.state_dict(), plain numbers and "
        "texts instead.",
        {"name": words},
    )


def _other_tensors(name: str) -> Problem:
    """The sentence for tensors of a kind that is not read, by the name of their storage or of what builds them."""
    numbers = name.removesuffix("Storage")
    if numbers in STORAGES:
        return other_numbers(STORAGES[numbers], instead_of(STORAGES[numbers]))
    if numbers in ("Untyped", "Typed"):
        return storage(name)
    if name in BUILT:
        return other_numbers(*BUILT[name])
    return other_numbers(name, "tensor.cpu()")
