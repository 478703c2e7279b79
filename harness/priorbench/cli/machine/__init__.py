"""``priorbench doctor`` and ``prepare``: what this machine is, and making it ready."""

from priorbench.cli.machine.doctor import doctor
from priorbench.cli.machine.prepare import prepare

__all__ = ["doctor", "prepare"]
