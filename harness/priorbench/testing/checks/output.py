"""What a denoiser returns: its first run, and pictures of other sizes, channels and values."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from priorbench.protocol.exchange import OFF_SCALE
from priorbench.testing.results import Check, Finding, Skip, finding
from priorbench.testing.subject import DenoiserSubject, output_fault, shape_fault, value_fault

#: its channel covariance is singular
_EQUAL_NOISE = "gaussian:channels=equal"


def process(subject: DenoiserSubject) -> None:
    """Make the first run; where the process dies or hangs in it, the parent tells."""
    subject.traces  # noqa: B018


def runs(subject: DenoiserSubject) -> Finding | None:
    """A run must end without an exception."""
    error = subject.traces.run.error
    if not error:
        return None
    if subject.traces.run.remedy:
        mend = subject.traces.run.remedy
    else:
        mend = "try it: priorbench.evaluate(YourClass(), image_set='photos:crop=64', limit=1)"
    made = subject.make()
    has = [name for name in ("denoise", "iterate") if hasattr(made, name)]
    return Finding(
        expected="an object with 'denoise' or 'iterate' that takes an observation and raises nothing",
        seen=f"{error}; it has {' and '.join(has) or 'neither'}",
        mend=mend,
    )


def type_(subject: DenoiserSubject) -> Finding | None:
    """The harness does not guess at other libraries' images."""
    output = subject.traces.run.output
    mend = "end with torch.from_numpy(array).to(observation.image)"
    if isinstance(output, tuple) and subject.iterative:
        mend = "yield Iterate(output, loss=...): from priorbench import Iterate"
    elif isinstance(output, Generator):
        mend = "what yields is called 'iterate'; 'denoise' returns one image"
    elif output is None:
        mend = "end with a return, or yield, of the image"
    return finding(output_fault(output), expected="a torch.Tensor of floating-point numbers", mend=mend)


def shape(subject: DenoiserSubject) -> Finding | None:
    """An image comes back as it went in."""
    fault = shape_fault(subject.first, subject.problems.usual())
    return finding(
        fault,
        expected="an output shaped like observation.image, (channels, height, width)",
        mend="undo padding, batch axes and transpositions before returning",
    )


def finite(subject: DenoiserSubject) -> Finding | None:
    """A table has no place for NaN."""
    fault = value_fault(subject.first)
    return finding(fault, expected="finite values", mend="look for divisions by zero and diverging steps")


def scale(subject: DenoiserSubject) -> Finding | None:
    """Everything is on the 0..1 scale."""
    largest = float(subject.first.abs().max())
    if largest <= OFF_SCALE:
        return None
    return Finding(
        expected="values on the scale of the input, about 0 to 1 (the harness clips)",
        seen=f"values up to {largest:.4g}",
        mend="divide by 255 again, or undo whatever normalisation was done",
    )


def time(subject: DenoiserSubject) -> Finding | None:
    """Suites run it on large pictures, many times."""
    side, limit = subject.problems.side, subject.setting.options.time_limit
    seconds = subject.second.seconds
    if seconds <= limit:
        return None
    count = subject.setting.options.iterations
    work = f"{count} iterations" if subject.iterative else "a run"
    return Finding(
        expected=f"{work} at {side} x {side} in at most {limit:g} s",
        seen=f"{seconds:.3g} s",
        mend="do in __init__ what need not be done for each image; --time-limit allows more",
    )


def channels(count: int, subject: DenoiserSubject) -> Finding | Skip | None:
    """What a method says it takes it must take."""
    if count not in subject.spec.channels:
        return Skip(f"it does not take {count} channel{'s' * (count > 1)}")
    problems = subject.problems
    size = (count, problems.side, problems.side)
    observations = {f"{count} x {size[1]} x {size[2]}": lambda: problems.usual(shape=size)}
    equal = problems.problem(shape=size, noise=_EQUAL_NOISE)
    if count > 1 and problems.refusal(equal) is None:
        observations["noise that is equal in the channels"] = equal.problem.present
    fault = subject.failures(observations)
    return finding(
        fault,
        expected=f"{count}-channel pictures are denoised (channels={subject.spec.channels})",
        mend="handle it, or leave it out of 'channels' in the spec",
    )


def odd_sizes(subject: DenoiserSubject) -> Finding | None:
    """Photographs have any size."""
    problems, least = subject.problems, subject.spec.min_size
    sizes = [
        (problems.channels, max(height, least), max(width, least)) for height, width in ((37, 29), (21, 48))
    ]
    fault = subject.failures(
        {f"{size[1]} x {size[2]}": partial(problems.usual, shape=size) for size in sizes}
    )
    return finding(
        fault,
        expected="any height and width works",
        mend="pad to a multiple and crop again (networks: priorbench.toolkit.sizes.Frame)",
    )


def tiny_sizes(subject: DenoiserSubject) -> Finding | None:
    """`min_size` is a promise."""
    problems, least = subject.problems, subject.spec.min_size
    sizes = [(problems.channels, least, least), (problems.channels, least, least + 40)]
    fault = subject.failures(
        {f"{size[1]} x {size[2]}": partial(problems.usual, shape=size) for size in sizes}
    )
    return finding(
        fault,
        expected=f"a picture of {least} pixels each way, or one way, works (min_size={least})",
        mend="handle it, or raise 'min_size' in the spec",
    )


def flat_images(subject: DenoiserSubject) -> Finding | None:
    """Real sets have black and saturated pictures."""
    values = {"all 0": 0.0, "all 0.5": 0.5, "all 1": 1.0}
    fault = subject.failures({what: partial(subject.problems.flat, value) for what, value in values.items()})
    return finding(
        fault,
        expected="a picture of one value gives finite values",
        mend="guard divisions by a variance or a range that may be 0",
    )


def out_of_range(subject: DenoiserSubject) -> Finding | None:
    """Unclipped noise leaves [0, 1]: that is the headline setting."""

    def stretched() -> object:
        observation = subject.problems.usual()
        observation.image.mul_(3).sub_(1)
        return observation

    fault = subject.failures({"values from -1 to 2": stretched})  # type: ignore[dict-item]
    return finding(
        fault,
        expected="noisy values below 0 and above 1 are taken",
        mend="do not take roots or logarithms of noisy values, or index tables with them, without clamping",
    )


FIRST = (
    Check(
        name="process", what="a run neither hangs nor takes the process down", run=process, needs=("loads",)
    ),
    Check(name="runs", what="a run raises nothing", run=runs, needs=("process",)),
    Check(name="type", what="it returns a tensor of floating-point numbers", run=type_, needs=("runs",)),
    Check(name="shape", what="the output is shaped like the input", run=shape, needs=("type",)),
    Check(name="finite", what="the output has no NaN and no infinity", run=finite, needs=("shape",)),
    Check(name="time", what="a small picture takes a sane time", run=time, needs=("finite",)),
)
OTHERS = (
    Check(name="scale", what="the output is on the 0..1 scale", run=scale, needs=("time",)),
    Check(name="grey", what="grey pictures work where claimed", run=partial(channels, 1), needs=("time",)),
    Check(
        name="colour", what="colour pictures work where claimed", run=partial(channels, 3), needs=("time",)
    ),
    Check(name="odd-sizes", what="odd heights and widths work", run=odd_sizes, needs=("time",)),
    Check(name="tiny-sizes", what="pictures as small as min_size work", run=tiny_sizes, needs=("time",)),
    Check(name="flat-images", what="black, grey and white pictures work", run=flat_images, needs=("time",)),
    Check(name="out-of-range", what="noisy values outside of [0, 1] work", run=out_of_range, needs=("time",)),
)
