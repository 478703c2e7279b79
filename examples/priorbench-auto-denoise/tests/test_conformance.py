"""Checks that the plugin keeps the contract."""

from priorbench.testing import conformance

test_auto_denoise = conformance("auto-denoise-dip:features=8")
