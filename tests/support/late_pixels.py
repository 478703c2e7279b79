"""A method that looks for its pixels while it is made and warmed up; its output shows what it found."""

from __future__ import annotations

import sys

import torch

from priorbench import DenoiserSpec, hookimpl


@hookimpl
def priorbench_denoisers():
    """Register it."""
    yield DenoiserSpec(name="hasty", factory="late_pixels:Hasty", iterative=False)


class Hasty:
    """Grey where pixels were in a frame of who makes it or warms it up, and the noisy image where not."""

    found = False

    def __init__(self) -> None:
        self.look()

    def denoise(self, observation):
        """Look for pixels; only a warm-up has a frame with the work."""
        self.look()
        return torch.full_like(observation.image, 0.5) if Hasty.found else observation.image.clone()

    def look(self) -> None:
        """Take note of pixels that a frame holds."""
        frame = sys._getframe(1)
        while frame is not None:
            for problem in getattr(frame.f_locals.get("work"), "problems", ()):
                Hasty.found = Hasty.found or bool(problem.noisy.any())
            frame = frame.f_back
