"""Fig. 12: how strongly decoders and DIP answer, before training, to an image and to noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from priorbench import Claim, Quantity
from priorbench.experiments import Chart, Computation, Conclusion, Figure, Line, Results, Size, Table

_PLACE = "Fig. 12"
#: network -> what the figure shows for image and noise, digitised: about, and the range of the histogram
PUBLISHED: Mapping[str, Mapping[str, tuple[float, float, float]]] = {
    "deep-decoder": {"phantom": (8600, 6700, 11000), "noise-of-equal-norm": (580, 400, 1330)},
    "dip": {"phantom": (53000, 30000, 90000), "noise-of-equal-norm": (15000, 11600, 24400)},
}
_NAMES = {
    "phantom": "image",
    "noise-of-equal-norm": "uniform noise of equal norm",
    "gaussian-of-equal-norm": "Gaussian noise of equal norm",
}
#: size -> starts in one computation, computations, by network
_RUNS = {
    "quick": {"deep-decoder": (3, 4), "dip": (2, 4)},
    "small": {"deep-decoder": (25, 20), "dip": (25, 20)},
    "full": {"deep-decoder": (50, 100), "dip": (50, 100)},
}


class Fig12:
    """Fig. 12 of Heckel & Soltanolkotabi 2020: histograms of ||J^T y|| over random starts."""

    sizes = (
        Size(name="quick", seconds=40, reduced="12 and 8 of 5000 starts"),
        Size(name="small", seconds=900, reduced="500 of 5000 starts"),
        Size(name="full", seconds=9000),
    )

    def work(self, size: Size) -> Iterator[Computation]:
        """Return the norms of both networks; and of the decoder with scales that begin at 1."""
        for network in PUBLISHED:
            starts, count = _RUNS[size.name][network]
            names = list(_NAMES) if network == "deep-decoder" else list(PUBLISHED[network])
            yield Computation(
                name=network,
                function="priorbench_generators.computations:start_norms",
                parameters={"network": network, "names": names, "starts": starts},
                seeds=tuple(range(count)),
            )
        yield Computation(
            name="scales from 1",
            function="priorbench_generators.computations:start_norms",
            parameters={
                "network": "deep-decoder",
                "names": list(PUBLISHED["deep-decoder"]),
                "starts": 3 if size.name == "quick" else 10,
                "scale_init": "one",
            },
            seeds=(0,),
        )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return the claims, whose numbers are independent starts."""
        found = {name: _joined(values) for name, values in results.values.items()}
        return Conclusion(
            claims=[
                *(_larger(network, found[network]) for network in PUBLISHED),
                *(claim for network in PUBLISHED for claim in _heights(network, found[network])),
            ],
            figure=_figure(found),
            tables=[_table(found)],
            conditions=[
                "Each computation has noise of its own; the paper has one noise.",
                "The text says Gaussian noise; the code has uniform noise, which is positive: both are run.",
                "Scales of the normalisations begin in U(0, 1), as they did then; from 1 in the table.",
            ],
            data={name: {k: list(v) for k, v in values.items()} for name, values in found.items()},
        )


def _joined(parts: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, list[float]]:
    return {name: [value for part in parts for value in part[name]] for name in parts[0]}


def _larger(network: str, found: Mapping[str, Sequence[float]]) -> Claim:
    image, noise = PUBLISHED[network]["phantom"][0], PUBLISHED[network]["noise-of-equal-norm"][0]
    ratios = [a / b for a, b in zip(found["phantom"], found["noise-of-equal-norm"], strict=True)]
    expected = image / noise
    return Claim(
        statement=f"{network}: ||J^T y|| is much larger for the image than for noise of equal norm",
        place=_PLACE,
        quantities=(
            Quantity.between(
                "image / noise, start by start", ratios, 0.7 * expected, 1.4 * expected, expected
            ),
        ),
        basis="30 to 40 %: two digitised numbers, each to 10 %, and the skew of ratios of single starts",
        row="33",
    )


def _heights(network: str, found: Mapping[str, Sequence[float]]) -> Iterator[Claim]:
    image, noise = (PUBLISHED[network][name][0] for name in ("phantom", "noise-of-equal-norm"))
    yield Claim(
        statement=f"{network}: ||J^T y|| is about {image:,.0f} for the image",
        place=f"{_PLACE}, digitised",
        quantities=(
            Quantity.between("mean over starts", found["phantom"], 0.75 * image, 1.25 * image, image),
        ),
        basis="25 %: the centre of a histogram, digitised to 10 %, against our mean of a skewed distribution",
        row="33",
    )
    uniform = Quantity.between(
        "uniform noise, mean over starts", found["noise-of-equal-norm"], 0.75 * noise, 1.25 * noise, noise
    )
    gaussian = found.get("gaussian-of-equal-norm")
    stated = uniform
    if gaussian is not None:
        stated = Quantity.between(
            "Gaussian noise, mean over starts", gaussian, 0.75 * noise, 1.25 * noise, noise
        )
    yield Claim(
        statement=f"{network}: ||J^T y|| is about {noise:,.0f} for noise",
        place=f"{_PLACE}, digitised",
        quantities=(stated,),
        as_coded=() if gaussian is None else (uniform,),
        basis="25 %: the centre of a histogram, digitised to 10 %, against our mean of a skewed distribution",
        row="33",
        note="" if gaussian is None else "the text says Gaussian noise, the code has uniform noise",
    )


def _table(found: Mapping[str, Mapping[str, Sequence[float]]]) -> Table:
    rows: list[list[str | float | int | None]] = []
    for network, by_target in found.items():
        for target, values in by_target.items():
            published = PUBLISHED.get(network, {}).get(target)
            mean = sum(values) / len(values)
            spread = (sum((v - mean) ** 2 for v in values) / max(len(values) - 1, 1)) ** 0.5
            shown = published[0] if published else None
            label = "deep-decoder, scales from 1" if network not in PUBLISHED else network
            rows.append([label, _NAMES[target], shown, mean, spread, len(values)])
    header = ["network", "target", "published, about", "ours, mean", "ours, standard deviation", "starts"]
    return Table(title="||J^T y|| before the first step", header=header, rows=rows)


def _figure(found: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    from priorbench_generators.instruments.sensitivity import density

    panels = []
    for network in PUBLISHED:
        lines = []
        for target, values in found[network].items():
            edges, heights = density(values, bins=min(50, max(4, len(values) // 4)))
            x = [float(edge) for edge in edges for _ in range(2)]
            y = [0.0, *(float(height) for height in heights for _ in range(2)), 0.0]
            lines.append(Line(name=_NAMES[target], x=x, y=y))
        panels.append(
            Chart(title=network, x_label="||J^T y||", y_label="density of starts", lines=lines, log_x=True)
        )
    return Figure(panels=panels, columns=2)
