"""A small plugin for tests of the harness: an image set, and methods that behave in known ways."""

from __future__ import annotations

from priorbench import DenoiserSpec, ExperimentSpec, ImageSetSpec, hookimpl


@hookimpl
def priorbench_image_sets():
    yield ImageSetSpec(name="ramps", factory="example_images:Ramps", summary="smooth ramps")


@hookimpl
def priorbench_denoisers():
    for name, thing in {
        "mean": "Mean",
        "approach": "Approach",
        "unsociable": "Unsociable",
        "raises": "Raises",
        "exits": "Exits",
        "dies": "Dies",
        "hangs": "Hangs",
        "nans": "NaNs",
        "shouts": "Shouts",
        "sleeps": "Sleeps",
    }.items():
        iterates = thing in ("Approach", "Unsociable")
        yield DenoiserSpec(
            name=name,
            factory=f"example_things:{thing}",
            summary=thing,
            iterative=iterates,
            together=iterates,
        )
    yield DenoiserSpec(name="grey-only", factory="example_things:Mean", channels=(1,), iterative=False)


@hookimpl
def priorbench_experiments():
    for name, thing in {
        "paper-squares": "Squares",
        "paper-fits": "Fits",
        "paper-failing": "Failing",
        "other-squares": "Squares",
    }.items():
        yield ExperimentSpec(
            name=name,
            factory=f"example_experiments:{thing}",
            summary=f"{thing} re-made",
            citation="A. Author, A paper, 2020",
        )
