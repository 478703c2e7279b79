"""Stopping rules that break the contract in one way each."""

from __future__ import annotations

from priorbench.contract.stopping import Verdict


class Good:
    """Half the budget."""

    def begin(self, trajectory):
        self.last = trajectory.iterations // 2

    def wants(self, iteration):
        return iteration >= self.last

    def observe(self, look):
        done = look.iteration >= self.last
        return Verdict(keep=done, stop=done, fired=done)


class Chooses(Good):
    """Asks for what it is not given."""

    def begin(self, trajectory):
        self.last = trajectory.clean.shape[0]


class Ends(Good):
    """Waits for ever."""

    def observe(self, look):
        return Verdict(keep=look.iteration == self.last)


class Fired(Good):
    """Does not say that it stops for its criterion."""

    def observe(self, look):
        done = look.iteration >= self.last
        return Verdict(keep=done, stop=done)


class HandsOff(Good):
    """Clips what it sees."""

    def observe(self, look):
        look.output.clamp_(0.3, 0.5)
        return super().observe(look)


class Repeatable(Good):
    """Counts over all fits."""

    fits = 0

    def begin(self, trajectory):
        Repeatable.fits += 1
        self.last = Repeatable.fits
