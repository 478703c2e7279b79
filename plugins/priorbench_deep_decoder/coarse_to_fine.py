"""The deep decoder, fitted with small layers first: its last upsamplings are put off to its output.

Upsampling commutes with the mixing of channels exactly, and with activation and normalisation nearly, where
its input is smooth. So a decoder whose last upsamplings are done with the picture, and not with the channels,
has the same parameters and input, costs a fraction, and is nearly the same function, smoothed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import nn

from priorbench import Iterate, Observation
from priorbench.toolkit.bfloat16 import Precision
from priorbench.toolkit.checks import Count, NonNegative, at_least, within
from priorbench.toolkit.engines import Engine
from priorbench.toolkit.fitting import fit_in_phases
from priorbench.toolkit.initialisation import ScaleInit
from priorbench.toolkit.phases import Phase
from priorbench.toolkit.together import take_turns
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_deep_decoder.network import Architecture, DecoderNetwork, Normalise, Order


@dataclass(frozen=True, kw_only=True, slots=True)
class Smaller(Architecture):
    """A decoder without its last `put_off` upsamplings, and with all of its layers."""

    put_off: int = 1

    @property
    def upsamples(self) -> tuple[bool, ...]:
        """Which hidden layers upsample: those of the whole decoder, the last `put_off` of them left out."""
        whole = Architecture.upsamples.__get__(self)
        places = [n for n, upsample in enumerate(whole) if upsample]
        left = places[: len(places) - self.put_off]
        return tuple(n in left for n in range(len(whole)))


class PutOff(nn.Module):
    """A decoder that upsamples its picture instead of its last layers.

    Parameters
    ----------
    decoder : nn.Module
        of a `Smaller` architecture.
    times : int
        how often the picture is upsampled by two.
    """

    def __init__(self, decoder: nn.Module, times: int) -> None:
        super().__init__()
        self.decoder, self.times = decoder, times

    def forward(self, B: torch.Tensor) -> torch.Tensor:
        """Map the input to a picture as large as that of the whole decoder."""
        image: torch.Tensor = self.decoder(B)
        for _ in range(self.times):
            image = doubled(doubled(image, -1), -2)
        return image


def doubled(image: torch.Tensor, axis: int) -> torch.Tensor:
    """Return an image upsampled by two along one axis (-1 or -2), bilinear as the decoder's own upsampling.

    Its steps work on one number at a time: torch's interpolation has other bits for other numbers of threads.
    """
    length = image.shape[axis]
    edges = image.narrow(axis, 0, 1), image.narrow(axis, length - 1, 1)
    before = torch.cat([edges[0], image.narrow(axis, 0, length - 1)], axis)
    after = torch.cat([image.narrow(axis, 1, length - 1), edges[1]], axis)
    near = image * 0.75
    return torch.stack([before * 0.25 + near, after * 0.25 + near], axis).flatten(axis - 1, axis)


def put_off(whole: DecoderNetwork, fitted: nn.Module, times: int) -> PutOff:
    """Return the decoder with `times` upsamplings put off; its parameters are those of `fitted`.

    Parameters
    ----------
    whole : DecoderNetwork
        the decoder.
    fitted : nn.Module
        itself, or itself as the engine computes it (`FusedDecoder`).
    times : int
        1 or more, at most its layers.
    """
    with torch.device("meta"):  # it draws nothing, and has no memory of its own
        smaller = Smaller(**asdict(whole.architecture), put_off=times)
        network = DecoderNetwork(smaller, outputs=whole.output.out_features, precision=whole.precision)
    if fitted is whole:
        network.load_state_dict(whole.state_dict(keep_vars=True), assign=True)
        return PutOff(network, times)
    from priorbench_deep_decoder.engine.function import FusedDecoder

    fused = FusedDecoder(network)
    assert isinstance(fitted, FusedDecoder)
    fused.theta = fitted.theta
    return PutOff(fused, times)


class CoarseToFine:
    """Deep decoder, fitted coarse to fine: most iterations with small layers, the last ones with all of them.

    A variant of priorbench's own, for fewer operations: nobody has published it. In the first iterations the
    last upsamplings are done with the decoder's picture; then the same weights, input and optimiser go on
    with the whole decoder, and the learning rate falls. Every iterate is a picture of full size, and every
    loss is that of the whole observation.

    Parameters
    ----------
    channels : int, default 512
        k, in every layer.
    layers : int, default 5
        number of upsamplings L; there are L + 1 hidden 1x1 convolutions and an output one.
    order : {'convolve-first', 'upsample-first'}, default 'convolve-first'
        the layer without upsampling stands last (convolve-first) or first (upsample-first).
    normalise : {'after-activation', 'before-activation'}, default 'before-activation'
        channel normalisation after or before the ReLU.
    scale_init : {'uniform', 'one'}, default 'uniform'
        scale of the normalisation at the start: U(0, 1), or 1.
    input_scale : float, default 0.1
        the fixed input is U(0, input_scale).
    learning_rate : float, default 0.01
        step size of Adam, on the mean squared error.
    put_off : int, default 2
        upsamplings that are put off at first: 1 = layers of half the height and width, 2 = of a quarter. Then
        one less is, and so on; each number has an equal part of the coarse iterations.
    whole : int or None, default None
        iterations with the whole decoder, the last ones of the budget; in them the learning rate falls.
        None = a sixth of the budget: 160 of 960. As many as the budget has: none is coarse.
    last_rate : float, default 0.1
        factor of the learning rate at the end, to which it falls along half a cosine; 1 = it does not fall.
    iterations : int, default 960
        the budget, of all sizes together. Iterations beyond it keep the last rate.
    engine : {'auto', 'plain', 'fused'}, default 'auto'
        how the same function is computed, see ``deep-decoder``.
    tf32 : bool, default False
        CUDA may compute products with less precision.
    precision : {'float32', 'bfloat16'}, default 'float32'
        of the factors of products, see ``deep-decoder``.
    """

    def __init__(
        self,
        *,
        channels: Count = 512,
        layers: Count = 5,
        order: Order = "convolve-first",
        normalise: Normalise = "before-activation",
        scale_init: ScaleInit = "uniform",
        input_scale: NonNegative = 0.1,
        learning_rate: NonNegative = 0.01,
        put_off: Count = 2,
        whole: Count | None = None,
        last_rate: NonNegative = 0.1,
        iterations: Count = 960,
        engine: Engine = "auto",
        tf32: bool = False,
        precision: Precision = "float32",
    ) -> None:
        within(0, math.inf, last_rate=last_rate)
        whole = max(iterations // 6, 1) if whole is None else whole
        at_least(1, whole=whole)
        if whole > iterations:
            raise ValueError(f"whole must be at most iterations, {iterations}, not {whole}")
        if not 1 <= put_off <= layers:
            raise ValueError(f"put_off must be from 1 to the number of layers, {layers}, not {put_off}")
        decoder = DeepDecoder(
            channels=channels,
            layers=layers,
            order=order,
            normalise=normalise,
            scale_init=scale_init,
            input_scale=input_scale,
            learning_rate=learning_rate,
            iterations=iterations,
            engine=engine,
            tf32=tf32,
            precision=precision,
        )
        self.architecture, self.untrained = decoder.architecture, decoder.untrained
        self.iterations = iterations
        self._put_off, self._last_rate = put_off, last_rate
        self._coarse = max(iterations - whole, 0)

    def schedule(self) -> list[tuple[int, int | None]]:
        """Return pairs: upsamplings put off, and iterations; the last is the whole decoder, without end."""
        levels = range(self._put_off, 0, -1)
        ends = [self._coarse * (n + 1) // self._put_off for n in range(self._put_off)]
        steps = [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
        return [*((times, count) for times, count in zip(levels, steps, strict=True) if count), (0, None)]

    def rate(self, iteration: int) -> float:
        """Return the factor of the learning rate in an iteration, from 0."""
        falls = max(self.iterations - self._coarse - 1, 1)
        fallen = min(max((iteration - self._coarse) / falls, 0.0), 1.0)
        return self._last_rate + (1 - self._last_rate) * (1 + math.cos(math.pi * fallen)) / 2

    def iterate(self, observation: Observation) -> Iterator[Iterate]:
        """Fit a fresh network to the observation."""
        whole, start = self.untrained.begin_openly(observation)
        phases, begin = [], 0
        for times, steps in self.schedule():
            phases.append(
                Phase(
                    generate=put_off(whole, start.network, times) if times else start.network,
                    steps=steps,
                    rate=self._rate_from(begin) if self._last_rate != 1 else None,
                )
            )
            begin += steps or 0
        yield from fit_in_phases(
            phases, start.net_input, observation, frame=start.frame, settings=self.untrained.settings
        )

    def iterate_together(self, observations: Sequence[Observation]) -> Iterator[Sequence[Iterate]]:
        """Fit a fresh network to each observation: on a CPU side by side, elsewhere in turns."""
        fits = [self.iterate(observation) for observation in observations]
        if observations[0].device.type == "cpu":
            return take_turns(fits)
        return zip(*fits, strict=True)

    def _rate_from(self, begin: int) -> Callable[[int], float]:
        return lambda number: self.rate(begin + number)
