"""What a Jacobian favours: singular values, leading directions, their overlap and their frequencies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from priorbench.toolkit.checks import at_least

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spectrum:
    """The singular values of a Jacobian (n, parameters) and its left singular vectors.

    Attributes
    ----------
    values : ndarray
        descending, (r,), r the smaller side.
    vectors : ndarray
        in columns, (n, r): directions in the space of signals. Their signs are arbitrary.
    """

    values: Array
    vectors: Array

    def leading(self, count: int) -> Array:
        """Return the first `count` left singular vectors, (n, count)."""
        at_least(1, count=count)
        return self.vectors[:, :count]

    def energy_up_to(self, frequency: int) -> float:
        """Return the share of J J^T, by its trace, in the Fourier frequencies 0 to `frequency`."""
        squares = self.values**2
        return float(squares @ energy_up_to(frequency, self.vectors) / squares.sum())


def triangular(J: Array) -> Array:
    """Return the triangular factor T (n, n) of a wide J = T Q^T (n, parameters).

    T has the singular values and left singular vectors of J, and whatever mixes the rows of J (`accumulated`)
    may as well mix those of T. So the long factorisation is done once for several spectra.
    """
    if J.shape[1] <= J.shape[0]:
        return J
    _, factor = torch.linalg.qr(torch.from_numpy(J).T, mode="r")
    T: Array = factor.T.contiguous().numpy()
    return T


def spectrum(J: Array) -> Spectrum:
    """Return singular values and left singular vectors of a matrix (n, parameters)."""
    vectors, values, _ = np.linalg.svd(triangular(J), full_matrices=False)
    return Spectrum(values=values, vectors=vectors)


def overlap(one: Array, other: Array) -> float:
    """Return how far two subspaces are the same: ||A^T B||_F^2 / r, from 0 (orthogonal) to 1 (equal).

    Parameters
    ----------
    one, other : ndarray
        orthonormal bases in columns, (n, r): for example `Spectrum.leading` at two moments. It is the mean of
        the squared cosines of the angles between the subspaces, so that no sign and no order matters. Two
        random ones overlap by r / n.
    """
    if one.shape != other.shape:
        raise ValueError(f"the bases have the shapes {one.shape} and {other.shape}")
    return float(np.sum((one.T @ other) ** 2) / one.shape[1])


def energy_up_to(frequency: int, vectors: Array) -> Array:
    """Return for each column the share of its energy in the Fourier frequencies 0 to `frequency`.

    Parameters
    ----------
    frequency : int
        in periods over the length n, at most n / 2.
    vectors : ndarray
        in columns, (n, r).
    """
    n = len(vectors)
    if not 0 <= frequency <= n // 2:
        raise ValueError(f"frequency must be between 0 and n / 2 = {n // 2}, not {frequency}")
    energy = np.abs(np.fft.fft(vectors, axis=0)) ** 2
    low = np.abs(np.fft.fftfreq(n, 1 / n)) <= frequency
    shares: Array = energy[low].sum(axis=0) / energy.sum(axis=0)
    return shares
