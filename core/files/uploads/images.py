"""Images that strangers upload, decoded in a process with limits: a small file may hold very many pixels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core import limits
from core.data.own_images import AS_IT_IS, ImagesRefused, ZipReading, read_zip
from core.files.uploads.packed import pack, unpack
from core.layers.samples import ImageRefused, read_image
from core.processes.confined import MEMORY, Unable, confined

SECONDS = 40
"""How long a zip may take: its images have at most `own_images.MAX_ALL_PIXELS`."""


def images_of(data: bytes, colour: bool, wanted: ZipReading = AS_IT_IS) -> tuple[Tensor, Tensor, list[str], ZipReading]:
    """What `read_zip` reads in a zip.

    Raises:
        Unable: it is refused, for a reason in one sentence.
    """
    memory = MEMORY + 4 * limits.UPLOAD_MB
    parts = unpack(confined(_zip, data, colour, wanted, seconds=SECONDS, memory=memory))
    return parts["images"], parts["labels"], parts["names"], ZipReading(**parts["reading"])


def image_of(data: bytes) -> np.ndarray:
    """What `read_image` reads in an image file.

    Raises:
        Unable: it is refused, for a reason in one sentence.
    """
    image: np.ndarray = unpack(confined(_image, data)).numpy()
    return image


def _zip(data: bytes, colour: bool, wanted: ZipReading) -> bytes:
    try:
        images, labels, names, reading = read_zip(data, colour, wanted)
    except ImagesRefused as refused:
        raise Unable(refused.problem) from None
    return pack({"images": images, "labels": labels, "names": names, "reading": vars(reading)})


def _image(data: bytes) -> bytes:
    try:
        return pack(torch.from_numpy(read_image(data).copy()))
    except ImageRefused as refused:
        raise Unable(refused.problem) from None
