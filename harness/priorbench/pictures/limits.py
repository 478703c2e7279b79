"""How much time and memory the decoding of a picture may take: an amount for any, and more for each pixel.

The dearest picture takes 70 bytes for each pixel (64-bit floating point in separate planes) and a third of a
microsecond (a BMP of short runs). The limits are far above: they stop a hostile file, and no photograph.
"""

from __future__ import annotations

import resource
import signal

from priorbench.machine.confinement import signal_at_death_of_parent

_SECONDS, _SECONDS_A_PIXEL = 5.0, 2e-6
_BYTES, _BYTES_A_PIXEL = 256 * 2**20, 128

#: Where samples begin in the shared memory; before them is the number of announced pixels, in 8 bytes.
FIRST_SAMPLE = 64


def seconds_allowed(pixels: int) -> float:
    """Return the seconds of processor time for a picture that announces so many pixels; 0 = no header yet."""
    return _SECONDS + _SECONDS_A_PIXEL * pixels


def bytes_allowed(pixels: int) -> int:
    """Return the bytes that decoding may add to an empty decoder, for so many announced pixels."""
    return _BYTES + _BYTES_A_PIXEL * pixels


def patience(pixels: int) -> float:
    """Return the seconds that the reading process waits: for a busy machine, or a disk that must wake up."""
    return 60 + 10 * seconds_allowed(pixels)


def allow(pixels: int, used: int) -> None:
    """Limit this process from now on.

    What asks for more memory gets a MemoryError, where the system tells the size of the address space
    (Linux). When the processor time is over, the system ends the process with SIGPROF.

    Parameters
    ----------
    pixels : int
        what the file announces; 0 = its header has not been read.
    used : int
        bytes of address space that this process has without the picture; 0 = not known.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds_allowed(pixels))
    if used:
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        wanted = used + bytes_allowed(pixels)
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def rest() -> None:
    """Stop the clock of `allow`: no picture is decoded."""
    signal.setitimer(signal.ITIMER_PROF, 0)


def settle(parent: int) -> None:
    """Make this process ready to be limited and ended: no core files, no Ctrl-C, not longer than `parent`."""
    for number in (signal.SIGPROF, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGPROF, signal.SIGTERM))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal_at_death_of_parent(parent, signal.SIGTERM)
