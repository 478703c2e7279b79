"""Experiments of the example plugin: one of trials, one of computations, one that fails."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import numpy as np

from priorbench.experiments import (
    Chart,
    Claim,
    Computation,
    Conclusion,
    Figure,
    HeatMap,
    Line,
    Picture,
    Pictures,
    Quantity,
    Row,
    Size,
    Table,
    Trials,
)


def square(*, seed: int, root: float, log: str = "", pause: float = 0.0) -> dict[str, object]:
    """Return a square, and an array; write a line for each call."""
    if log:
        with Path(log).open("a") as file:
            file.write(f"{seed} {os.getpid()} {os.environ['OMP_NUM_THREADS']}\n")
    time.sleep(pause)
    return {"value": np.float64(root) ** 2 + seed, "array": np.arange(3), "undefined": math.nan}


def fail(*, seed: int) -> dict[str, object]:
    if seed == 2:
        raise ArithmeticError("no root")
    return {"value": seed}


class Squares:
    """A computation with three seeds, a chart, a map and a picture."""

    sizes = (Size(name="quick", seconds=1, reduced="one root"), Size(name="full", seconds=100))
    rows = (
        Row(number="1", name="square", place="eq. 1", command="priorbench reproduce squares"),
        Row(number="2", name="cube", place="eq. 2", command="example.cube"),
    )

    def __init__(
        self, *, root: float = 3.0, log: str = "", pause: float = 0.0, images: str | None = None
    ) -> None:
        self._root, self._log, self._pause, self._images = root, log, pause, images

    def work(self, size):
        for root in (self._root,) if size.reduced else (self._root, 4.0):
            yield Computation(
                name=f"root-{root:g}",
                function="example_experiments:square",
                parameters={"root": root, "log": self._log, "pause": self._pause},
                seeds=(0, 1, 2),
            )

    def conclude(self, size, results):
        values = [found["value"] for found in results.values[f"root-{self._root:g}"]]
        panels = [
            Chart(
                title="values",
                x_label="seed",
                y_label="value",
                lines=[Line(name="a", x=range(3), y=values, low=[0] * 3, high=[20] * 3)],
            ),
            HeatMap(
                title="map",
                x_label="x",
                y_label="y",
                value_label="share",
                x=[1, 2],
                y=[1, 2],
                values=[[0, 1], [math.nan, 0.5]],
                lines=[Line(name="a", x=[1, 2], y=[1, 2])],
            ),
            Pictures(title="row", pictures=[Picture(caption="grey", pixels=np.eye(8))]),
        ]
        return Conclusion(
            claims=[
                Claim(
                    statement="Squares are 9 to 11",
                    place="eq. 1",
                    quantities=(Quantity.near("mean square", values, 10.0, 1.0),),
                    row="1",
                )
            ],
            figure=Figure(panels=panels),
            tables=[Table(title="all", header=["seed", "value"], rows=list(enumerate(values)))],
            conditions=[f"pictures: {self._images}"] if self._images else [],
            data={"first": results.values[f"root-{self._root:g}"][0]},
        )


class Fits:
    """Trials of a method with a curve."""

    sizes = (Size(name="full", seconds=5),)

    def work(self, size):
        yield Trials(
            name="fits",
            suite={
                "images": ["ramps"],
                "noises": ["gaussian-25"],
                "denoisers": [{"approach": {"label": "blur"}}, "does-not-exist"],
                "stopping": ["fixed"],
            },
            limit=2,
        )

    def conclude(self, size, results):
        outcomes = results.good("fits", denoiser="blur")
        at, errors = outcomes[0].errors
        return Conclusion(
            claims=[
                Claim(
                    statement="Blurring helps",
                    place="Fig. 1",
                    quantities=(
                        Quantity.above(
                            "gain",
                            [one.record.psnr - one.record.noisy_psnr for one in outcomes],
                            0,
                            unit="dB",
                        ),
                    ),
                )
            ],
            data={"iterations": at, "errors": errors, "losses": outcomes[0].losses},
        )


class Failing:
    """One of its calls raises."""

    sizes = (Size(name="full", seconds=1),)

    def work(self, size):
        yield Computation(name="calls", function="example_experiments:fail", seeds=(1, 2))

    def conclude(self, size, results):
        raise AssertionError
