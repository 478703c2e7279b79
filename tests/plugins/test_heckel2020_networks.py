"""The figures that need networks: other numbers, other verdicts; nothing is fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import log10

import pytest
from sample_records import record

from priorbench.contract.records import Curve
from priorbench.experiments import Conclusion, Outcome, Results, Size
from priorbench.reproduction.verdicts import Verdict, judge
from priorbench_heckel2020.networks.fig1 import Fig1
from priorbench_heckel2020.networks.fig7 import Fig7
from priorbench_heckel2020.networks.fig8 import PUBLISHED, Fig4, Fig8
from priorbench_heckel2020.networks.fig9 import Fig9
from priorbench_heckel2020.networks.fig10 import PUBLISHED as ENDS
from priorbench_heckel2020.networks.fig10 import Fig10
from priorbench_heckel2020.networks.fig12 import Fig12
from priorbench_heckel2020.networks.fits import phantom_norm, slowdowns
from priorbench_heckel2020.table1 import LIST

HOLDS, FAILS, CODED, SMALL = Verdict.HOLDS, Verdict.FAILS, Verdict.AS_CODED, Verdict.TOO_SMALL
#: iteration -> value
Points = Mapping[int, float]


def verdicts(conclusion: Conclusion) -> dict[str, Verdict]:
    return {claim.statement: judge(claim).verdict for claim in conclusion.claims}


def one_that(found: Mapping[str, Verdict], words: str) -> Verdict:
    (verdict,) = [verdict for statement, verdict in found.items() if words in statement]
    return verdict


def outcome(denoiser: str, image_set: str, losses: Points, errors: Points | None = None) -> Outcome:
    """Return an outcome with this training error, and this error to the clean picture."""
    errors = losses if errors is None else errors
    curve = Curve(
        iteration=tuple(losses),
        wall_seconds=tuple(0.0 for _ in losses),
        psnr=tuple(-10 * log10(errors[at]) for at in losses),
        residual=tuple(value**0.5 for value in losses.values()),
    )
    return Outcome(
        denoiser=denoiser,
        image_set=image_set,
        noise="none",
        operator="identity",
        stopping="fixed",
        record=record(key=f"{denoiser} {image_set} {losses}", status="ok", curve=curve),
    )


@pytest.mark.parametrize("experiment", [Fig1, Fig4, Fig7, Fig8, Fig9, Fig10, Fig12])
def test_sizes_grow_and_works_have_names_of_their_own(experiment: Callable[[], Fig1]) -> None:
    made = experiment()
    assert [size.name for size in made.sizes][:: len(made.sizes) - 1] == ["quick", "full"]
    assert made.sizes[0].reduced and not made.sizes[-1].reduced
    assert [size.seconds for size in made.sizes] == sorted(size.seconds for size in made.sizes)
    for size in made.sizes:
        names = [work.name for work in made.work(size)]
        assert len(names) == len(set(names)) > 0


# Fig. 7


def matrix(*, slow: float, overlap: float, largest: Sequence[float], low: float = 0.94) -> dict[str, object]:
    return {
        "singular": [[s] * 300 for s in largest],
        "overlap": [1.0, overlap, overlap, overlap],
        "leading_energy_to_4": [[slow] * 5] * 4,
        "energy": {"64": [low] * 4},
        "vectors": [[[0.0, 1.0]] * 8] * 4,
    }


EXACT = {"slow": 0.3, "overlap": 0.25, "largest": (110, 40, 38, 20)}
ACCUMULATED = {"slow": 0.98, "overlap": 0.92, "largest": (10300, 4500, 4400, 4000)}


def fig7(size: int = -1, losses: float = 0.026, **matrices: Mapping[str, object]) -> dict[str, Verdict]:
    made = {"exact": EXACT, "accumulated": ACCUMULATED} | matrices
    one = {name: matrix(**settings) for name, settings in made.items()}  # type: ignore[arg-type]
    one["losses"] = [[1, 1], [1, 0.03], [1, losses], [1, 0.002]]  # type: ignore[assignment]
    one["errors"] = [[1, 1], [1, 1], [1, 1], [0.0095, 0.028]]  # type: ignore[assignment]
    experiment = Fig7()
    return verdicts(experiment.conclude(experiment.sizes[size], Results(values={"decoder": (one,)})))


def test_the_published_jacobian_holds_only_as_coded() -> None:
    found = fig7()
    for words in ("slow waves", "hardly change", "largest singular value"):
        assert one_that(found, words) is CODED
    assert one_that(found, "low frequencies") is HOLDS
    assert one_that(found, "After 70 to 75 steps") is HOLDS
    assert one_that(found, "fits the noise") is HOLDS


def test_other_jacobians_are_judged_otherwise() -> None:
    assert one_that(fig7(exact=ACCUMULATED), "hardly change") is HOLDS
    assert one_that(fig7(accumulated=EXACT), "slow waves") is FAILS
    assert one_that(fig7(exact={**EXACT, "low": 0.3}), "low frequencies") is FAILS
    assert one_that(fig7(losses=0.1), "After 70 to 75 steps") is FAILS
    assert one_that(fig7(size=0), "fits the noise") is SMALL


# Fig. 9


def fig9(noise: float, image: float, size: int = -1) -> dict[str, Verdict]:
    def course(relative: float) -> dict[str, object]:
        layers = {f"hidden.{n}.mix": [0.01, relative] for n in range(5)}
        coded = {name: [x**2 / 2 for x in values] for name, values in layers.items()}
        return {
            "step": [1, 100],
            "relative": {**layers, "output": [1, 1]},
            "symmetrised": {**coded, "output": [1, 1]},
        }

    values = {"noise": (course(noise),), "phantom": (course(image),)}
    experiment = Fig9()
    return verdicts(experiment.conclude(experiment.sizes[size], Results(values=values)))


def test_the_order_of_distances_and_the_formula_of_the_axis() -> None:
    assert one_that(fig9(noise=0.12, image=0.08), "In every layer") is HOLDS
    assert one_that(fig9(noise=0.08, image=0.12), "In every layer") is FAILS
    assert one_that(fig9(noise=0.12, image=0.08), "0.008") is CODED  # 0.0072 as coded
    assert one_that(fig9(noise=0.006, image=0.004), "0.008") is HOLDS
    assert one_that(fig9(noise=0.5, image=0.4), "0.008") is FAILS
    assert one_that(fig9(noise=0.12, image=0.08, size=1), "0.008") is SMALL  # it may still be passed
    assert one_that(fig9(noise=0.5, image=0.4, size=1), "0.008") is FAILS  # it is passed
    assert one_that(fig9(noise=0.5, image=0.4, size=0), "0.008") is SMALL  # another network


# Fig. 12


def fig12(**changes: float) -> dict[str, Verdict]:
    centres = {"image": 8600.0, "uniform": 600.0, "gaussian": 950.0, "dip": 50e3, "dip_noise": 15e3} | changes

    def around(centre: float) -> list[float]:
        return [centre * x for x in (0.98, 1.0, 1.02, 1.0)]

    decoder = {
        "phantom": around(centres["image"]),
        "noise-of-equal-norm": around(centres["uniform"]),
        "gaussian-of-equal-norm": around(centres["gaussian"]),
    }
    dip = {"phantom": around(centres["dip"]), "noise-of-equal-norm": around(centres["dip_noise"])}
    one = {name: decoder[name] for name in list(decoder)[:2]}
    values = {"deep-decoder": (decoder,), "dip": (dip,), "scales from 1": (one,)}
    experiment = Fig12()
    return verdicts(experiment.conclude(experiment.sizes[-1], Results(values=values)))


def test_sensitivities_hold_for_the_image_and_only_as_coded_for_noise() -> None:
    found = fig12()
    assert one_that(found, "deep-decoder: ||J^T y|| is much larger") is HOLDS
    assert one_that(found, "8,600 for the image") is HOLDS
    assert one_that(found, "580 for noise") is CODED
    assert one_that(found, "53,000 for the image") is HOLDS


def test_swapped_targets_and_other_starts_are_found() -> None:
    swapped = fig12(image=600.0, uniform=8600.0)
    assert one_that(swapped, "deep-decoder: ||J^T y|| is much larger") is FAILS
    scales_from_one = fig12(image=14417.0, uniform=1662.0)
    assert one_that(scales_from_one, "8,600 for the image") is FAILS
    assert one_that(scales_from_one, "580 for noise") is FAILS
    assert one_that(fig12(gaussian=600.0), "580 for noise") is HOLDS


# Figs. 4 and 8


def fall(half: int, last: int, start: float = 0.15) -> dict[int, float]:
    """Return a curve that is at 0.05 at an iteration, and at 0.01 three times later."""
    points = sorted({1, half - 1, half, 3 * half - 1, 3 * half, last} - {0})
    values = {at: start if at < half else 0.05 if at < 3 * half else 0.01 for at in points}
    return {at: value for at, value in values.items() if at <= last}


def fig8(
    size: int, steps: Mapping[str, tuple[int, int]], checkerboard: float = 0.249, last: int = 10**5
) -> dict[str, Verdict]:
    outcomes = tuple(
        outcome(label, target, fall(at, last))
        for label, pair in steps.items()
        for target, at in zip(("image", "noise"), pair, strict=True)
    )
    grey = outcome("bilinear-64", "checkerboard", {1: 0.25, last: checkerboard})
    experiment = Fig8()
    results = Results(outcomes={"fits": outcomes, "checkerboard": (grey,)})
    return verdicts(experiment.conclude(experiment.sizes[size], results))


QUICK = {
    "bilinear-64": (20, 5000),
    "fixed-kernel-64": (20, 280),
    "trainable-3x3-21": (20, 40),
    "deconvolution-21": (20, 50),
}


def test_slow_noise_is_what_fixed_kernels_show_and_trained_ones_do_not() -> None:
    found = fig8(0, QUICK)
    assert set(found.values()) == {HOLDS}
    swapped = fig8(0, QUICK | {"fixed-kernel-64": (20, 40), "trainable-3x3-21": (20, 280)})
    assert one_that(swapped, "fixed-kernel") is FAILS and one_that(swapped, "trainable") is FAILS
    assert one_that(fig8(0, QUICK, checkerboard=0.01), "checkerboard") is FAILS


def test_noise_that_is_never_fitted_counts_with_the_iterations_that_were_made() -> None:
    image, noise = ([1, 20], [0.2, 0.05]), ([1, 400], [0.09, 0.08])
    assert slowdowns(0.05, [image], [noise]) == ([20.0], True)
    assert slowdowns(0.05, [noise], [image]) == ([], False)
    assert one_that(fig8(0, QUICK, last=400), "bilinear, k = 64") is HOLDS
    assert one_that(fig8(0, QUICK, last=150), "bilinear, k = 64") is not HOLDS
    shorter = fig8(0, QUICK | {"deconvolution-21": (20, 10**6)}, last=100)
    assert one_that(shorter, "deconvolution") is SMALL  # a lower bound does not show that it is below


def test_published_iterations_hold_and_a_wrong_step_does_not() -> None:
    def steps(factor: float) -> dict[str, tuple[int, int]]:
        published = {f"{kind}-{k}": (image[0], noise[0]) for (kind, k), (image, noise) in PUBLISHED.items()}
        return {label: (int(a * factor), int(b * factor)) for label, (a, b) in published.items()}

    right = fig8(-1, steps(1.0) | {f"deconvolution-{k}": (20, 40) for k in (42, 85, 170)})
    assert one_that(right, "trainable-3x3, k = 85: how fast the image") is not FAILS
    wrong = fig8(-1, steps(2.0) | {f"deconvolution-{k}": (20, 40) for k in (42, 85, 170)})
    for target in ("image", "noise"):
        assert one_that(wrong, f"fixed-kernel, k = 128: how fast the {target}") is FAILS


def test_figure_4_is_a_part_of_figure_8() -> None:
    """So that its fits have the same keys: they are run once for both."""
    size = Fig4().sizes[0]
    (part,), whole = list(Fig4().work(size)), next(iter(Fig8().work(size)))
    assert all(one in whole.suite["denoisers"] for one in part.suite["denoisers"])
    assert part.suite["images"] == whole.suite["images"]


# Fig. 1


def fig1(size: int, *, end: float = 0.0142, slow: float = 0.009) -> dict[str, Verdict]:
    ends = {"dip": (0.0035, 0.0165, 9e-6), "deep-decoder": (0.002, end, slow)}
    norm = phantom_norm(256) ** 2 / 256**2
    outcomes: dict[str, list[Outcome]] = {"noisy": [], "clean": [], "noise": []}
    for method, (least, last, noise) in ends.items():
        errors = {1: 0.1, 80: least, 10_000: last}
        outcomes["noisy"].append(outcome(method, "image", {1: 0.1, 80: 0.02, 10_000: 0.003}, errors))
        outcomes["clean"].append(outcome(method, "image", {1: 0.1, 30: 0.09 * norm, 10_000: 3e-6}))
        outcomes["noise"].append(
            outcome(method, "noise", {1: 0.1, 900: max(noise, 0.09 * norm), 10_000: noise})
        )
    experiment = Fig1()
    results = Results(outcomes={name: tuple(group) for name, group in outcomes.items()})
    return verdicts(experiment.conclude(experiment.sizes[size], results))


def test_the_curves_of_figure_1() -> None:
    assert set(fig1(-1).values()) == {HOLDS}
    assert one_that(fig1(-1, end=0.03), "deep-decoder, noisy picture: error") is FAILS
    assert one_that(fig1(-1, slow=0.001), "deep-decoder: after 10,000") is FAILS
    no_rise = fig1(-1, end=0.0021)
    assert one_that(no_rise, "deep-decoder: the error to the clean picture") is FAILS
    assert one_that(fig1(0), "deep-decoder: after 10,000") is SMALL
    assert one_that(fig1(0), "deep-decoder: the error to the clean picture") is HOLDS  # it has risen already
    assert one_that(fig1(0, end=0.0021), "deep-decoder: the error to the clean picture") is SMALL


# Fig. 10


def fig10(
    images: str | None = f"imagenet:path=/x,list={LIST}",
    size: int = -1,
    factor: float = 1.0,
    noise: float = 0.0597,
) -> dict[str, Verdict]:
    pictures = tuple(outcome("decoder", f"{n}", {1: 0.1, 10_000: end * factor}) for n, end in enumerate(ENDS))
    noises = tuple(outcome("decoder", f"noise {n}", {1: 0.075, 99: 0.0675, 10_000: noise}) for n in range(2))
    experiment = Fig10(images=images)
    results = Results(outcomes={"pictures": pictures, "noise": noises})
    return verdicts(experiment.conclude(experiment.sizes[size], results))


def test_figure_10_holds_with_its_own_numbers_only() -> None:
    assert set(fig10().values()) == {HOLDS}
    assert one_that(fig10(factor=2.0), "mean error of 25") is FAILS
    assert one_that(fig10(noise=0.03), "error of noise is 0.0591") is FAILS
    assert one_that(fig10(factor=1000), "noise is not") is FAILS
    assert one_that(fig10(images=None), "mean error of 25") is SMALL
    assert one_that(fig10(size=0), "error of noise is 0.0591") is SMALL


def test_the_published_ends_have_the_published_mean() -> None:
    assert len(ENDS) == 25
    assert sum(ENDS) / 25 == pytest.approx(0.001045, abs=1e-6)


def test_conclusions_can_be_made_of_nothing() -> None:
    """All fits failed: no claim is decided, and nothing is raised."""
    for experiment in (Fig1(), Fig4(), Fig8(), Fig10()):
        for size in experiment.sizes:
            assert isinstance(size, Size)
            assert HOLDS not in verdicts(experiment.conclude(size, Results())).values()
