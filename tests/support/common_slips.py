"""A plugin of one file with the slips that authors make most."""

from __future__ import annotations

from priorbench import DenoiserSpec, hookimpl


class Returns:
    def __init__(self, *, iterations: int = 3) -> None:
        self.iterations = iterations

    def iterate(self, observation):
        return observation.image


class Nothing(Returns):
    def iterate(self, observation):
        self.last = observation.image


class Yields:
    def denoise(self, observation):
        yield observation.image


class Misnames:
    def denoise(self, observation):
        return observation.img


class Assumes:
    def denoise(self, observation):
        noise = None if observation.noise else observation.noise  # as where the method runs blind
        return observation.image * noise.sigma


class Converts:
    def denoise(self, observation):
        return observation.image.astype(float)


class Imports:
    def denoise(self, observation):
        import cv2_that_is_not_there

        return cv2_that_is_not_there.denoise(observation.image)


@hookimpl
def priorbench_denoisers():
    told = {"summary": "a slip", "citation": "unpublished", "licence": "MIT"}
    for name in ("Returns", "Nothing", "Yields", "Misnames", "Assumes", "Converts", "Imports"):
        yield DenoiserSpec(name=name.lower(), factory=f"common_slips:{name}", **told)
    yield DenoiserSpec(name="lost", factory="common_slips_beside:Lost", **told)
    yield DenoiserSpec(name="misspelt", factory="comon_slips:Returns", **told)
    yield DenoiserSpec(name="astray", factory="common_slips:Retruns", **told)
