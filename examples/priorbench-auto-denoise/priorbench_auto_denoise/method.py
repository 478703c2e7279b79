"""An adapter: auto-denoise owns its loop and takes numpy arrays, so it is a one-shot method here."""

from collections.abc import Iterator
from contextlib import contextmanager

import autoden
import numpy as np
import torch
from tqdm import tqdm

tqdm.monitor_interval = 0  # its monitor is a thread, which would outlive the run


class AutoDenoiseDIP:
    """Deep Image Prior of auto-denoise; the weights with the best loss on held-out pixels count.

    Parameters
    ----------
    features : int, default 32
        channels of the U-net's first level.
    levels : int, default 3
        of the U-net.
    held_out : float, default 0.2
        part of the pixels that is not fitted, and decides.
    iterations : int, default 1000
        epochs of the fit.
    learning_rate : float, default 0.001
        of Adam.
    """

    def __init__(
        self,
        *,
        features: int = 32,
        levels: int = 3,
        held_out: float = 0.2,
        iterations: int = 1000,
        learning_rate: float = 1e-3,
    ):
        self.features, self.levels = features, levels
        self.held_out, self.iterations, self.learning_rate = held_out, iterations, learning_rate

    def denoise(self, observation):
        """Fit a fresh network and return its output."""
        channels = len(observation.image)
        noisy = observation.image.cpu().numpy()
        if np.ptp(noisy) == 0:
            return observation.image.clone()  # the package divides by the range
        with seeded(observation.seed, observation.device):
            network = autoden.NetworkParamsUNet(
                n_channels_in=channels,
                n_channels_out=channels,
                n_features=self.features,
                n_levels=self.levels,
            )
            fit = autoden.DIP(model=network, device=str(observation.device), verbose=False)
            data = fit.prepare_data(
                noisy if channels > 1 else noisy[0],
                num_tst_ratio=self.held_out,
                channel_axis=0 if channels > 1 else None,
            )
            fit.train(*data, epochs=self.iterations, learning_rate=self.learning_rate)
            output = fit.infer(data[0])
        return torch.from_numpy(output.reshape(noisy.shape)).to(observation.image)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed the global generators, which the package draws from, and put them back."""
    state = np.random.get_state()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            np.random.seed(seed)
            torch.manual_seed(seed)
            yield
        finally:
            np.random.set_state(state)
