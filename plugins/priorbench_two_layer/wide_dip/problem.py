"""Instances of the wide deep inverse prior's experiments, and the reduction of a network to h = W u.

The gradient of L is ((phi'(W u) * (V^T A^T r)) u^T) / (m sqrt(k)), r = A g - y: of rank one, along u. Hence
W_t = W_0 + (h_t - h_0) u^T / ||u||^2 and only h = W u in R^k moves. d drops out: it enters through ||u|| and
the distribution of h_0 alone, N(0, ||u||^2 I) for A-2. n enters through B = A V in R^{m x k} and y.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from priorbench.toolkit.checks import at_least, one_of, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

Columns = Literal["rademacher", "uniform"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Instance:
    """One drawn problem with its network, complete.

    Attributes
    ----------
    A : ndarray of float64
        (m, n).
    V : ndarray of float64
        (n, k).
    u : ndarray of float64
        (d,).
    W : ndarray of float64
        initial weights, (k, d).
    x : ndarray of float64
        the signal that is sought, (n,).
    y : ndarray of float64
        measurement A x + noise, (m,).
    """

    A: NDArray[np.float64]
    V: NDArray[np.float64]
    u: NDArray[np.float64]
    W: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def reduce(self) -> Reduced:
        """Return what the fit depends on."""
        return Reduced(
            B=(self.A @ self.V)[None],
            y=self.y[None],
            h=(self.W @ self.u)[None],
            u_energy=float(self.u @ self.u),
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reduced:
    """A batch of R reduced problems of one size.

    Attributes
    ----------
    B : ndarray of float64
        A V, (R, m, k).
    y : ndarray of float64
        measurements, (R, m).
    h : ndarray of float64
        initial W u, (R, k).
    u_energy : float, default 1.0
        ||u||^2, 1 under A-1.
    """

    B: NDArray[np.float64]
    y: NDArray[np.float64]
    h: NDArray[np.float64]
    u_energy: float = 1.0

    def __post_init__(self) -> None:
        runs, m, k = self.B.shape
        if self.y.shape != (runs, m) or self.h.shape != (runs, k):
            shapes = f"{(runs, m)} and {(runs, k)}, not {self.y.shape} and {self.h.shape}"
            raise ValueError(f"B {self.B.shape} needs y and h of shape {shapes}")

    def __len__(self) -> int:
        return len(self.B)

    @property
    def m(self) -> int:
        """Number of measurements."""
        return int(self.B.shape[1])

    @property
    def k(self) -> int:
        """Width."""
        return int(self.B.shape[2])


def columns(kind: Columns, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw V with independent columns of identity covariance and entries bounded by D (A-3).

    Rademacher has D = 1, uniform on [-sqrt(3), sqrt(3)] D = sqrt(3); the paper's experiments do not say
    which.
    """
    one_of(get_args(Columns), columns=kind)
    if kind == "rademacher":
        return rng.integers(0, 2, shape).astype(np.float64) * 2 - 1
    return rng.uniform(-(3**0.5), 3**0.5, shape)


def operator(m: int, n: int, rng: np.random.Generator, *, kappa: float | None = None) -> NDArray[np.float64]:
    """Draw A, (m, n): i.i.d. N(0, 1), or with a given condition number kappa(A) = ||A|| / sigma_A.

    With `kappa` the singular vectors and the norm are those of the Gaussian draw, and the singular values
    fall geometrically from ||A|| to ||A|| / kappa.
    """
    at_least(1, m=m, n=n)
    A = rng.standard_normal((m, n))
    if kappa is None:
        return A
    within(1, np.inf, kappa=kappa)
    left, values, right = np.linalg.svd(A, full_matrices=False)
    shaped: NDArray[np.float64] = (left * (values[0] * np.geomspace(1, 1 / kappa, len(values)))) @ right
    return shaped


def draw(
    *,
    m: int,
    n: int,
    k: int,
    d: int,
    rng: np.random.Generator,
    kind: Columns = "rademacher",
    noise: float = 0.0,
    kappa: float | None = None,
) -> Instance:
    """Draw an instance as in Section 4: A and x i.i.d. N(0, 1), A-1, A-2, A-3, noise i.i.d. N(0, noise^2).

    `kappa` gives A another condition number: see `operator`.
    """
    at_least(1, m=m, n=n, k=k, d=d)
    within(0, np.inf, noise=noise)
    A, x = operator(m, n, rng, kappa=kappa), rng.standard_normal(n)
    u = rng.standard_normal(d)
    return Instance(
        A=A,
        V=columns(kind, (n, k), rng),
        u=u / np.linalg.norm(u),
        W=rng.standard_normal((k, d)),
        x=x,
        y=A @ x + noise * rng.standard_normal(m),
    )


def draw_reduced(
    runs: int,
    *,
    m: int,
    n: int,
    k: int,
    rng: np.random.Generator,
    kind: Columns = "rademacher",
    kappa: float | None = None,
) -> Reduced:
    """Draw noise-free instances of one cell of Fig. 1, reduced: h_0 ~ N(0, I) exactly, whatever d is.

    A, V, x and h_0 are drawn anew for each run; B and y are formed exactly. `kappa` is that of `operator`.
    """
    at_least(1, runs=runs, m=m, n=n, k=k)
    B, y = np.empty((runs, m, k)), np.empty((runs, m))
    for run in range(runs):
        A = operator(m, n, rng, kappa=kappa)
        B[run] = A @ columns(kind, (n, k), rng)
        y[run] = A @ rng.standard_normal(n)
    return Reduced(B=B, y=y, h=rng.standard_normal((runs, k)))


def curvature(reduced: Reduced, slope: NDArray[Any]) -> NDArray[np.float64]:
    """Return lambda_max(K), (R,), of K = (||u||^2 / (m k)) B diag(phi'(h)^2) B^T, the rate matrix of r' = -K
    r.

    Gradient descent with step eta is linearly stable where eta lambda_max < 2.

    Parameters
    ----------
    reduced : Reduced
        the problems.
    slope : ndarray
        phi'(h), (R, k).
    """
    scaled = reduced.B * slope[:, None, :]
    K = scaled @ scaled.transpose(0, 2, 1) * (reduced.u_energy / (reduced.m * reduced.k))
    largest: NDArray[np.float64] = np.linalg.eigvalsh(K)[:, -1]
    return largest
