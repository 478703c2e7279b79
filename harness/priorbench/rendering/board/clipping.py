"""What is said where noisy images are not clipped, and outputs are: a part of each gain is that alone."""

from __future__ import annotations

from collections.abc import Mapping

from priorbench.words import number

#: beside a PSNR of noisy images
NOT_CLIPPED = "not clipped"
#: below what shows such a PSNR, or gains over it
_NOTE = (
    "noisy pictures are not clipped, outputs are clipped before they are scored: doing nothing{name} gains,"
    " too{gain}"
)
#: label of the method that returns what it got, where a board has it
_NOTHING = "identity"


def clipping_note(gains: Mapping[str, float | None] | None = None) -> str:
    """Return the line that tells of it.

    Parameters
    ----------
    gains : Mapping[str, float or None] or None, optional
        of methods by label, in dB, to tell the gain of doing nothing.
    """
    gain = (gains or {}).get(_NOTHING)
    if gain is None:
        return _NOTE.format(name="", gain="")
    return _NOTE.format(name=f" ({_NOTHING})", gain=f": {number(gain, 2, sign=True)} dB")
