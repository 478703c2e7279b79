"""Check values of the paper's network and theory, one claim for each system of the checklist."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench.experiments import Claim, Computation, Conclusion, Quantity, Results, Row, Size
from priorbench_two_layer.wide_dip.activation import SIGMOID, TANH
from priorbench_two_layer.wide_dip.bounds import Sizes, proven_width

_EXPERIMENTS = "priorbench_two_layer.wide_dip.experiments"
_COMMAND = "priorbench reproduce buskulic2023-systems"
#: m, n, k: steps of the fastest and the slowest of three or four runs
CONVERGED = {
    (10, 60, 200): (166, 758),
    (10, 60, 1000): (66, 104),
    (10, 300, 200): (11, 144),
    (10, 300, 1000): (15, 27),
    (20, 60, 400): (533, 647),
    (30, 60, 1000): (800, 1285),
}
#: m, n, k of cells where all of three or four runs failed
FAILED = ((10, 60, 50), (10, 300, 50), (20, 60, 100), (30, 60, 200))
#: n: range of lambda_max(K_0), m = 10, one draw for each of several k
CURVATURES = {60: (0.4, 0.7), 300: (1.8, 2.4), 1000: (5.7, 8.6)}


class Systems:
    """Reductions, cells, constants and bounds of the wide deep inverse prior against check values."""

    sizes = (Size(name="full", seconds=20),)
    rows = (
        Row(number="35", name="two-layer DIP, gradient descent on W", place="eq. 4", command=_COMMAND),
        Row(number="36", name="the fit reduced to h = W u", place="eq. 4", command=_COMMAND),
        Row(number="40", name="constants of the activations", place="A-4, Lemmas 1 to 4", command=_COMMAND),
        Row(
            number="41",
            name="gradient flow, noise, early stopping",
            place="Theorem 1(i), eq. 6, 8",
            command="priorbench reproduce buskulic2023-also",
        ),
        Row(number="42", name="sufficient width", place="Theorem 1(ii)", command=_COMMAND),
    )

    def work(self, size: Size) -> Iterator[Computation]:
        """Return all draws."""
        yield Computation(
            name="full", function=f"{_EXPERIMENTS}.systems:full_against_reduced", seeds=tuple(range(6))
        )
        for m, n, k in (*CONVERGED, *FAILED):
            yield Computation(
                name=f"{m} {n} {k}",
                function=f"{_EXPERIMENTS}.cell:cell",
                parameters={"m": m, "n": n, "k": k, "runs": 10, "programmes": 0},
                seeds=(0, 1, 2, 3),
            )
        for n in CURVATURES:
            yield Computation(
                name=f"curvature {n}",
                function=f"{_EXPERIMENTS}.sweeps:curvature_at_start",
                parameters={"m": 10, "n": n, "k": 1000},
                seeds=(0, 1, 2, 3),
            )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return a claim for each system."""
        return Conclusion(
            claims=[_reduced(results), *_cells(results), _step(results), _constants(), _width()],
            conditions=[
                "Check values that the paper does not print were computed independently of this code."
            ],
        )


def _reduced(results: Results) -> Claim:
    found = results.values["full"]
    return Claim(
        statement="The gradient in W has rank one: W_t = W_0 + (h_t - h_0) u^T / ||u||^2",
        place="eq. 4",
        quantities=tuple(
            Quantity.below(f"largest difference of {name}", max(one[name] for one in found), 1e-13)
            for name in ("h", "W", "loss")
        ),
        basis="exact, to rounding: 4e-15 in a check",
        row="35",
    )


def _cells(results: Results) -> Iterator[Claim]:
    yield Claim(
        statement="Where all of a few runs converged, nine of ten do, in as many steps",
        place="Fig. 1, single cells",
        quantities=tuple(
            quantity
            for (m, n, k), (fastest, slowest) in CONVERGED.items()
            for quantity in (
                Quantity.above(
                    f"share of runs, m = {m}, n = {n}, k = {k}",
                    _mean([one["success"] for one in results.values[f"{m} {n} {k}"]]),
                    0.9,
                ),
                Quantity.between(
                    f"median steps, m = {m}, n = {n}, k = {k}",
                    _mean([one["steps"] for one in results.values[f"{m} {n} {k}"]]),
                    fastest / 2,
                    slowest * 2,
                ),
            )
        ),
        basis="the range of three or four runs, widened by two",
        row="36",
    )
    yield Claim(
        statement="Where all of a few runs failed, at most one of five converges",
        place="Fig. 1, single cells",
        quantities=tuple(
            Quantity.below(
                f"share of runs, m = {m}, n = {n}, k = {k}",
                _mean([one["success"] for one in results.values[f"{m} {n} {k}"]]),
                0.2,
            )
            for m, n, k in FAILED
        ),
        basis="none of three or four runs",
        row="36",
    )


def _step(results: Results) -> Claim:
    return Claim(
        statement="lambda_max(K_0) grows with n: step 1 is no longer stable from n about 300 on",
        place="Section 4, step size 1",
        quantities=tuple(
            Quantity.between(
                f"lambda_max(K_0) at n = {n}",
                [value for one in results.values[f"curvature {n}"] for value in one["curvature"]],
                0.9 * low,
                1.1 * high,
            )
            for n, (low, high) in CURVATURES.items()
        ),
        basis="the range of one draw for each width, widened by a tenth",
        row="36",
    )


def _constants() -> Claim:
    return Claim(
        statement="C_phi and C_phi' of the sigmoid and of tanh",
        place="A-4, Lemma 2",
        quantities=(
            Quantity.near("C_phi, sigmoid", SIGMOID.C_phi, 0.541645, 6e-7),
            Quantity.near("C_phi', sigmoid", SIGMOID.C_phi_prime, 0.211746, 6e-7),
            Quantity.near("C_phi, tanh", TANH.C_phi, 0.627929, 6e-7),
            Quantity.near("C_phi', tanh", TANH.C_phi_prime, 0.681471, 6e-7),
            Quantity.near("max |phi''|, sigmoid", SIGMOID.curvature_bound, 0.09623, 6e-6),
        ),
        basis="the last printed digit",
        row="40",
    )


def _width() -> Claim:
    asked = proven_width(Sizes(n=60, m=10, d=500), SIGMOID)
    return Claim(
        statement="The theorem's width, with its constant as 1, for n = 60, m = 10, d = 500",
        place="Theorem 1(ii)",
        quantities=(Quantity.near("k / 10^8", asked / 1e8, 4.4, 0.05),),
        basis="the last printed digit",
        row="42",
        note="Half of the runs converge at k = 97: as a number the bound says nothing.",
    )


def _mean(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else float("nan")
