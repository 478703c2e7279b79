"""Failures of the machine are told, are no result of a method, and are tried again by the next run."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import pytest
from small_runs import HERE, ONE_IMAGE, records

PLUGIN = '''
from pathlib import Path

import numpy as np

from priorbench import DenoiserSpec, Image, ImageSetSpec, PriorbenchError, hookimpl


class Fragile:
    """One image, which can be loaded again only while the file 'intact' is there."""

    def __len__(self):
        return 1

    def __iter__(self):
        yield self._image(0.5)

    def load(self, image_id):
        told = Path("state").read_text()
        if told == "gone":
            raise OSError("the disk is gone")
        if told == "refuses":
            raise PriorbenchError("the folder is not there")
        return self._image(0.5 if told == "intact" else 0.25)

    def _image(self, level):
        return Image(id="one", pixels=np.full((3, 16, 16), level, dtype=np.float32))


class Complains:
    def denoise(self, observation):
        raise PriorbenchError("I do not feel like it")


@hookimpl
def priorbench_image_sets():
    yield ImageSetSpec(name="fragile", factory=f"{__name__}:Fragile")


@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="complains", factory=f"{__name__}:Complains", iterative=False)
'''


@pytest.fixture
def with_plugin(command, tmp_path):
    """Give the command line with the plugin; the state of its images is in the file 'state'."""
    name = f"fragile_{tmp_path.name}.py"  # a module's name is taken for good in this process
    (tmp_path / name).write_text(PLUGIN)
    return partial(command, PRIORBENCH_PLUGIN_FILES=str(tmp_path / name))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("gone", "image 'one' cannot be loaded: OSError: the disk is gone"),
        ("refuses", "image 'one' cannot be loaded: PriorbenchError: the folder is not there"),
        ("changed", "image 'one' changed since the run began; start the run again"),
    ],
)
def test_a_picture_that_cannot_be_loaded_is_no_result_of_the_method(with_plugin, tmp_path, state, words):
    run = ("run", "-", "--images", "fragile", "--noise", "gaussian-25", "--denoiser", "mean", *HERE)
    (tmp_path / "state").write_text(state)
    done = with_plugin(*run)
    assert done.returncode == 1
    assert f"not-run: {words}" in done.stderr
    assert "1 trial run, 1 not run, to be tried again next time" in done.stderr
    assert records(with_plugin) == []
    (tmp_path / "state").write_text("intact")
    assert with_plugin(*run).returncode == 0
    assert [record["status"] for record in records(with_plugin)] == ["ok"]


def test_a_worker_that_does_not_start_is_no_result_of_the_method(command, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("priorbench.executors.process.sys", SimpleNamespace(executable="/bin/false"))
        done = command(*ONE_IMAGE, "--denoiser", "mean")
    assert (done.returncode, "not-run: the worker did not start" in done.stderr) == (1, True), done.stderr
    assert records(command) == []
    with monkeypatch.context() as patch:
        patch.setattr("priorbench.executors.process.sys", SimpleNamespace(executable="/there/is/no/python"))
        done = command(*ONE_IMAGE, "--denoiser", "mean")
    assert (done.returncode, "not-run: no worker could be started" in done.stderr) == (1, True), done.stderr
    assert command(*ONE_IMAGE, "--denoiser", "mean", *HERE).returncode == 0


def test_what_a_method_raises_is_its_error_and_no_refusal(with_plugin):
    done = with_plugin(*ONE_IMAGE, "--denoiser", "complains", *HERE)
    assert done.returncode == 1
    [record] = records(with_plugin)
    assert (record["status"], record["error"]) == ("error", "I do not feel like it")


def test_a_stopping_rule_may_refuse_a_method(command):
    done = command(*ONE_IMAGE, "--denoiser", "approach:iterations=3", "--stopping", "best-loss", *HERE)
    assert done.returncode == 0
    assert [record["status"] for record in records(command)] == ["refused"]
