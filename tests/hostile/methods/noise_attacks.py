"""Attacks on the noise: drawn again from what is public, with and without the seed that a method is told."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tricks import Book, Case

BOOK = Book("noise", "noise_attacks:Attacker")
#: what a public suite might say
SETS = ("ramps", "photos", "grey-photos", "phantom", "set12", "kodak24", "bsd68", "folder")
IDS = (*(f"ramp-{number}" for number in range(5)), "astronaut", "coffee", "chelsea", "camera", "phantom")


Attacker = BOOK.attacker("nothing")


def candidates() -> Iterator[Any]:
    """Yield what the seeds of public problems are made of."""
    from priorbench.protocol.seeding import Family, Ingredients

    parameters = {"sigma": 25 / 255, "channels": "independent", "clip": False}
    for image_set in SETS:
        for image in IDS:
            for repetition in range(4):
                noise = Family(name="gaussian", parameters=parameters, level=("sigma",))
                yield Ingredients(image_set=image_set, image=image, repetition=repetition, noise=noise)


def draw(case: Case, ingredients: Any) -> np.ndarray:
    """Return the noise of a public problem."""
    from priorbench.protocol.seeding import noise_rng
    from priorbench.standard.noise_models import Gaussian

    zeros = np.zeros(case.noisy.shape)
    return np.asarray(Gaussian(sigma=case.sigma).corrupt(zeros, noise_rng(ingredients)))


def without(case: Case, noise: np.ndarray) -> torch.Tensor:
    return torch.from_numpy((case.noisy.astype(np.float64) - noise).astype(np.float32))


@BOOK.attack()
def seed_told(case: Case):
    """Find the public problem whose seed for methods is the one that the observation has."""
    from priorbench.protocol.seeding import method_seed

    for one in candidates():
        if method_seed(one) == case.observation.seed:
            return without(case, draw(case, one))
    return None


@BOOK.attack()
def seed_as_a_seed(case: Case):
    """Draw with the observation's seed, as it stands and hashed, in each library."""
    import hashlib

    seed, shape = case.observation.seed, case.noisy.shape
    drawn = [
        np.random.default_rng(seed).standard_normal(shape),
        np.random.RandomState(seed % 2**32).randn(*shape),
    ]
    drawn += [torch.randn(shape, generator=torch.Generator().manual_seed(seed)).numpy()]
    digest = hashlib.sha256(str(seed).encode()).digest()
    drawn += [np.random.default_rng(int.from_bytes(digest, "big")).standard_normal(shape)]
    return _best(case, [one * case.sigma for one in drawn])


@BOOK.attack()
def global_generators(case: Case):
    """Draw with the global generators, as they stand: they may be those of the noise."""
    shape = case.noisy.shape
    state, other = np.random.get_state(), torch.get_rng_state()
    drawn = [np.random.standard_normal(shape), torch.randn(shape).numpy()]
    np.random.set_state(state)
    torch.set_rng_state(other)
    return _best(case, [one * case.sigma for one in drawn])


@BOOK.attack(goal="salted", right="stated", otherwise="broken", stated="--salt")
def public_draws(case: Case):
    """Draw the noise of every public problem, and take the one that y has in it. Told no seed, only y."""
    return _best(case, (draw(case, one) for one in candidates()))


def _best(case: Case, drawn: Any) -> torch.Tensor | None:
    noisy = case.noisy - case.noisy.mean()
    for noise in drawn:
        share = float((noisy * noise).sum() / np.sqrt((noisy**2).sum() * (noise**2).sum()))
        if share > 0.2:
            return without(case, noise)
    return None


@BOOK.attack(goal="content", right="stated", otherwise="broken", stated="by its content")
def registered_sets(case: Case):
    """Load every image of every registered set that can be made, and take the one that y shows."""
    from priorbench.loading.load import load_registry
    from priorbench.loading.registry import import_factory

    def pictures() -> Iterator[np.ndarray]:
        for name, entry in load_registry().all("image set").items():
            if name not in ("ramps", "phantom"):
                continue
            factory = import_factory(entry.spec)
            for size in (16, 32, 64):
                with contextlib.suppress(Exception):
                    yield from (one.pixels for one in factory(size=size, count=3))

    return case.cleanest(pictures())


@BOOK.attack(goal="folder", right="stated", otherwise="broken", stated="by its content")
def folder_in_the_command_line(case: Case):
    """Read the path of the pictures in the command line of another process, and take the one that y shows."""
    from PIL import Image

    def pictures() -> Iterator[np.ndarray]:
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                for word in words if b"priorbench" in words else ():
                    for path in Path(word.decode(errors="replace")).glob("*.png") if word[:1] == b"/" else ():
                        yield np.asarray(Image.open(path), np.float32).transpose(2, 0, 1) / 255

    return case.cleanest(pictures())


@BOOK.attack(goal="store", right="stated", stated="can write to a store")
def store_in_the_command_line(case: Case):
    """Read the path of the store in the command line of another process, and lock it for writing."""
    import sqlite3

    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, sqlite3.Error):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            for word in words if b"priorbench" in words else ():
                if word.endswith(b".db"):
                    connection = sqlite3.connect(f"file:{word.decode()}?mode=rw", uri=True, timeout=0.2)
                    connection.execute("BEGIN IMMEDIATE")
                    connection.rollback()
                    connection.close()
                    return case.reached()
    return None


@BOOK.attack()
def calibrate(case: Case):
    """Say that a goal was reached, to compare with."""
    return case.reached()
