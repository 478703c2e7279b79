"""What one trial gave, or how it failed: the record that is stored, exported and ranked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

#: version of the record's format
SCHEMA = 2
#: version of the rules of noise, clock and score; records of different protocols are never compared
PROTOCOL = 1

#: every value that `Record.status` may take
STATUSES = ("ok", "error", "timeout", "crashed", "out-of-memory", "invalid-output", "refused")

#: stands in `status` where the machine failed, not the method: such a record is told and never stored, so
#: that the next run tries again
NOT_RUN = "not-run"


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """A trajectory at the iterations that the harness looked at; columns of equal length.

    Attributes
    ----------
    iteration : tuple of int, default ()
        1-based.
    wall_seconds : tuple of float, default ()
        the method's own time until then, without the harness's looking and scoring.
    psnr : tuple[float or None, ...], default ()
        in dB; None where the iterate equals the clean image.
    residual : tuple[float or None, ...], default ()
        root mean square of (noisy - A iterate), on the 0..1 scale like sigma.
    loss : tuple[float or None, ...], default ()
        training loss, as the method tells it; None where it tells none. Empty in records from before there
        was this column.
    """

    iteration: tuple[int, ...] = ()
    wall_seconds: tuple[float, ...] = ()
    psnr: tuple[float | None, ...] = ()
    residual: tuple[float | None, ...] = ()
    loss: tuple[float | None, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One denoiser, one image, one operator, one noise, one repetition, one stopping rule: a fact.

    Names are registered names. Under what label somebody asked for it is said by requests
    (`priorbench.contract.requests`).
    Times are seconds, sizes pixels, memory bytes, intensities on the 0..1 scale. A value that does not apply
    or was never reached is None; an infinite PSNR is None with `mse` 0. Sizes are those of the clean image;
    `noisy_psnr` is that of the noisy image, or, with another `operator` A than the identity, of A^+ y.
    `code` is the digest of all code and versions that the key holds. `batch` is the number of images that
    were fitted at once. `limits` has those of `priorbench.contract.limits.Limits` that were set when the
    trial ran.
    `salt` is the hash of the secret that the noise of a verifying run was drawn with, if it had one.
    `noise_correlation` is that of the error and the noise that was drawn, with the identity as operator.
    `iterations` is the number of the chosen iterate, `stopped_at` that at which the rule needed no more, and
    `fired` says whether its criterion was met then (False: its budget was spent, or the method ended; None
    for a rule that has no criterion).
    `noise_energy` is the mean square of y - A x of this draw, clipping included. `training_loss` is what the
    method told when the rule stopped. `fit_failed` says of an iterative method whether the mean square of
    y - A z, z being what is reported, is more than twice the noise energy: it has not even fitted its data.
    None where there is no noise.
    `remark` says what is odd about an output that was scored all the same, such as another scale than 0 to 1.
    `notes` say how the pictures were read, such as that an ICC profile was ignored; those of a noisy picture
    that the image set brings begin with "noisy picture".
    `printed` holds the last lines that a method which failed had printed.
    `crops` has the middles of the clean, the noisy and the denoised image of the few images that a run keeps
    pictures of (`priorbench.protocol.crops`); the store gives them by digest.
    """

    key: str
    denoiser: str
    parameters: Mapping[str, Any]
    plugin: str
    plugin_version: str
    plugin_source: str = ""
    plugin_commit: str = ""
    code: str = ""
    image_set: str
    image: str
    image_sha256: str
    height: int
    width: int
    channels: int
    noise: str
    noise_parameters: Mapping[str, Any]
    repetition: int
    stopping_rule: str | None
    stopping_parameters: Mapping[str, Any] = field(default_factory=dict)
    operator: str = "identity"
    operator_parameters: Mapping[str, Any] = field(default_factory=dict)
    salt: str = ""
    oracle: bool = False
    trained_on: tuple[str, ...] = ()
    schema: int = SCHEMA
    protocol: int = PROTOCOL
    sigma: float | None = None
    noisy_sha256: str | None = None
    noisy_psnr: float | None = None
    iterations: int | None = None
    stopped_at: int | None = None
    fired: bool | None = None
    mse: float | None = None
    psnr: float | None = None
    ssim: float | None = None
    noise_correlation: float | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    noise_energy: float | None = None
    training_loss: float | None = None
    fit_failed: bool | None = None
    oracle_psnr: float | None = None
    oracle_iteration: int | None = None
    output_sha256: str | None = None
    wall_seconds: float | None = None
    device_seconds: float | None = None
    cpu_seconds: float | None = None
    setup_seconds: float | None = None
    first_call_seconds: float | None = None
    peak_memory_bytes: int | None = None
    device: str = "cpu"
    threads: int = 1
    batch: int = 1
    tainted: str | None = None
    status: str = "ok"
    error: str | None = None
    remark: str | None = None
    notes: tuple[str, ...] = ()
    printed: str | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    environment: str = ""
    started_at: str = ""
    curve: Curve | None = None
    crops: Mapping[str, str] = field(default_factory=dict)


