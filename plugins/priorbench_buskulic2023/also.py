"""What the paper says beside its figure: kappa(A), d, activations, ker A, lemmas, flow with noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from priorbench.experiments import Claim, Computation, Conclusion, Quantity, Results, Row, Size
from priorbench_buskulic2023.beside import figure

_EXPERIMENTS = "priorbench_two_layer.wide_dip.experiments"
_COMMAND = "priorbench reproduce buskulic2023-also"
CONDITIONS = (1, 10, 100)
#: widths of Lemma 2's sweep, in units of n = 40
FACTORS = (1.5, 3, 6, 12, 25)
#: widths for the softplus, m = 10; half of the problems are reachable at 19
CONE = (10, 15, 19, 25, 40)


class Also:
    """Statements of the paper that its figure does not show, on draws."""

    sizes = (
        Size(name="quick", seconds=25, reduced="6 of 20 seeds"),
        Size(name="full", seconds=60),
    )
    rows = (
        Row(number="B1", name="d does not matter", place="Theorem 1(ii), log d", command=_COMMAND),
        Row(number="B2", name="condition of the operator", place="Theorem 1(ii), kappa(A)", command=_COMMAND),
        Row(
            number="B3",
            name="width against m",
            place="Theorem 1(ii), Fig. 1b",
            command="priorbench reproduce buskulic2023-fig1b",
        ),
        Row(
            number="B4",
            name="width against n",
            place="Theorem 1(ii), Fig. 1a",
            command="priorbench reproduce buskulic2023-fig1a",
        ),
        Row(number="B5", name="tanh", place="A-4", command=_COMMAND),
        Row(number="B6", name="softmax", place="A-4", command=_COMMAND),
        Row(number="B7", name="error of the signal, ker A", place="Remark 1", command=_COMMAND),
        Row(number="B8", name="sigma_min and Lipschitz constant of J", place="Lemmas 1, 3", command=_COMMAND),
        Row(number="B9", name="sigma_min of the first Jacobian", place="Lemma 2", command=_COMMAND),
        Row(number="B10", name="norm of the first residual", place="Lemma 4", command=_COMMAND),
    )

    def work(self, size: Size) -> Iterator[Computation]:
        """Return all draws."""
        seeds = tuple(range(6 if size.reduced else 20))
        cell = {"m": 10, "n": 60, "runs": 10, "programmes": 10}
        for kappa in CONDITIONS:
            yield _computed(
                f"kappa {kappa}", "cell:cell", seeds, **cell, k=200, steps=3000, kappa=float(kappa)
            )
        for phi in ("sigmoid", "tanh"):
            yield _computed(phi, "cell:cell", seeds, **cell, k=60, phi=phi)
        yield _computed("d", "sweeps:dimensions", seeds, m=10, n=60, k=200)
        for k in CONE:
            steps = 3000 if k == CONE[-1] else 100
            yield _computed(f"softplus {k}", _OTHER, seeds, **_CELL, phi="softplus", k=k, steps=steps)
        yield _computed("softmax", _OTHER, seeds[:3], **_CELL, phi="softmax", k=200, steps=300)
        yield _computed("signal", "signal_space:signal_error", seeds, m=10, n=60, k=400)
        yield _computed("fit", "monitoring:along_a_fit", seeds, m=10, n=60, k=1000, at=list(_AT))
        for factor in FACTORS:
            yield _computed(f"lemma 2 {factor}", "monitoring:lemma_2", seeds, n=40, k=int(40 * factor))
        yield _computed("residual", "monitoring:first_residual", tuple(range(40)), m=10, n=60, k=1000)
        yield _computed("flow", "noisy_flow:noisy_flow", seeds)

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return a claim for each statement."""
        return Conclusion(
            claims=[
                _dimension(results),
                _condition(results),
                _tanh(results),
                *_softmax(results),
                *_signal(results),
                *_jacobian(results),
                _flow(results),
            ],
            figure=figure(results, CONE),
            conditions=[
                "Softmax is read twice: by units, as the softplus log(1 + e^h), and over all k units.",
                "A of a given kappa has the norm of a Gaussian one, its singular values fall geometrically.",
                "Constants that the paper does not give are taken as 1.",
            ],
        )


