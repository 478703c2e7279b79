"""Which experiments are meant, and at which size each is run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from priorbench.contract.specs import Spec
from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.experiments.work import Experiment, Size
from priorbench.loading.registry import Registry
from priorbench.suite.resolution import choose, instantiate

KIND = "experiment"


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """An experiment, ready to be run.

    Attributes
    ----------
    name : str
        registered name; its files are called like it.
    spec : Spec
        with summary and citation.
    parameters : dict
        of the factory, completed.
    experiment : Experiment
        what its factory made.
    size : Size
        how much of it is run.
    """

    name: str
    spec: Spec
    parameters: dict[str, object]
    experiment: Experiment
    size: Size


def chosen(
    registry: Registry,
    names: Sequence[str],
    *,
    images: str | None = None,
    quick: bool = False,
    budget: float | None = None,
) -> list[Chosen]:
    """Return the experiments of some names, each at its size.

    Parameters
    ----------
    registry : Registry
        what is installed.
    names : sequence of str
        registered names; ends of them where only one ends so (``fig1a``), beginnings for all of a paper
        (``heckel2020``); each may have parameters, as ``name:key=value``. None = all experiments.
    images : str or None, optional
        what the experiment with a parameter ``images`` takes.
    quick : bool, default False
        the smallest size.
    budget : float or None, optional
        seconds for all together; None = the paper's own size.

    Raises
    ------
    PriorbenchError
        For unknown names and bad parameters, and for `images` where not exactly one experiment has that
        parameter.
    """
    known = registry.all(KIND)
    if not known:
        raise PriorbenchError("no experiments are installed: see 'priorbench list plugins'")
    texts = [full for name in names for full in _full_names(name, known)] if names else list(known)
    settings = [] if images is None else [f"images={images}"]
    made = [_made(registry, text, settings) for text in dict.fromkeys(texts)]
    _check_images(images, [name for name, *_, takes in made if takes])
    experiments = [(name, spec, parameters, one) for name, spec, parameters, one, _ in made]
    sizes = _sizes([one for *_, one in experiments], quick=quick, budget=budget)
    return [
        Chosen(name=name, spec=spec, parameters=parameters, experiment=one, size=size)
        for (name, spec, parameters, one), size in zip(experiments, sizes, strict=True)
    ]


def _check_images(images: str | None, taking: Sequence[str]) -> None:
    """Raise `PriorbenchError` where pictures are given and it is not clear what for."""
    if images is None or len(taking) == 1:
        return
    if not taking:
        raise PriorbenchError("--images: none of these experiments takes pictures of yours")
    raise PriorbenchError(
        f"--images: {', '.join(taking)} take different pictures: name one, or write NAME:images=FOLDER"
    )


def _full_names(text: str, known: Iterable[str]) -> list[str]:
    """Return the registered names that a text means, with its parameters."""
    name, colon, rest = text.partition(":")
    if name in known:
        return [text]
    ends = [full for full in known if full.endswith(f"-{name}")]
    begins = [full for full in known if full.startswith(f"{name}-")]
    if len(ends) == 1 and not begins:
        return [f"{ends[0]}{colon}{rest}"]
    if begins and not ends:
        return [f"{full}{colon}{rest}" for full in begins]
    if ends or begins:
        raise PriorbenchError(f"{KIND} '{name}' may be {', '.join([*ends, *begins])}: write more of its name")
    every = [*known, *(full.partition("-")[2] or full for full in known)]
    raise UnknownNameError(KIND, name, every, "priorbench list experiments")


def _made(
    registry: Registry, text: str, settings: Sequence[str]
) -> tuple[str, Spec, dict[str, object], Experiment, bool]:
    name = text.partition(":")[0]
    spec = registry.find(KIND, name).spec
    assert isinstance(spec, Spec)
    takes = "images" in choose(registry, KIND, text).parameters
    choice = choose(registry, KIND, text, settings if takes else ())
    experiment: Experiment = instantiate(registry, KIND, choice)
    if not experiment.sizes:
        raise PriorbenchError(f"{KIND} '{name}' has no sizes: its author has to state one at least")
    return name, spec, dict(choice.parameters), experiment, takes


def _sizes(experiments: Sequence[Experiment], *, quick: bool, budget: float | None) -> list[Size]:
    """Return one size for each: of a budget, the cheapest next step is always taken first."""
    if not quick and budget is None:
        return [one.sizes[-1] for one in experiments]
    places = [0] * len(experiments)
    if budget is None:
        return [one.sizes[0] for one in experiments]

    def step(number: int) -> float:
        sizes, place = experiments[number].sizes, places[number]
        return sizes[place + 1].seconds - sizes[place].seconds

    left = budget - sum(one.sizes[0].seconds for one in experiments)
    while growing := [n for n, one in enumerate(experiments) if places[n] + 1 < len(one.sizes)]:
        cheapest = min(growing, key=step)
        if step(cheapest) > left:
            break
        left -= step(cheapest)
        places[cheapest] += 1
    return [one.sizes[place] for one, place in zip(experiments, places, strict=True)]
