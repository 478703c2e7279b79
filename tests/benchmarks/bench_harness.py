"""What the harness itself costs: starting, each trial, each iteration, keys, reading pictures."""

from __future__ import annotations

import gc
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from priorbench.contract.images import Image
from priorbench.contract.records import Record, to_json
from priorbench.contract.trial import Trial, trial_from_json, trial_to_json
from priorbench.loading.load import load_registry
from priorbench.loading.plugin_files import FILES_VARIABLE
from priorbench.protocol.measure import measure
from priorbench.protocol.scoring import CurveScorer
from priorbench.run.keys import record_key
from priorbench.standard.stopping_rules import Fixed
from priorbench.suite.resolution import choose, instantiate
from priorbench.worker.seats import ProcessSeat
from priorbench.worker.session import Session

from . import noop
from .cases import NOISE, problem_for

#: asv reads the seconds from the process's standard output
_COMMAND = """
import contextlib, io, sys
from priorbench.cli import main
sys.argv = ["priorbench", {arguments}]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
"""


class Start:
    """Seconds until a command that needs no arithmetic has answered, in a new process."""

    number, repeat, rounds = 1, 5, 2

    def timeraw_help(self) -> str:
        """`priorbench --help`."""
        return _COMMAND.format(arguments='"--help"')

    def timeraw_list(self) -> str:
        """`priorbench list`."""
        return _COMMAND.format(arguments='"list"')


class Trials:
    """What a trial takes beyond the method's own clocked time, under a judge that has seen some before.

    Counted is everything between the line that asks for a trial and the line that answers it: reading the
    picture (another one for each trial, 64 x 64, colour), drawing the noise, the messages to the player's
    process and back, the garbage collection before the measurement, all checks, PSNR, SSIM, JSON.
    """

    pictures = 48
    timeout = 120.0

    def setup(self) -> None:
        """Write the pictures, and run two trials."""
        folder = Path("trials")
        _write_pictures(folder, self.pictures, side=64)
        os.environ[FILES_VARIABLE] = noop.__file__  # of this process, and of the player
        self.registry = load_registry()
        self.seat = ProcessSeat(None, None, alive=lambda: None)
        self.session = Session(self.registry, self.seat)
        images = choose(self.registry, "image set", f"folder:path={folder.resolve()}")
        self.requests = [
            json.dumps(trial_to_json(self._trial(images, image)))
            for image in instantiate(self.registry, "image set", images)
        ]
        for request in self.requests[:2]:
            self._answer(request)

    def teardown(self) -> None:
        """End the player."""
        self.seat.close()

    def track_trial_overhead(self) -> float:
        """Return the median over the pictures, in seconds."""
        return statistics.median(self._overhead(request) for request in self.requests)

    track_trial_overhead.unit = "seconds"  # type: ignore[attr-defined]

    def _overhead(self, request: str) -> float:
        start = time.perf_counter()
        record = self._answer(request)
        seconds = time.perf_counter() - start
        assert record.wall_seconds is not None, record.error
        return seconds - record.wall_seconds

    def _answer(self, request: str) -> Record:
        """Do what a judge's process does with a line."""
        ((record,),) = self.session.run([trial_from_json(json.loads(request))])
        json.dumps({"records": [[to_json(record)]]}, allow_nan=False)
        return record

    def _trial(self, images: Any, image: Image) -> Trial:
        channels, height, width = image.pixels.shape
        return Trial(
            image_set=images,
            image=image.id,
            image_sha256=image.sha256,
            height=height,
            width=width,
            channels=channels,
            noise=choose(self.registry, "noise model", NOISE),
            denoiser=choose(self.registry, "denoiser", "noop"),
            stopping=(),
            repetition=0,
            metrics=(),
            device="cpu",
            threads=1,
            keys=("0" * 32,),
        )


class Iterations:
    """What an iteration takes beyond the method's own time, under the rule `fixed`, 64 x 64, colour.

    The limit is 1 % of an iteration of 10 ms: 1e-4 s.
    """

    count = 1000

    def setup(self) -> None:
        """Make the problem; as in a worker, the garbage collector need not look at what was imported."""
        self.noisy = problem_for("identity", 64)
        gc.freeze()

    def track_clocked_overhead(self) -> float:
        """Return what the clock adds to an iteration: seconds that a method is charged for nothing."""
        return self._run()[0]

    def track_total_overhead(self) -> float:
        """Return the whole cost of an iteration: the loop, and the curve's looks and scores off the clock."""
        return self._run()[1]

    track_clocked_overhead.unit = "seconds"  # type: ignore[attr-defined]
    track_total_overhead.unit = "seconds"  # type: ignore[attr-defined]

    def _run(self) -> tuple[float, float]:
        problem = self.noisy.problem
        scorer = CurveScorer(problem=problem, clean=self.noisy.clean)
        rules = [(Fixed(iterations=self.count), False)]
        start = time.perf_counter()
        (outcome,) = measure(noop.NoOpIterative(), problem, rules, self.count, curve=scorer)
        total = time.perf_counter() - start
        assert outcome.wall_seconds is not None, outcome.error
        return outcome.wall_seconds / self.count, total / self.count


class Keys:
    """Seconds of a record's key."""

    def setup(self) -> None:
        """Make a trial."""
        trials = Trials()
        trials.registry = load_registry(extra_modules=[noop])
        images = choose(trials.registry, "image set", "folder:path=.")
        pixels = np.zeros((3, 64, 64), dtype=np.float32)
        self.trial = trials._trial(images, Image(id="a.png", pixels=pixels))
        self.provenance = {"software": {"torch": "2"}, "core": "0" * 16, "code": ["0" * 16] * 2}

    def time_key(self) -> None:
        """Hash it a hundred times."""
        for _ in range(100):
            record_key(self.trial, None, self.provenance)


class Pictures:
    """Seconds of reading four photographs of 256 x 256 from a folder."""

    params = (("png", "jpg", "tiff"),)
    param_names = ("format",)

    def setup(self, suffix: str) -> None:
        """Write them."""
        folder = Path("pictures")
        _write_pictures(folder, 4, side=256, suffix=suffix)
        registry = load_registry()
        self.images = instantiate(
            registry, "image set", choose(registry, "image set", f"folder:path={folder.resolve()}")
        )

    def time_read(self, suffix: str) -> None:
        """Read them."""
        assert sum(image.pixels.shape == (3, 256, 256) for image in self.images) == 4


def _write_pictures(folder: Path, count: int, *, side: int, suffix: str = "png") -> None:
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 200, side)[:, None, None]
    for number in range(count):
        pixels = (ramp + rng.integers(0, 56, (side, side, 3))).astype(np.uint8)
        PillowImage.fromarray(pixels).save(folder / f"{number:03d}.{suffix}")
