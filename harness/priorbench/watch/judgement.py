"""When a method has got worse: rules for failures, quality, time and memory; no measuring here."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from priorbench.watch.changes import Change, Outcome
from priorbench.watch.measuring import Key, Measured, Round, Sample
from priorbench.words import few, in_kinds, memory, number, one_line, plural, seconds

#: a fall of the mean PSNR in dB that counts; smaller ones are told as a difference
PSNR_FALL = 0.05
#: ratio of the least times, geometric mean over images, and the ratio that every round has to reach too
TIME, EVERY_ROUND = 1.2, 1.05
#: undisturbed rounds that may decide about time without the others
CALM_ROUNDS = 3
#: ratio of the peak memory, and bytes by which two runs of one program differ anyway
MEMORY, MEMORY_NOISE = 1.1, 4 * 2**20
_LONGEST_REASON = 160


def judge(method: str, measured: Measured) -> Iterator[Change]:
    """Yield what changed of a method; nothing where it is as it was."""
    base, head = measured
    keys = sorted({key for rounds in measured for each in rounds for key in each})
    if not keys:
        yield _change(Outcome.UNMEASURED, method, "", "neither side has a result")
        return
    failures = ({key: _failure(base, key) for key in keys}, {key: _failure(head, key) for key in keys})
    yield from _failures(method, failures)
    good = [key for key in keys if failures[0][key] is None and failures[1][key] is None]
    like = [key for key in good if _noise(base, key) == _noise(head, key)]
    if len(like) < len(good):
        unlike = plural(len(good) - len(like), "image")
        yield _change(Outcome.UNMEASURED, method, "", f"the noisy image differs between the sides ({unlike})")
    if like:
        yield from _quality(method, measured, like)
        yield from _time(method, measured, like)
        yield from _memory(method, measured, like)


def is_slower(change: Change) -> bool:
    """Say whether a change is a regression in time, which chance can feign."""
    return change.what == "time" and change.outcome == Outcome.WORSE


def disturbances(measured: Measured) -> str:
    """Say how many timings were disturbed, and by what; empty if none was."""
    samples = [sample for rounds in measured for each in rounds for sample in each.values()]
    marks = [one_line(sample.tainted) for sample in samples if sample.tainted]
    reasons = in_kinds(reason for mark in marks for reason in mark.split("; "))
    return f"{len(marks)} of {len(samples)} timings: {few(reasons)}" if marks else ""


def as_before(method: str, measured: Measured) -> Change:
    """Return what is told of a method that `judge` finds nothing of: what would have been seen."""
    keys = sorted({key for rounds in measured for each in rounds for key in each})
    text, numbers = [f"same outputs, {plural(len(keys), 'image')}"], dict[str, float | None]()
    if times := _times(measured, keys):
        before, after, each_round = times
        ratio = after / before
        seen = max(TIME / ratio, EVERY_ROUND / min(each_round))
        text.append(f"time {ratio:.2f} times (a slow-down by {seen:.2f} or more would be told)")
        numbers |= {"ratio": ratio, "seen_from": seen}
    if peaks := _peaks(measured, keys):
        text.append(f"memory {memory(peaks[0])} -> {memory(peaks[1])}")
    return _change(Outcome.AS_BEFORE, method, "", ", ".join(text), numbers)


def _failures(method: str, failures: tuple[dict[Key, str | None], dict[Key, str | None]]) -> Iterator[Change]:
    base, head = failures
    of = f" of {plural(len(base), 'image')}"
    broken = [reason for key, reason in head.items() if reason is not None and base[key] is None]
    if broken:
        text = f"fails on {len(broken)}{of}: {few(broken)}"
        yield _change(Outcome.WORSE, method, "broken", text)
    for where, reasons in (
        ("in the base", [reason for key, reason in base.items() if reason and head[key] is None]),
        ("on both sides", [reason for key, reason in base.items() if reason and head[key] is not None]),
    ):
        if reasons:
            text = f"fails {where} on {len(reasons)}{of}: {few(reasons)}"
            yield _change(Outcome.UNMEASURED, method, "", text)


def _failure(rounds: Sequence[Round], key: Key) -> str | None:
    """Say why a trial gave nothing in one of the rounds; None where it always did."""
    for each in rounds:
        sample = each.get(key)
        if sample is None:
            return "it was not run"
        if sample.status != "ok":
            reason = one_line(sample.error or sample.status)
            return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]} ..."
    return None


def _noise(rounds: Sequence[Round], key: Key) -> set[str | None]:
    return {each[key].noisy_sha256 for each in rounds}


def _quality(method: str, measured: Measured, keys: Sequence[Key]) -> Iterator[Change]:
    """Compare the mean PSNR over images: the noise is the same, so the differences are the method's own."""
    before, after = (
        [statistics.fmean(_psnr(each[key]) for each in rounds) for key in keys] for rounds in measured
    )
    outputs = [{each[key].output_sha256 for key in keys for each in rounds} for rounds in measured]
    if outputs[0] == outputs[1]:
        return
    difference = _difference(before, after)
    numbers = {"before": statistics.fmean(before), "after": statistics.fmean(after), "difference": difference}
    scatter = _scatter(measured, keys)
    outcome = Outcome.DIFFERENT
    if abs(difference) > PSNR_FALL and (scatter is None or _beyond_chance(measured, keys)):
        outcome = Outcome.WORSE if difference < 0 else Outcome.BETTER
    fine = abs(difference) < PSNR_FALL
    shown = f"PSNR {number(numbers['before'], 2)} -> {number(numbers['after'], 2)} dB"
    text = f"{shown} ({number(difference, 4 if fine else 2, sign=True)}), {plural(len(keys), 'image')}"
    if scatter is not None:
        text += f"; outputs differ from round to round, by up to {number(scatter, 2)} dB"
    yield _change(outcome, method, "quality", f"outputs differ, {text}" if fine else text, numbers)


