"""priorbench from Python: try any method without packaging it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import torch

from priorbench.contract.images import SkippedImage
from priorbench.contract.limits import check_count
from priorbench.errors import PriorbenchError
from priorbench.loading.load import load_registry
from priorbench.machine.devices import resolve_device
from priorbench.protocol.exchange import scale_remark
from priorbench.protocol.frames import frame_of
from priorbench.protocol.measure import measure
from priorbench.protocol.problems import noisy_problem
from priorbench.protocol.scoring import score
from priorbench.protocol.seeding import read_salt
from priorbench.standard.stopping_rules import Fixed
from priorbench.suite.given import is_given, misfits
from priorbench.suite.resolution import choose, instantiate
from priorbench.words import plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from priorbench.contract.observation import Observation


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageResult:
    """What a method did to one image: PSNR in dB (None = exact), SSIM, seconds; `noisy_psnr` is of A^+ y.

    `remark` says what is odd about the output, such as another scale than 0 to 1; None where nothing is.
    """

    image: str
    noisy_psnr: float | None
    psnr: float | None
    ssim: float | None
    seconds: float
    output: NDArray[np.float32]
    remark: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What a method did to an image set."""

    images: tuple[ImageResult, ...]

    @property
    def psnr(self) -> float | None:
        """Mean PSNR in dB over the images that were not restored exactly; None where all were."""
        found = [result.psnr for result in self.images if result.psnr is not None]
        return fmean(found) if found else None

    def __str__(self) -> str:
        """Return one line for each image and the mean."""
        lines = [
            f"{one.image}: {_decibels(one.psnr)}, {one.seconds:.3g} s"
            + (f" (!) {one.remark}" if one.remark else "")
            for one in self.images
        ]
        exact = sum(result.psnr is None for result in self.images)
        if self.psnr is None:
            return "\n".join([*lines, f"all {exact} images are exact: there is no mean PSNR"])
        told = f" ({exact} more exact)" if exact else ""
        mean = f"mean {self.psnr:.2f} dB over {plural(len(self.images) - exact, 'image')}{told}"
        return "\n".join([*lines, mean])


def evaluate(
    method: Callable[[Observation], torch.Tensor] | object,
    *,
    image_set: str = "photos",
    sigma: float | str | None = None,
    noise: str | None = None,
    operator: str = "identity",
    limit: int | None = None,
    iterations: int | None = None,
    device: str = "cpu",
    salt: str | Path | None = None,
) -> Evaluation:
    """Run a method on an image set with the protocol's own noise, in this process.

    Parameters
    ----------
    method : callable or object
        a function of an `Observation` that returns an image, or an object with ``denoise`` or ``iterate``.
    image_set : str, default 'photos'
        as on the command line, for example ``"folder:path=pictures,crop=256"``.
    sigma : float or str or None, optional
        standard deviation of independent, unclipped Gaussian noise: ``25`` or ``"25/255"``.
    noise : str or None, optional
        instead of `sigma`, a noise as on the command line; default ``"gaussian:sigma=25/255"``.
    operator : str, default 'identity'
        A of y = A x + noise, as on the command line, for example ``"mask:keep=0.5"``.
    limit : int or None, optional
        images to use, 1 or more; None = all.
    iterations : int or None, optional
        iterations of an iterative method, 1 or more; default: its attribute `iterations`, if it has one.
    device : str, default 'cpu'
        torch device.
    salt : str or Path or None, optional
        a file with the secret that the noise is drawn with, as of ``priorbench run --salt``.

    Returns
    -------
    Evaluation
        Operator and noise are those that ``priorbench run`` gives every method on these images.

    Raises
    ------
    PriorbenchError
        For names, parameters and devices that do not exist, numbers below 1, a set without a usable image, a
        file that is no salt, or both `sigma` and `noise` given.
    """
    if sigma is not None and noise is not None:
        raise PriorbenchError("evaluate: give sigma or noise, not both")
    for what, value in {"limit": limit, "iterations": iterations}.items():
        if value is not None:
            check_count(f"evaluate: {what}", value)
    if iterations is None and isinstance(own := getattr(method, "iterations", None), int) and own > 0:
        iterations = own
    secret = "" if salt is None else read_salt(salt)
    device = resolve_device(device)
    registry = load_registry()
    noise_choice = choose(
        registry, "noise model", noise or f"gaussian:sigma={sigma if sigma is not None else 25}"
    )
    set_choice = choose(registry, "image set", image_set)
    operator_choice = choose(registry, "operator", operator)
    results: list[ImageResult] = []
    skipped: list[str] = []
    for _, message in misfits(registry, [set_choice], [noise_choice], [operator_choice]):
        raise PriorbenchError(f"evaluate: noise '{noise_choice.label}': {message}")
    given = is_given(registry, noise_choice)
    if given and secret:
        raise PriorbenchError(
            f"evaluate: noise '{noise_choice.label}' is not drawn, a salt cannot change it: leave it out"
        )
    members = instantiate(registry, "image set", set_choice)
    for image in members:
        if isinstance(image, SkippedImage):
            continue
        try:
            frame = frame_of(members, image, 0) if given else None
        except PriorbenchError as error:  # as in a run, it is skipped
            skipped.append(f"{image.id}: {error}")
            continue
        noisy = noisy_problem(
            registry,
            image,
            image_set=set_choice.name,
            operator=operator_choice,
            noise=noise_choice,
            repetition=0,
            device=device,
            salt=secret,
            given=frame,
        )
        rules = [(Fixed(iterations=iterations), False)]
        (outcome,) = measure(_as_method(method), noisy.problem, rules, iterations)
        if outcome.error is not None:
            raise outcome.error
        assert outcome.output is not None
        assert outcome.wall_seconds is not None
        scores = score(outcome.output, image.pixels, {})
        results.append(
            ImageResult(
                image=image.id,
                noisy_psnr=noisy.noisy_psnr,
                psnr=scores["psnr"],
                ssim=scores["ssim"],
                seconds=outcome.wall_seconds,
                output=outcome.output,
                remark=scale_remark(outcome.output),
            )
        )
        if limit is not None and len(results) >= limit:
            break
    if not results:
        why = f"; {skipped[0]}" if skipped else ""
        raise PriorbenchError(f"image set '{set_choice.label}': none of its files can be used{why}")
    return Evaluation(images=tuple(results))


def _decibels(psnr: float | None) -> str:
    return "exact" if psnr is None else f"{psnr:.2f} dB"


def _as_method(method: Any) -> Any:
    if hasattr(method, "denoise") or hasattr(method, "iterate"):
        return method
    if callable(method):
        return _Function(method)
    raise PriorbenchError(
        f"evaluate: {type(method).__name__} is neither a function nor an object with 'denoise' or 'iterate'"
    )


class _Function:
    """A plain function as a one-shot method."""

    def __init__(self, function: Callable[[Observation], torch.Tensor]) -> None:
        self._function = function

    def denoise(self, observation: Observation) -> torch.Tensor:
        return self._function(observation)