_AT = (0, 1, 2, 5, 10, 20, 50, 100, 300, 1000)
_OTHER = "sweeps:other_activation"
_CELL = {"m": 10, "n": 60, "runs": 30}


def _computed(name: str, function: str, seeds: Sequence[int], **parameters: Any) -> Computation:
    return Computation(
        name=name, function=f"{_EXPERIMENTS}.{function}", parameters=parameters, seeds=tuple(seeds)
    )


def _of(results: Results, name: str, key: str) -> list[float]:
    return [float(one[key]) for one in results.values[name]]


def _dimension(results: Results) -> Claim:
    return Claim(
        statement="d has no effect on a fit: neither on the loss at any step nor on where it ends",
        place="Theorem 1(ii) has log d; Fig. 1 has d = 500",
        quantities=(
            Quantity.below(
                "largest difference of losses, d = 1 to 500, over the first loss",
                max(_of(results, "d", "difference")),
                1e-12,
            ),
        ),
        basis="exact, to rounding: W u is all that moves, and its distribution is the same for every d",
        row="B1",
    )


def _condition(results: Results) -> Claim:
    shares = {kappa: _of(results, f"kappa {kappa}", "success") for kappa in CONDITIONS}
    return Claim(
        statement="The worse conditioned A is, the fewer runs converge",
        place="Theorem 1(ii): k grows with kappa(A)^2",
        quantities=(
            Quantity.above("share at kappa 1 - share at 10", _minus(shares[1], shares[10]), 0),
            Quantity.above("share at kappa 10 - share at 100", _minus(shares[10], shares[100]), 0),
        ),
        basis="an order, over seeds",
        row="B2",
        note=f"Zero loss stays reachable for {_mean(_of(results, 'kappa 100', 'feasible')):.0%} of the "
        "problems at kappa 100: 3000 steps are too few, the width is not.",
    )


def _tanh(results: Results) -> Claim:
    return Claim(
        statement="Another activation of A-4 does as well: tanh needs no more width than the sigmoid",
        place="A-4",
        quantities=(
            Quantity.above(
                "share of runs at k = 6 m, tanh - sigmoid",
                _minus(_of(results, "tanh", "success_stable"), _of(results, "sigmoid", "success_stable")),
                0,
            ),
        ),
        basis="an order, over seeds",
        row="B5",
        note="Its range is twice as long.",
    )


def _softmax(results: Results) -> Iterator[Claim]:
    yield Claim(
        statement="Softmax by units (softplus) converges from k = 2 m on: its range is a cone",
        place="A-4",
        quantities=(
            *(
                Quantity.near(
                    f"problems that are reachable at k = {k}",
                    _of(results, f"softplus {k}", "feasible"),
                    predicted,
                    0.2,
                )
                for k in CONE
                for predicted in _of(results, f"softplus {k}", "predicted")[:1]
            ),
            Quantity.above("runs that converge at k = 4 m", _of(results, "softplus 40", "success"), 0.9),
        ),
        basis="Wendel's probability; means of 180 problems scatter by 0.04",
        row="B6",
    )
    yield Claim(
        statement="Softmax over all units reaches no y: the paper's softmax can only be meant by units",
        place="A-4, a reading of it",
        quantities=(Quantity.below("share of runs at k = 20 m", _of(results, "softmax", "success"), 0.05),),
        basis="a twentieth of the runs",
        row="B6",
        note="Its outputs are averages of columns over sqrt(k), too small to reach y at any width.",
    )


