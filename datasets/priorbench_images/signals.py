"""`signals`: 1-D signals as images of one row, for the theory of convolutional generators."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import numpy as np
from pydantic import Field

from priorbench import Image, PriorbenchError, SkippedImage
from priorbench.errors import suggestion

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal["step", "piecewise", "low-frequency", "noise"]
Count = Annotated[int, Field(ge=1)]

#: values of the structured signals lie in 0.5 +- this, so that noise of usual levels is hardly clipped
_RANGE = 0.4


class Signals:
    """Seeded signals of `n` values in [0, 1], as grey images (1, 1, n).

    A signal depends on its kind, its number and the parameters of its kind, not on which others are chosen.

    Parameters
    ----------
    n : int, default 512
        length.
    kinds : tuple of {'step', 'piecewise', 'low-frequency', 'noise'}, optional
        which: ``step`` (0.1 in the first half, 0.9 in the second; there is one), ``piecewise`` (constant on
        `pieces` intervals), ``low-frequency`` (a combination of the `p` trigonometric basis functions of
        lowest frequency), ``noise`` (independent, uniform on [0, 1]: no structure to be found).
    count : int, default 1
        signals of each kind that is random.
    p : int, default 9
        basis functions 1, cos 1, sin 1, cos 2, ... of a low-frequency signal, 2 or more; best odd.
    pieces : int, default 8
        intervals of a piecewise constant signal.
    seed : int, default 0
        of all random signals.
    limit : int or None, optional
        use at most this many.
    """

    def __init__(
        self,
        *,
        n: Annotated[int, Field(ge=2)] = 512,
        kinds: tuple[Kind, ...] = get_args(Kind),
        count: Count = 1,
        p: Annotated[int, Field(ge=2)] = 9,
        pieces: Count = 8,
        seed: Annotated[int, Field(ge=0)] = 0,
        limit: Count | None = None,
    ) -> None:
        for kind, name, value in (("low-frequency", "p", p), ("piecewise", "pieces", pieces)):
            if kind in kinds and value > n:
                raise PriorbenchError(f"signals: {name} is {value}: a signal of {n} values has at most {n}")
        self._n, self._p, self._pieces, self._seed = n, p, pieces, seed
        named = [
            f"{kind}-{number}" if kind != "step" else kind
            for kind in kinds
            for number in range(count if kind != "step" else 1)
        ]
        self._ids = tuple(islice(dict.fromkeys(named), limit))

    def __iter__(self) -> Iterator[Image | SkippedImage]:
        """Yield the signals, kind by kind."""
        return map(self.load, self._ids)

    def __len__(self) -> int:
        """Return the number of signals."""
        return len(self._ids)

    def load(self, image_id: str) -> Image:
        """Compute a signal; raise `PriorbenchError` for an unknown id."""
        if image_id not in self._ids:
            raise PriorbenchError(f"signals: image '{image_id}' is unknown{suggestion(image_id, self._ids)}")
        kind, _, number = image_id.rpartition("-") if image_id != "step" else ("step", "", "0")
        rng = np.random.default_rng([self._seed, get_args(Kind).index(kind), int(number)])
        made = {
            "step": self._step,
            "piecewise": self._piecewise,
            "low-frequency": self._low_frequency,
            "noise": self._noise,
        }
        return Image(id=image_id, pixels=made[kind](rng).astype(np.float32).reshape(1, 1, -1))

    def _step(self, rng: np.random.Generator) -> NDArray[np.float64]:
        return 0.5 + _RANGE * np.where(np.arange(self._n) < self._n // 2, -1.0, 1.0)

    def _noise(self, rng: np.random.Generator) -> NDArray[np.float64]:
        return rng.random(self._n)

    def _piecewise(self, rng: np.random.Generator) -> NDArray[np.float64]:
        inner = np.sort(rng.choice(np.arange(1, self._n), self._pieces - 1, replace=False))
        lengths = np.diff([0, *inner, self._n])
        return 0.5 + _RANGE * np.repeat(rng.uniform(-1, 1, self._pieces), lengths)

    def _low_frequency(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return a signal in the span of the first p functions, to which shift and scale belong."""
        mixture = rng.standard_normal(self._p) @ low_frequencies(self._n, self._p)
        centred = mixture - (mixture.max() + mixture.min()) / 2
        signal: NDArray[np.float64] = 0.5 + _RANGE * centred / np.abs(centred).max()
        return signal


def low_frequencies(n: int, p: int) -> NDArray[np.float64]:
    """Return the first p functions of the orthonormal trigonometric basis by frequency, (p, n).

    Heckel & Soltanolkotabi 2020, Definition 1, with the factor 1/sqrt(n) that makes them orthonormal: the
    constant, then cosine and sine of the frequencies 1, 2, ..., and last, for even n, the alternating one.
    """
    j = np.arange(n)
    rows = []
    for index in range(p):
        frequency = (index + 1) // 2
        angle = 2 * np.pi * frequency * j / n
        alone = index == 0 or 2 * frequency == n
        wave = np.cos(angle) if index == 0 or index % 2 == 1 else np.sin(angle)
        rows.append(wave / np.sqrt(n if alone else n / 2))
    return np.array(rows)