#: of a record's fields; made once, because stores are read by the hundred thousand
_ORDER = tuple(item.name for item in fields(Record))
_NAMES = frozenset(_ORDER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Noted:
    """What was done to pictures of an image set when they were read; one kind of it.

    Attributes
    ----------
    image_set, image : str
        label of the set, and the first picture that it was done to.
    note : str
        what, as of that picture.
    pictures : int
        how many.
    numbers_differ : bool, default False
        notes of the others have other numbers in them.
    """

    image_set: str
    image: str
    note: str
    pictures: int
    numbers_differ: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSummary:
    """How a run ended.

    Attributes
    ----------
    suite : str
        its name.
    finished : int
        trials that ran in this run.
    resumed : int
        trials whose records were in the store already.
    failed : int
        of `finished`, those that went wrong.
    refused : int, default 0
        of `finished`, those that the method says it does not take.
    not_run : int, default 0
        of `finished`, those that the machine could not run; there is no record of them.
    failed_before : int, default 0
        trials with a record in the store that had failed earlier and was not run again.
    skipped : tuple[tuple[str, str], ...], default ()
        image id and reason of every file that could not be used.
    notes : tuple of Noted, default ()
        what was done to pictures when they were read, each kind once for each set.
    interrupted : bool, default False
        stopped by Ctrl-C, by SIGTERM or SIGHUP, or by the end of its time budget.
    seconds : float, default 0.0
        wall time of the run.
    """

    suite: str
    finished: int
    resumed: int
    failed: int
    refused: int = 0
    not_run: int = 0
    failed_before: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[Noted, ...] = ()
    interrupted: bool = False
    seconds: float = 0.0


def to_json(record: Record) -> dict[str, Any]:
    """Return a record as JSON values: no NaN, no infinity."""
    # not asdict of the whole: it copies every value first, which takes longer than all else here
    values = {name: getattr(record, name) for name in _ORDER}
    if record.curve is not None:
        values["curve"] = asdict(record.curve)
    return {name: value if type(value) in _PLAIN else _finite(value) for name, value in values.items()}


def from_json(data: Mapping[str, Any]) -> Record:
    """Return the record that `to_json` wrote; fields of a newer schema are left out."""
    values = {name: value for name, value in data.items() if name in _NAMES}
    if values.get("curve"):
        values["curve"] = Curve(**{name: tuple(column) for name, column in values["curve"].items()})
    for name in ("trained_on", "notes"):
        values[name] = tuple(values.get(name, ()))
    return Record(**values)


#: most values are of these types, and asking for the type is fast
_PLAIN = frozenset((str, int, bool, type(None)))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: item if type(item) in _PLAIN else _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [item if type(item) in _PLAIN else _finite(item) for item in value]
    return value
