"""Images that strangers upload, decoded in a process with limits: a small file may hold very many pixels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core import limits
from core.data.own_images import ImagesRefused, read_zip
from core.files.uploads.packed import pack, unpack
from core.layers.samples import ImageRefused, read_image
from core.processes.confined import MEMORY, Unable, confined

SECONDS = 40
"""How long a zip may take: its images have at most `own_images.MAX_ALL_PIXELS`."""


def images_of(data: bytes, colour: bool) -> tuple[Tensor, Tensor, list[str]]:
    """What `read_zip` reads in a zip.

    Raises:
        Unable: it is refused, for a reason in one sentence.
    """
    memory = MEMORY + 4 * limits.UPLOAD_MB
    parts = unpack(confined(_zip, data, colour, seconds=SECONDS, memory=memory))
    return parts["images"], parts["labels"], parts["names"]


def image_of(data: bytes) -> np.ndarray:
    """What `read_image` reads in an image file.

    Raises:
        Unable: it is refused, for a reason in one sentence.
    """
    image: np.ndarray = unpack(confined(_image, data)).numpy()
    return image


def _zip(data: bytes, colour: bool) -> bytes:
    try:
        images, labels, names = read_zip(data, colour)
    except ImagesRefused as refused:
        raise Unable(refused.problem) from None
    return pack({"images": images, "labels": labels, "names": names})


def _image(data: bytes) -> bytes:
    try:
        return pack(torch.from_numpy(read_image(data).copy()))
    except ImageRefused as refused:
        raise Unable(refused.problem) from None