def _signal(results: Results) -> Iterator[Claim]:
    found = results.values["signal"]
    yield Claim(
        statement="In the row space of A the signal is found: its error is at most ||A g - y|| / sigma_A",
        place="Remark 1",
        quantities=(
            Quantity.below(
                "largest of error / bound", max(o["row_space"] / o["bound"] for o in found), 1 + 1e-9
            ),
            Quantity.below("largest error, over ||x||", max(o["row_space"] for o in found), 1e-3),
        ),
        basis="an inequality; a loss of 1e-7",
        row="B7",
    )
    yield Claim(
        statement="In ker A nothing is found: the error stays what it was at the start",
        place="Remark 1",
        quantities=(
            Quantity.between(
                "error in ker A, end / start", [o["kernel"] / o["kernel_start"] for o in found], 0.9, 1.1, 1
            ),
            Quantity.above("error in ker A, over ||x||", [o["kernel"] for o in found], 0.9),
        ),
        basis="a tenth",
        row="B7",
        note="sqrt((n - m) / n) = 0.91 of x lies in ker A.",
    )


def _jacobian(results: Results) -> Iterator[Claim]:
    fits = results.values["fit"]
    yield Claim(
        statement="Along the fit sigma_min(J) stays above half its first value",
        place="Lemma 1(i)",
        quantities=(
            Quantity.above(
                "least of sigma_min(J_t) / sigma_min(J_0)",
                min(min(one["sigma_min"]) / one["sigma_min"][0] for one in fits),
                0.5,
            ),
        ),
        basis="the lemma's half",
        row="B8",
        note="Though W leaves the lemma's radius: "
        f"it moves by {max(fits[0]['moved']):.3g}, and R = {fits[0]['R']:.2g}.",
    )
    yield Claim(
        statement="J is Lipschitz with B D sqrt(n / k)",
        place="Lemma 3",
        quantities=(
            Quantity.below(
                "largest of measured / bound",
                max(
                    ratio / one["lemma_3"] for one in fits for ratio in one["lipschitz"] if ratio is not None
                ),
                1,
            ),
        ),
        basis="an inequality",
        row="B8",
    )
    ratios = _of(results, "residual", "ratio")
    yield Claim(
        statement="||y(0) - y|| <= ||A|| (C sqrt(n log d) + sqrt(n) ||x||_inf + sqrt(m) ||eps||_inf)",
        place="Lemma 4",
        quantities=(Quantity.below("largest of measured / bound, d = 500, C = 1", max(ratios), 1),),
        basis="an inequality; of 40 draws one may break it 1 / d of the time",
        row="B10",
    )
    share = {factor: _mean(_of(results, f"lemma 2 {factor}", "share")) for factor in FACTORS}
    yield Claim(
        statement="sigma_min(J_0) >= C_phi' / 2 with probability 1 - 1 / n, for k a few times n",
        place="Lemma 2",
        quantities=(
            Quantity.above(
                "share of draws at k = 25 n", _of(results, "lemma 2 25", "share"), 1 - 1 / 40 - 1e-9
            ),
            Quantity.below("share of draws at k = 1.5 n", share[1.5], 0.5),
        ),
        basis="the lemma's probability, n = 40",
        row="B9",
        note=f"It begins between k = 3 n ({share[3]:.0%} of draws) and 6 n ({share[6]:.0%}).",
    )


def _flow(results: Results) -> Claim:
    found = results.values["flow"]
    return Claim(
        statement="From eq. 6's time on ||y(t) - ybar|| <= 2 ||eps||, and eq. 8 bounds the residual",
        place="Theorem 1(i), eq. 6, 8",
        quantities=(
            Quantity.below(
                "largest of error / (2 ||eps||) after that time", max(o["late"] for o in found), 1
            ),
            Quantity.below(
                "largest of residual / eq. 8",
                max(r / b for o in found for r, b in zip(o["residual"], o["rate_bound"], strict=True)),
                1 + 1e-6,
            ),
        ),
        basis="inequalities",
        row="41",
        note="Eq. 5, which the theorem asks for, "
        f"holds in {sum(o['condition'] for o in found)} of these {len(found)} problems.",
    )


def _minus(first: Sequence[float], second: Sequence[float]) -> list[float]:
    return [a - b for a, b in zip(first, second, strict=True)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
