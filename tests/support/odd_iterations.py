"""A plugin of methods that iterate in odd ways, none of them forbidden."""

from __future__ import annotations

import torch

from priorbench import DenoiserSpec, Iterate, hookimpl


class Odd:
    """Yields what its parameter says.

    Parameters
    ----------
    way : str
        how.
    iterations : int
        the budget.
    """

    def __init__(self, *, way: str = "plain", iterations: int = 40) -> None:
        self.way, self.iterations, self.asked = way, iterations, 0

    def iterate(self, observation):
        """Yield iterates."""
        self.random = observation.generator()
        last = {"nothing": 0, "once": 1, "ends": 17}.get(self.way, 10**6)
        for number in range(1, last + 1):
            output = observation.image / (1 + abs(number - 20) / 20)
            yield self.item(output, number)

    def item(self, output, number):
        """Return one iterate."""
        loss = 1.0 / number
        if self.way == "counts":  # whoever looks once more than asked for changes what comes out
            return Iterate(None, loss=loss, estimate=lambda: self.counted(output))
        if self.way == "draws":
            return Iterate(output, loss=loss, estimate=lambda: self.blurred(output))
        if self.way == "late-shape":  # 33 is no point of the curve; a rule that does not ask never sees it
            return Iterate(output, loss=loss, estimate=lambda: output[:1] if number == 33 else output)
        if self.way == "fails":
            return Iterate(output, loss=loss, estimate=self.fail)
        if self.way == "double":
            return Iterate(output.double() / 3, loss=torch.tensor(loss))
        if self.way == "losses":
            return Iterate(output, loss=float("nan") if number % 2 else loss)
        if self.way == "bare":
            return output
        return Iterate(output, loss=loss)

    def counted(self, output):
        """Return an image that says how often it was asked."""
        self.asked += 1
        return torch.full_like(output, self.asked / 1000)

    def blurred(self, output):
        """Return an image with random numbers of its own."""
        return output + 0.01 * torch.rand(output.shape, generator=self.random)

    def fail(self):
        """Fail."""
        raise ValueError("no estimate")


@hookimpl
def priorbench_denoisers():
    """Yield the method."""
    yield DenoiserSpec(name="odd", factory="odd_iterations:Odd", iterative=True, together=False)
