"""Inpainting: A x keeps some pixels and sets the others to zero."""

# ruff: noqa: N802 - A and A_adjoint are the usual names

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from priorbench import PriorbenchError
from priorbench_operators.constant import Constant

if TYPE_CHECKING:
    from priorbench import Operator

#: between the path of a file and the digest of its content
_MARK = "#sha256="
#: bytes of a file that is read for its digest; no picture of the default 64 Mpx has more
_LARGEST_FILE = 2**30


class Mask:
    """A x = m x, elementwise, with m in {0, 1}.

    Parameters
    ----------
    measured : torch.Tensor
        m as bool, broadcastable to the image (channels, height, width), on the CPU.
    """

    def __init__(self, measured: torch.Tensor) -> None:
        self.measured = measured
        self._m = Constant(measured)

    def A(self, x: torch.Tensor) -> torch.Tensor:
        """Return m x."""
        return x * self._m.like(x)

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:
        """Return m y."""
        return y * self._m.like(y)

    def A_dagger(self, y: torch.Tensor) -> torch.Tensor:
        """Return m y: a mask is a projection."""
        return self.A_adjoint(y)


def _with_digest(file: str) -> str:
    """Complete a path by the digest of its content: another mask makes other records."""
    if not file or _MARK in file:
        return file
    from priorbench.pictures import UnusableImageError, open_regular

    try:
        with open_regular(str(Path(file).expanduser())) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > _LARGEST_FILE:
                raise ValueError(f"the mask {file} has {size / 1e6:.0f} MB: give a picture")
            digest = hashlib.file_digest(stream, "sha256")
    except UnusableImageError as error:
        raise ValueError(f"the mask {file} cannot be read: {error.reason}") from None
    except OSError as error:
        raise ValueError(f"the mask {file} cannot be read: {error.strerror}") from None
    return f"{file}{_MARK}{digest.hexdigest()[:16]}"


class MaskModel:
    """Inpainting. The noise is on the pixels that are seen; the others are 0 in the observation.

    Parameters
    ----------
    keep : float, default 0.5
        probability that a pixel, with all its channels, is seen. What one mask keeps, a larger `keep` keeps
        too.
    file : str, default ''
        a picture in place of a random mask, as large as the images: where it is brighter than half, the pixel
        is seen. In records it is followed by the digest of its content.
    """

    def __init__(
        self,
        *,
        keep: Annotated[float, Field(gt=0, le=1)] = 0.5,
        file: Annotated[str, AfterValidator(_with_digest)] = "",
    ) -> None:
        self._keep, self._file = keep, _with_digest(file)

    def draw(self, shape: tuple[int, int, int], rng: np.random.Generator) -> Operator:
        """Return a mask for images of a shape; at least one pixel is seen."""
        measured = self._read(shape) if self._file else self._drawn(shape, rng)
        return Mask(torch.from_numpy(measured))

    def _drawn(self, shape: tuple[int, int, int], rng: np.random.Generator) -> NDArray[np.bool_]:
        u = rng.random((1, *shape[1:]))
        measured: NDArray[np.bool_] = u < max(self._keep, float(np.nextafter(u.min(), 1)))
        return measured

    def _read(self, shape: tuple[int, int, int]) -> NDArray[np.bool_]:
        from priorbench.pictures import read_picture

        path = self._file.partition(_MARK)[0]
        if _with_digest(path) != self._file:
            raise PriorbenchError(f"mask: {path} changed since the run began; start the run again")
        measured: NDArray[np.bool_] = np.asarray(read_picture(Path(path).expanduser()).pixels > 0.5)
        if measured.shape[1:] != shape[1:] or measured.shape[0] not in (1, shape[0]):
            raise PriorbenchError(
                f"mask: {path} is {_size(measured.shape)}, the image {_size(shape)}: give a mask of that size"
            )
        if not measured.any():
            raise PriorbenchError(f"mask: {path} is dark everywhere: no pixel would be seen")
        return measured


def _size(shape: tuple[int, ...]) -> str:
    channels, height, width = shape
    return f"{height} x {width} ({channels} channel{'' if channels == 1 else 's'})"
