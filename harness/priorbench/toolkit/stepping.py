"""Runs the steps of a fit: as they are written, or on CUDA recorded once as a graph and replayed.

A small network's step is hundreds of kernels that take longer to launch than to run; a replay launches them
at once. It repeats the recorded kernels on the same memory: what changes from step to step has to be in
tensors that are written before, and results are copied before the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import torch

Step = Callable[[], tuple[torch.Tensor, ...]]

#: steps before the recording: libraries choose their algorithms and optimisers make their state in them
WARM_UP_STEPS = 3


class Recorder(Protocol):
    """Records the work of a step without doing it, and does it as often as it is asked to."""

    def aside(self, step: Step) -> tuple[torch.Tensor, ...]:
        """Run a step now, ordered with everything else, where it may be recorded later."""
        ...

    def record(self, step: Step) -> tuple[torch.Tensor, ...]:
        """Record a step; the tensors that it returns hold values after `replay` only."""
        ...

    def replay(self) -> None:
        """Queue what was recorded."""
        ...


class CudaRecorder:
    """CUDA graphs."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._graph = torch.cuda.CUDAGraph()

    def aside(self, step: Step) -> tuple[torch.Tensor, ...]:
        """Run a step on the side stream that the recording will use."""
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            results = step()
        current.wait_stream(self._stream)
        for result in results:
            result.record_stream(current)
        return results

    def record(self, step: Step) -> tuple[torch.Tensor, ...]:
        """Record a step."""
        with torch.cuda.device(self._device), torch.cuda.graph(self._graph, stream=self._stream):
            return step()

    def replay(self) -> None:
        """Queue the graph on the current stream."""
        self._graph.replay()


class RecordedStep:
    """A step that is run a few times, then recorded, then replayed.

    What cannot be recorded (because it waits for the device, say) goes on being run.

    Parameters
    ----------
    step : callable
        its work must be the same in every call, on the same tensors.
    recorder : Recorder
        how it is recorded.
    """

    def __init__(self, step: Step, recorder: Recorder) -> None:
        self._step, self._recorder = step, recorder
        self._calls = 0
        self._results: tuple[torch.Tensor, ...] | None = None
        self.refusal: Exception | None = None

    def __call__(self) -> tuple[torch.Tensor, ...]:
        """Do one step; what is returned is never written to again."""
        self._calls += 1
        if self.refusal is not None:
            return self._step()
        if self._calls <= WARM_UP_STEPS:
            return self._recorder.aside(self._step)
        if self._results is None:
            try:
                self._results = self._recorder.record(self._step)
            except RuntimeError as error:  # the one kind that torch raises for it
                self.refusal = error
                return self._step()
        self._recorder.replay()
        return tuple(result.clone() for result in self._results)


def stepping(step: Step, device: torch.device) -> Step:
    """Return `step`, as the fastest way to repeat it on a device."""
    return RecordedStep(step, CudaRecorder(device)) if device.type == "cuda" else step


@contextmanager
def precision(device: torch.device, *, tf32: bool) -> Iterator[None]:
    """Allow or forbid TF32 for the products and convolutions of a CUDA device; afterwards it is as before."""
    if device.type != "cuda":
        yield
        return
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = tf32
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before
