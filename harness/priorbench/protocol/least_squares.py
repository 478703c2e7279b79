"""The minimum-norm least-squares solution A^+ y of any operator, by conjugate gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from priorbench.contract.operators import Operator


def pseudo_inverse(
    operator: Operator, y: torch.Tensor, *, iterations: int = 200, tolerance: float = 1e-6
) -> torch.Tensor:
    """Return A^+ y: by the operator's own ``A_dagger`` where it has one, else by conjugate gradients.

    Parameters
    ----------
    operator : Operator
        A.
    y : torch.Tensor
        the measurement.
    iterations, tolerance : int or float, optional
        of `least_squares`. Where A is ill conditioned they decide how much of the noise is in the result.
    """
    dagger = getattr(operator, "A_dagger", None)
    if dagger is not None:
        solution: torch.Tensor = dagger(y)
        return solution
    return least_squares(operator, y, iterations=iterations, tolerance=tolerance)


def least_squares(
    operator: Operator, y: torch.Tensor, *, iterations: int = 200, tolerance: float = 1e-6
) -> torch.Tensor:
    """Minimise ||A x - y|| from x = 0 by CGLS, whose limit is the solution of least norm.

    M. R. Hestenes, E. Stiefel, Methods of conjugate gradients for solving linear systems, Journal of Research
    of the National Bureau of Standards 49 (1952), section 10.

    Parameters
    ----------
    operator : Operator
        A.
    y : torch.Tensor
        the measurement, in the precision of the computation.
    iterations : int, default 200
        at most.
    tolerance : float, default 1e-06
        ends when ||A*(y - A x)|| is at most this part of ||A* y||.
    """
    residual = y.clone()
    direction = gradient = operator.A_adjoint(residual)
    solution = gradient.new_zeros(gradient.shape)
    start = energy = float(gradient.square().sum())
    for _ in range(iterations):
        if energy <= tolerance**2 * start:
            break
        image = operator.A(direction)
        step = energy / float(image.square().sum())
        solution = solution + step * direction
        residual = residual - step * image
        gradient = operator.A_adjoint(residual)
        energy, previous = float(gradient.square().sum()), energy
        direction = gradient + (energy / previous) * direction
    return solution
