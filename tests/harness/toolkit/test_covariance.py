"""The covariance of noise that nothing is known of."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from priorbench.contract.observation import Observation
from priorbench.contract.operators import Identity
from priorbench.toolkit.covariance import channel_covariance


@pytest.mark.parametrize("shape", [(1, 40, 1), (1, 40, 4), (3, 3, 3), (1, 1, 40), (1, 1, 1)])
def test_narrow_pictures_are_estimated_without_a_word(shape):
    """Before: a warning of scikit-image on "the last axis", once for each plane."""
    drawn = np.random.default_rng(0).normal(0.5, 0.1, shape).astype(np.float32)
    observation = Observation(
        image=torch.from_numpy(drawn),
        noise=None,
        device=torch.device("cpu"),
        seed=0,
        operator=Identity(),
        mask=None,
        image_shape=shape,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        covariance = channel_covariance(observation)
    assert covariance.shape == (shape[0], shape[0])
    assert np.isfinite(covariance).all()
