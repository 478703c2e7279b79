"""What makes a row of a board doubtful, in words: questions for a reader, not verdicts.

Let e be the error of an output and n the noise that was drawn, y = x + n. For white noise Stein's lemma says
E<e, n> = sigma^2 E div f, which is not negative for a method f that smooths. For the posterior mean
E<e, n> = E|e|^2, so that the correlation of e and n is |e| / |n| = 10^(-gain / 20): where much of the noise
went, the error has little to do with it. A method that leaves more noise than it should has a larger one, up
to 1 for the noisy image itself, whose gain is 0. What lies beyond all of that did not come from y alone. The
thresholds and what shipped methods have are in docs/explanation/trust.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: an error that is nearly a multiple of the noise, beside a gain (dB) that so much noise does not allow
_LIKE, _LIKE_GAIN = 0.92, 5.0
#: excess of the correlation, over that of the posterior mean; shipped methods reach 4.3 on one image
_EXCESS = 6.0
#: an error that runs against the noise; smaller values are chance on small images
_AGAINST = -0.2
#: dB between a method and the next one, and how many must stand below that gap with a gain of their own
_GAP, _OTHERS, _OWN_GAIN = 8.0, 3, 3.0
#: dB; 100 is a root mean square error of 1e-5
NEARLY_EXACT = 100.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspect:
    """What is known of a row.

    Attributes
    ----------
    method : str
        registered name: rows of one method are not "others" of each other.
    oracle : bool
        it sees the clean image, and is not compared with others.
    images, too_exact : int
        images with a result, and noisy ones among them that came out clean.
    gain, noise_correlation : float or None
        means over the images.
    """

    method: str
    oracle: bool
    images: int
    too_exact: int
    gain: float | None
    noise_correlation: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Gap:
    """A gap between methods: the gain of the best below it, and how many are there."""

    gain: float
    below: int


def flags(rows: Sequence[Suspect]) -> list[tuple[str, ...]]:
    """Return for each row of a board what makes it doubtful."""
    gap = _gap(rows)
    return [tuple(filter(None, (_exact(row), _noise(row), _far_above(row, gap)))) for row in rows]


def _exact(row: Suspect) -> str:
    if not row.too_exact:
        return ""
    return f"{row.too_exact} of {row.images} noisy images came out clean, exactly or to {NEARLY_EXACT:.0f} dB"


def _noise(row: Suspect) -> str:
    """Judge the correlation of error and noise beside the gain."""
    correlation, gain = row.noise_correlation, row.gain
    if correlation is None or gain is None:
        return ""
    if correlation <= _AGAINST:
        return f"its error runs against the noise that was drawn: correlation {correlation:.2f}"
    alike = correlation >= _LIKE and gain >= _LIKE_GAIN
    if alike or correlation * 10 ** (gain / 20) >= _EXCESS:
        return (
            f"its error is too much like the noise that was drawn: correlation {correlation:.2f}"
            f" at a gain of {gain:.1f} dB"
        )
    return ""


def _far_above(row: Suspect, gap: _Gap | None) -> str:
    if gap is None or row.oracle or row.gain is None or row.gain - gap.gain < _GAP:
        return ""
    return f"it is {row.gain - gap.gain:.1f} dB above the best of {gap.below} other methods"


def _gap(rows: Sequence[Suspect]) -> _Gap | None:
    """Return the lowest wide gap that no more methods stand above than below.

    Two methods that cheat alike do not hide each other, and a good method is not doubtful because nobody
    else restores anything.
    """
    best: dict[str, float] = {}
    for row in rows:
        if row.gain is not None and not row.oracle:
            best[row.method] = max(row.gain, best.get(row.method, row.gain))
    gains = sorted((gain for gain in best.values() if gain >= _OWN_GAIN), reverse=True)
    for above in range(min(len(gains) - _OTHERS, len(gains) // 2), 0, -1):
        if gains[above - 1] - gains[above] >= _GAP:
            return _Gap(gain=gains[above], below=len(gains) - above)
    return None
