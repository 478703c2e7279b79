"""Check values of the paper's theory, one claim for each system of the checklist."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench.experiments import Claim, Computation, Conclusion, Quantity, Results, Row, Size

_SYSTEMS = "priorbench_two_layer.systems"
_COMMAND = "priorbench reproduce heckel2020-theory-systems"
#: ||r - rlin|| / ||y|| at iterations 10, 50 and 200, as printed
DISTANCES = {
    ("independent", 256): (".018", ".018", ".068"),
    ("independent", 1024): (".011", ".011", ".042"),
    ("independent", 4096): (".0042", ".0052", ".0246"),
    ("symmetric", 256): (".022", ".020", ".073"),
    ("symmetric", 1024): (".012", ".013", ".044"),
    ("symmetric", 4096): (".0070", ".0076", ".0258"),
}
#: errors of the linearised fit at iterations 1, 2, 5, 10, 20, 50, 100, 200
ERRORS = (0.693, 0.493, 0.244, 0.210, 0.237, 0.268, 0.295, 0.336)
#: ||U|| of the kernels of Fig. 6
NORMS = (1, 3.86334, 6.70634, 1.93903, 2.74224, 6.13184)
#: largest and smallest sigma^2 of the kernels of Fig. 6
EIGENVALUES = (
    (0.500000, 0.500000),
    (5.872354, 0.014611),
    (17.688657, 0.004676),
    (1.488142, 0.063277),
    (2.948965, 0.027446),
    (14.702092, 0.005312),
)


class TheorySystems:
    """Operators, spectra, trajectories and bounds of the two-layer model against published check values."""

    sizes = (
        Size(name="quick", seconds=15, reduced="widths 256 and 1024 of 256 to 4096"),
        Size(name="full", seconds=60),
    )
    rows = (
        Row(number="22", name="circular convolution and its SVD", place="Section 4", command=_COMMAND),
        Row(number="23", name="dual kernel", place="Definition 2, Fig. 6", command=_COMMAND),
        Row(number="24", name="expected Jacobian", place="eq. 13", command=_COMMAND),
        Row(number="25", name="concentration of J J^T", place="Lemma 3", command=_COMMAND),
        Row(number="26", name="two-layer generator, gradient descent", place="eq. 1, 3, 4", command=_COMMAND),
        Row(number="27", name="linearised trajectory", place="Theorem 5", command=_COMMAND),
        Row(number="28", name="denoising bound, stopping time", place="Theorems 1, 2", command=_COMMAND),
        Row(number="34", name="nonlinear against linear least squares", place="Theorem 4", command=_COMMAND),
    )

    def work(self, size: Size) -> Iterator[Computation]:
        """Return all draws; those of the trajectories have the published values' own seed."""
        draws = tuple(range(12))
        yield Computation(name="operator", function=f"{_SYSTEMS}.spectra:circulant_operator", seeds=draws)
        yield Computation(name="expected", function=f"{_SYSTEMS}.spectra:expected_jacobian", seeds=draws)
        yield Computation(name="kernels", function="priorbench_two_layer.figures.dual_kernels:dual_kernels")
        for k in (300, 1200, 4800):
            yield Computation(
                name=f"gram {k}",
                function=f"{_SYSTEMS}.spectra:concentration",
                parameters={"k": k},
                seeds=draws,
            )
        for start, k in _fits(size):
            yield Computation(
                name=f"{start} {k}",
                function=f"{_SYSTEMS}.trajectories:from_linear",
                parameters={"k": k, "start": start},
            )
        yield Computation(name="errors", function=f"{_SYSTEMS}.trajectories:linear_errors")
        yield Computation(
            name="nonlinear", function=f"{_SYSTEMS}.statements:nonlinear_least_squares", seeds=draws
        )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return a claim for each system."""
        return Conclusion(
            claims=[*_operators(results), *_draws(size, results), *_bounds(results)],
            conditions=["Check values that no paper prints were computed independently of this code."],
        )


def _fits(size: Size) -> list[tuple[str, int]]:
    return [(start, k) for start, k in DISTANCES if k < 4096 or not size.reduced]


def _operators(results: Results) -> Iterator[Claim]:
    operator, kernels = results.values["operator"], results.values["kernels"][0]["kernels"]
    yield Claim(
        statement="U = F* diag(F u) F: singular values |F u|, ||U|| = ||F u||_inf",
        place="Section 4",
        quantities=(
            Quantity.below("U x, FFT - dense", max(one["apply"] for one in operator), 1e-12),
            Quantity.below("singular values", max(one["singular_values"] for one in operator), 1e-10),
            *(
                Quantity.near(f"||U||, {one['name']}", one["beta"], norm, 6e-6)
                for one, norm in zip(kernels, NORMS, strict=True)
            ),
        ),
        basis="exact; the last printed digit",
        row="22",
    )
    yield Claim(
        statement="The dual kernels of Fig. 6 by Definition 2",
        place="Definition 2",
        quantities=tuple(
            Quantity.near(f"{which} sigma^2, {one['name']}", one["eigenvalues"][place], value, 6e-7)
            for one, values in zip(kernels, EIGENVALUES, strict=True)
            for which, place, value in (("largest", 0, values[0]), ("smallest", -1, values[1]))
        ),
        basis="the last printed digit",
        row="23",
    )
    yield Claim(
        statement="The eigenvalues of eq. 13 are the squared dual kernel",
        place="eq. 13, Definition 2",
        quantities=tuple(
            Quantity.below(
                f"largest, {kind} kernel",
                max(one[kind] for one in results.values["expected"]),
                1e-10,
            )
            for kind in ("triangle", "asymmetric")
        ),
        basis="exact, to rounding",
        row="24",
        note="For an asymmetric kernel only with the auto-correlation in the place of u * u.",
    )


def _draws(size: Size, results: Results) -> Iterator[Claim]:
    yield Claim(
        statement="||J J^T - Sigma(U)|| falls like ||U||^2 / sqrt(k)",
        place="Lemma 3",
        quantities=tuple(
            Quantity.between(
                f"distance sqrt(k) / ||U||^2, k = {k}",
                [one["scaled"] for one in results.values[f"gram {k}"]],
                0.45,
                1.0,
                published,
            )
            for k, published in ((300, 0.74), (1200, 0.70), (4800, 0.70))
        ),
        basis="single draws lie from 0.5 to 0.9",
        row="25",
    )
    for row, statement, starts in (
        ("26", "Gradient descent on the two-layer generator: the published fit, to the digit", "independent"),
        ("27", "It follows the linearised trajectory of Theorem 5, from a start at 0 too", "symmetric"),
    ):
        yield Claim(
            statement=statement,
            place="eq. 3, 4, Theorem 5",
            quantities=tuple(
                quantity
                for start, k in _fits(size)
                if start == starts
                for quantity in _printed(start, k, results)
            ),
            basis="half a unit of the last printed digit; the draws are the published ones",
            row=row,
        )


def _printed(start: str, k: int, results: Results) -> Iterator[Quantity]:
    [found] = results.values[f"{start} {k}"]
    for at, value, text in zip(found["at"], found["distance"], DISTANCES[start, k], strict=True):
        tolerance = 0.51 * 10.0 ** -(len(text) - 1)
        yield Quantity.near(f"||r - rlin|| / ||y||, k = {k}, iteration {at}", value, float(text), tolerance)


def _bounds(results: Results) -> Iterator[Claim]:
    [errors] = results.values["errors"]
    nonlinear = results.values["nonlinear"]
    yield Claim(
        statement="The error falls, and rises again: the published errors, below the bound of eq. 2",
        place="Theorem 2, eq. 2",
        quantities=(
            *(
                Quantity.near(f"error after {tau}", value, published, 6e-4)
                for tau, value, published in zip(errors["tau"], errors["error"], ERRORS, strict=True)
            ),
            Quantity.below(
                "largest of error / bound",
                max(e / b for e, b in zip(errors["error"], errors["bound"], strict=True)),
                1 + 1e-12,
            ),
        ),
        basis="the last printed digit; an inequality",
        row="28",
    )
    yield Claim(
        statement="After Theorem 1's T iterations the error is within its bound",
        place="Theorem 1",
        quantities=(
            Quantity.near("T", errors["time"], 1.14, 0.005),
            Quantity.near("s sqrt(2 p / n)", errors["noise_term"], 0.1875, 1e-9),
            Quantity.below("error at T / bound", errors["at_time"] / errors["time_bound"], 1),
        ),
        basis="the last printed digit; an inequality",
        row="28",
        note=f"The least error, {min(errors['error']):.2f} after {errors['best']} iterations, is far from "
        f"that at T, {errors['at_time']:.2f}: T is useful only where the spectrum has a cliff at p.",
    )
    yield Claim(
        statement="A nonlinear fit stays near its linearisation as Theorem 4 says",
        place="Theorem 4",
        quantities=tuple(
            Quantity.below(f"largest of measured / bound, {name}", max(one[name] for one in nonlinear), 1)
            for name in ("residual", "parameters", "radius")
        ),
        basis="inequalities, on a problem that meets every condition",
        row="34",
    )
