"""A trial: one method on one image under one noise; the unit that is run, timed and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from priorbench.contract.choice import DENOISING, Choice


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One denoiser on one image under one operator and noise; `stopping` gives one record each.

    Attributes
    ----------
    image_set, noise, denoiser, operator : Choice
        entries of the suite.
    noisy_sha256 : str, default ''
        `priorbench.contract.images.NoisyImage.sha256` of the noisy picture that the image set brings, and of
        what the set says of its noise; empty where noise is drawn.
    image, image_sha256, height, width, channels : str or int
        the clean image.
    stopping : tuple of Choice
        stopping rules; empty for a one-shot method.
    repetition : int
        number of the noise draw, from 0.
    metrics : tuple of str
        names of metrics beyond PSNR and SSIM.
    device : str
        torch device, for example ``"cpu"`` or ``"cuda:0"``.
    threads : int
        CPU threads.
    product : str, default ''
        which product of bfloat16 numbers the method was planned with, see `priorbench.machine.arithmetic`;
        empty where it uses none. A worker that has another one refuses.
    source, commit : str, default ''
        digest of the denoiser's source code, and its git commit while it is developed.
    code : tuple of (str, str), default ()
        what the keys hold of source code: the measured path and each factory that takes part, with digests.
        A worker whose files differ refuses.
    crops : bool, default False
        the records come with the middles of the images (not in their keys).
    keys : tuple of str, default ()
        key of the record of each rule, in the order of `stopping` (one for a one-shot method).
    results : tuple of str, default ()
        what each key would be without further metrics: under it the output of a result is kept.
    outputs, outputs_limit : str or int, default '' or 0
        folder in which outputs are kept, and the bytes that it may have; without a limit nothing is added.
    known : tuple of str, default ()
        records, as JSON, that lack only the metrics, one for each key: their kept outputs are scored, and no
        method runs.
    salt : str, default ''
        the secret that the noise of a verifying run is drawn with, hexadecimal. It goes from the process
        that plans to the one that draws the noise, and nowhere else: never to a method, into a record, a key,
        a message, an environment or a command line. Records have its hash.
    """

    image_set: Choice
    image: str
    image_sha256: str
    height: int
    width: int
    channels: int
    noise: Choice
    denoiser: Choice
    stopping: tuple[Choice, ...]
    repetition: int
    metrics: tuple[str, ...]
    device: str
    threads: int
    operator: Choice = DENOISING
    product: str = ""
    source: str = ""
    commit: str = ""
    code: tuple[tuple[str, str], ...] = ()
    crops: bool = False
    keys: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    outputs: str = ""
    outputs_limit: int = 0
    known: tuple[str, ...] = ()
    salt: str = field(default="", repr=False)
    noisy_sha256: str = ""

    @property
    def title(self) -> str:
        """What progress shows."""
        return trial_title(
            self.denoiser.label,
            f"{self.image_set.label}/{self.image}",
            self.operator.label,
            self.noise.label,
            self.repetition,
        )


_NAMES = tuple(item.name for item in fields(Trial))


def trial_title(denoiser: str, image: str, operator: str, noise: str, repetition: int) -> str:
    """Return what progress shows of a trial with these labels; denoising goes without saying."""
    where = [image, *([] if operator == DENOISING.label else [operator]), noise]
    return f"{denoiser} on {' '.join(where)}" + (f" #{repetition}" if repetition else "")


def trial_to_json(trial: Trial) -> dict[str, Any]:
    """Return a trial as JSON values, for a worker."""
    # not asdict: it copies every value first, which takes longer than all else that is done with it
    values = {name: getattr(trial, name) for name in _NAMES}
    for name in ("image_set", "noise", "denoiser", "operator"):
        values[name] = _choice_to_json(values[name])
    values["stopping"] = [_choice_to_json(choice) for choice in trial.stopping]
    return values


def _choice_to_json(choice: Choice) -> dict[str, Any]:
    return {"name": choice.name, "label": choice.label, "parameters": choice.parameters}


def trial_from_json(data: Mapping[str, Any]) -> Trial:
    """Return the trial that `trial_to_json` wrote."""
    values = dict(data)
    for name in ("image_set", "noise", "denoiser", "operator"):
        values[name] = Choice(**values[name])
    values["stopping"] = tuple(Choice(**choice) for choice in values["stopping"])
    values["code"] = tuple((factory, digest) for factory, digest in values.get("code", ()))
    for name in ("metrics", "keys", "results", "known"):
        values[name] = tuple(values.get(name, ()))
    return Trial(**values)