def _difference(before: Sequence[float], after: Sequence[float]) -> float:
    """Return the mean difference; infinite on both sides is none, and to lose an exact image is a fall."""
    differences = [0.0 if b == a else a - b for b, a in zip(before, after, strict=True)]
    return -math.inf if -math.inf in differences else statistics.fmean(differences)


def _scatter(measured: Measured, keys: Sequence[Key]) -> float | None:
    """Return by how many dB the mean differs between rounds of one side; None where outputs never do."""
    same = all(len({each[key].output_sha256 for each in rounds}) == 1 for rounds in measured for key in keys)
    if same:
        return None
    means = [_means(rounds, keys) for rounds in measured]
    return max(0.0 if max(own) == min(own) else max(own) - min(own) for own in means)


def _beyond_chance(measured: Measured, keys: Sequence[Key]) -> bool:
    """Say whether each round of one side is better than every round of the other."""
    base, head = (_means(rounds, keys) for rounds in measured)
    return max(head) < min(base) or max(base) < min(head)


def _means(rounds: Sequence[Round], keys: Sequence[Key]) -> list[float]:
    """Return the mean PSNR of each round."""
    return [statistics.fmean(_psnr(each[key]) for key in keys) for each in rounds]


def _psnr(sample: Sample) -> float:
    if sample.psnr is not None:
        return sample.psnr
    return math.inf if sample.mse == 0 else math.nan


def _time(method: str, measured: Measured, keys: Sequence[Key]) -> Iterator[Change]:
    """Compare the least time of each image over rounds, since whatever disturbs a timing makes it longer."""
    times = _times(measured, keys)
    if times is None:
        return
    before, after, each_round = times
    ratio = after / before
    if ratio > TIME and min(each_round) > EVERY_ROUND:
        outcome, word = Outcome.WORSE, "slower"
    elif ratio < 1 / TIME and max(each_round) < 1 / EVERY_ROUND:
        outcome, word = Outcome.BETTER, "faster"
    else:
        return
    spread = f", rounds {min(each_round):.2f} to {max(each_round):.2f}" if len(each_round) > 1 else ""
    text = f"{word}: {seconds(before)} -> {seconds(after)} s/image, {ratio:.2f} times{spread}"
    yield _change(outcome, method, "time", text, {"before": before, "after": after, "ratio": ratio})


def _times(measured: Measured, keys: Sequence[Key]) -> tuple[float, float, list[float]] | None:
    """Return seconds per image before and after, and the ratio of each round; None where they are unknown."""
    if any(not each[key].wall_seconds for rounds in measured for each in rounds for key in keys):
        return None
    before, after = (
        statistics.geometric_mean(min(_seconds(each, key) for each in rounds) for key in keys)
        for rounds in measured
    )
    return before, after, _ratios(measured, keys)


def _ratios(measured: Measured, keys: Sequence[Key]) -> list[float]:
    """Return head over base of each round that decides.

    Disturbed timings have no say where there are enough others: chance can make one round, or two, say
    anything, but not all of five.
    """
    calm = [
        [key for key in keys if not base[key].tainted and not head[key].tainted]
        for base, head in zip(*measured, strict=True)
    ]
    enough = sum(map(bool, calm)) >= CALM_ROUNDS
    return [
        statistics.geometric_mean(_seconds(head, key) / _seconds(base, key) for key in chosen or keys)
        for base, head, chosen in zip(*measured, calm, strict=True)
        if chosen or not enough
    ]


def _seconds(each: Round, key: Key) -> float:
    return each[key].wall_seconds or 0.0


def _memory(method: str, measured: Measured, keys: Sequence[Key]) -> Iterator[Change]:
    """Compare the peaks."""
    peaks = _peaks(measured, keys)
    if peaks is None:
        return
    before, after = peaks
    if _much_more(before, after):
        outcome, word = Outcome.WORSE, "more memory"
    elif _much_more(after, before):
        outcome, word = Outcome.BETTER, "less memory"
    else:
        return
    yield _change(
        outcome,
        method,
        "memory",
        f"{word}: {memory(before)} -> {memory(after)}",
        {"before": before, "after": after, "ratio": after / before if before else None},
    )


def _peaks(measured: Measured, keys: Sequence[Key]) -> tuple[int, int] | None:
    """Return the peaks of the image that takes most; of each image, the least of all rounds."""
    peaks: list[int] = []
    for rounds in measured:
        known = [[each[key].peak_memory_bytes for each in rounds] for key in keys]
        least = [
            min(value for value in values if value is not None) for values in known if None not in values
        ]
        if not least:
            return None
        peaks.append(max(least))
    return peaks[0], peaks[1]


def _much_more(one: int, other: int) -> bool:
    return other > one * MEMORY and other - one > MEMORY_NOISE


def _change(
    outcome: Outcome, method: str, what: str, text: str, numbers: Mapping[str, float | None] | None = None
) -> Change:
    return Change(outcome=outcome, method=method, what=what, text=text, numbers=numbers or {})
