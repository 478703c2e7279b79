"""Trials with an operator, in this process."""

from __future__ import annotations

from priorbench.protocol.problems import noisy_problem
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.suite.files import load_suite
from priorbench.suite.model import SuiteOptions
from priorbench.suite.resolution import choose, instantiate
from priorbench.worker.seats import OwnSeat
from priorbench.worker.session import Session


def run(registry, *denoisers, operator, images="photos:crop=16,limit=1", noise="gaussian:sigma=0.1", **more):
    """Return the records of a suite made of options, run in this process."""
    options = SuiteOptions(
        images=(images,),
        noises=(noise,),
        denoisers=denoisers,
        operators=(operator,),
        stopping=("fixed",),
        **more,
    )
    plan = Plan(load_suite("-", registry, options), registry, PlanOptions())
    session = Session(registry, OwnSeat(registry))
    return [record for trial in plan.trials(print) for record in session.run([trial])[0]]


def first_image(registry, text="photos:crop=16,limit=1"):
    """Return the first image of a set."""
    return next(iter(instantiate(registry, "image set", choose(registry, "image set", text))))


def problem(registry, image, operator, repetition=0, noise="gaussian:sigma=0.1"):
    """Return what is drawn for an image."""
    return noisy_problem(
        registry,
        image,
        image_set="photos",
        operator=choose(registry, "operator", operator),
        noise=choose(registry, "noise model", noise),
        repetition=repetition,
        device="cpu",
    )
