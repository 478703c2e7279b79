"""The decoder process: one JSON line and an open file in, one JSON line out, the pixels in shared memory.

Started by `priorbench.pictures.asking`. It is given files, never paths, and its limits are set anew for each.
"""

from __future__ import annotations

import json
import logging
import os
import select
import socket
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from priorbench.machine import memory
from priorbench.machine.confinement import hide_memory
from priorbench.pictures import limits
from priorbench.pictures.decoding import decode, measure
from priorbench.pictures.values import Samples
from priorbench.pictures.wanted import PictureRules, UnusableImageError

#: seconds without a question after which the process ends; the next question starts another
IDLE = 60.0
#: bytes of address space that may be left over from earlier pictures
_KEPT = 512 * 2**20
#: bytes of shared memory that are kept for the next picture
_SHARED = 16 * 2**20
_REQUEST = 1 << 16


def main(shared: int, parent: int) -> None:
    """Answer until the parent closes the socket, or asks nothing for a while.

    Parameters
    ----------
    shared : int
        file descriptor of the shared memory.
    parent : int
        number of the process that asks.
    """
    limits.settle(parent)
    hide_memory()  # clean pictures are in it
    line = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # decoders write to standard error what they think of a file
        os.dup2(null, standard)
    os.close(null)
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # max_pixels of the rules decides, before anything is decoded
    logging.disable()
    used = empty = memory.address_space_bytes()

    def say(message: Mapping[str, Any]) -> None:
        line.sendall(json.dumps(message).encode() + b"\n")

    say({"ready": True})
    while select.select([line], [], [], IDLE)[0]:
        request, stream = _received(line)
        with stream:
            say(_answer(request, stream, shared, used))
        limits.rest()
        used = memory.address_space_bytes()
        if used > empty + _KEPT:
            break


def _received(line: socket.socket) -> tuple[Mapping[str, Any], BinaryIO]:
    """Return the next question and its file; end with the parent."""
    data, files, _, _ = socket.recv_fds(line, _REQUEST, 1)
    while not data.endswith(b"\n"):
        more = line.recv(_REQUEST)
        if not more:
            os._exit(0)
        data += more
    return json.loads(data), os.fdopen(files[0], "rb")


def _answer(request: Mapping[str, Any], stream: BinaryIO, shared: int, used: int) -> Mapping[str, Any]:
    """Return ``size``, or the form of the samples that are now in the shared memory, or ``problem``."""

    def announce(width: int, height: int) -> None:
        limits.allow(width * height, used)
        os.pwrite(shared, (width * height).to_bytes(8, "little"), 0)

    announce(0, 0)
    try:
        if request["question"] == "size":
            return {"size": measure(stream, announce)}
        samples = decode(stream, PictureRules(**request["rules"]), announce)
    except UnusableImageError as error:
        return {"problem": error.reason}
    return _handed_over(samples, shared)


def _handed_over(samples: Samples, shared: int) -> Mapping[str, Any]:
    values = _plain(samples.values)
    assert samples.alpha is None or samples.alpha.shape == values.shape[:2]
    about, parts = {}, [values]
    if samples.metadata is not None:
        said = samples.metadata
        about = {
            "alpha": samples.alpha is not None,
            "exif": len(said.exif),
            "icc": len(said.icc),
            "resolution": said.resolution,
        }
        parts += [] if samples.alpha is None else [_plain(samples.alpha)]
        parts += [np.frombuffer(text, np.uint8) for text in (said.exif, said.icc)]
    try:
        _write(shared, parts)
    except OSError as error:  # not the picture's fault
        return {"failure": f"its pixels cannot be handed over: {error.strerror}"}
    return {
        "shape": values.shape,
        "dtype": values.dtype.str,
        "notes": samples.notes,
        "orientation": samples.orientation,
        "white": samples.white,
        "about": about,
    }


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Return samples in the byte order of this machine, without gaps."""
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))


def _write(shared: int, parts: Sequence[NDArray[Any]]) -> None:
    """Write arrays one after the other."""
    if os.fstat(shared).st_size > _SHARED:
        os.ftruncate(shared, limits.FIRST_SAMPLE)
    place = limits.FIRST_SAMPLE
    for values in parts:
        data, done = values.reshape(-1).view(np.uint8).data, 0
        while done < len(data):
            done += os.pwrite(shared, data[done:], place + done)
        place += done


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
    os._exit(0)
