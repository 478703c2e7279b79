"""Denoises one picture: reads it, says what is known of its noise, runs the method, writes, scores, shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priorbench.cli.common.output import remark, say
from priorbench.cli.denoise.comparing import Shown, before_and_after
from priorbench.cli.denoise.method import Method
from priorbench.cli.denoise.noise import doubts, estimated_noise, in_words
from priorbench.cli.denoise.source import Source, read_source
from priorbench.cli.denoise.targets import Job
from priorbench.contract.noise import NoiseDescriptor
from priorbench.errors import PriorbenchError
from priorbench.pictures import holds_floats, losses, shown, write_picture
from priorbench.protocol.exchange import scale_remark
from priorbench.protocol.scoring import score
from priorbench.toolkit.noise_estimates import NoiseEstimate, estimate_noise
from priorbench.words import seconds

if TYPE_CHECKING:
    from numpy.typing import NDArray


def denoise_one(method: Method, job: Job, count: str) -> bool:
    """Denoise a picture and say what was done; return False where the method failed.

    Parameters
    ----------
    method : Method
        what denoises.
    job : Job
        the picture.
    count : str
        before the last line: which picture of how many.

    Raises
    ------
    PriorbenchError
        The picture, or what goes with it, cannot be used.
    """
    name = shown(str(job.source))
    source = read_source(job.source, method.value_range)
    pixels = _as_the_method_takes_it(source, method)
    clean = _clean(job, source, method, pixels.shape)
    estimate = None if method.noise is not None else estimate_noise(pixels)
    run = method.ready(pixels, _known(method, pixels, estimate))
    if source.grey and len(source.pixels) > 1:
        say(f"{name}: its {len(source.pixels)} planes are equal: it is treated as grey", err=True)
    for text in (*source.notes, *losses(job.output, source.kept)):
        say(f"{name}: {text}", err=True)
    if not source.bounded and not holds_floats(job.output):
        say(f"{name}: {source.black:g} is written as black, {source.white:g} as white", err=True)
    if estimate is not None:
        _tell(estimate, pixels, name)
    outcome = run()
    if outcome.output is None:
        remark(f"{count}{method.choice.name} failed on {name}: {outcome.error}")
        return False
    if odd := scale_remark(outcome.output):
        remark(f"{name}: {method.choice.name} gave {odd}")
    image = source.for_file(_planes(outcome.output, source), floats=holds_floats(job.output))
    write_picture(job.output, image, source.kept)
    say(f"{count}{job.output}: {method.choice.name}, {seconds(outcome.wall_seconds)} s", err=True)
    scores = None if clean is None else _scores(pixels, outcome.output, clean)
    if scores:
        say(f"{shown(str(job.output))}: {scores}")
    if job.compare is not None:
        images = Shown(before=pixels, after=outcome.output, clean=clean, exif=source.kept.exif)
        write_picture(job.compare, before_and_after(images))
        say(f"{count}{job.compare}: before, after, and what changed", err=True)
    return True


def _as_the_method_takes_it(source: Source, method: Method) -> NDArray[np.float32]:
    """Return one plane of a grey picture, if the method takes that."""
    return source.pixels[:1] if source.grey and 1 in method.spec.channels else source.pixels


def _planes(output: NDArray[np.float32], source: Source) -> NDArray[np.float32]:
    """Return one plane of what came of equal planes: a grey picture stays grey."""
    return output.mean(axis=0, keepdims=True) if source.grey and len(output) > 1 else output


def _known(
    method: Method, pixels: NDArray[np.float32], estimate: NoiseEstimate | None
) -> NoiseDescriptor | None:
    """Return what the method is told of the noise: what the user says, or the estimate if it takes that."""
    if estimate is None:
        told: NoiseDescriptor = method.noise.describe(pixels.astype(np.float64))
        return told
    takes = method.spec.noises == "any" or "gaussian" in method.spec.noises
    return estimated_noise(estimate) if takes else None


def _tell(estimate: NoiseEstimate, pixels: NDArray[np.float32], name: str) -> None:
    """Say what was estimated, and what makes it doubtful."""
    if estimate.count:
        say(f"{name}: {in_words(estimate)}", err=True)
    for doubt in doubts(estimate, pixels):
        remark(f"{name}: {doubt}")


def _clean(job: Job, source: Source, method: Method, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    """Return the clean picture, as large and with as many planes as what is denoised."""
    if job.reference is None:
        return None
    clean = read_source(job.reference, method.value_range)
    if method.value_range is not None and clean.kept.depth != source.kept.depth:
        raise PriorbenchError(
            f"{shown(str(job.reference))}: it has {clean.kept.depth}, {shown(str(job.source))} has"
            f" {source.kept.depth}: --range cannot mean both; save the clean picture like the noisy one"
        )
    scales = [(one.white, one.kept.white) for one in (clean, source)]
    if clean.kept.depth == source.kept.depth and scales[0] != scales[1]:
        raise PriorbenchError(
            f"{shown(str(job.reference))}: another value is white there than in {shown(str(job.source))}: say"
            " which is, as --range 0:4095"
        )
    pixels = clean.pixels
    if clean.grey and len(pixels) != shape[0]:
        pixels = np.broadcast_to(pixels[:1], (shape[0], *pixels.shape[1:]))
    if pixels.shape != shape:
        raise PriorbenchError(
            f"{shown(str(job.reference))}: the clean picture is {_size(pixels.shape)}, "
            f"{shown(str(job.source))} is {_size(shape)}"
        )
    return np.ascontiguousarray(pixels)


def _size(shape: tuple[int, ...]) -> str:
    channels, height, width = shape
    return f"{width} x {height} {'in colour' if channels == 3 else 'grey'}"


def _scores(noisy: NDArray[np.float32], output: NDArray[np.float32], clean: NDArray[np.float32]) -> str:
    """Return PSNR and SSIM before and after, by the protocol: what was returned is clipped, not rounded."""
    before, after = score(noisy, clean, {}), score(output, clean, {})
    text = f"PSNR {_decibels(before['psnr'])} -> {_decibels(after['psnr'])}"
    if after["ssim"] is None:
        return text
    return f"{text}, SSIM {before['ssim']:.4f} -> {after['ssim']:.4f}"


def _decibels(value: float | None) -> str:
    return "exact" if value is None else f"{value:.2f} dB"
