"""A key holds the code of everything that determines a record."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from priorbench.contract.choice import Choice
from priorbench.contract.records import PROTOCOL
from priorbench.contract.trial import Trial
from priorbench.loading.digests import code_digest
from priorbench.loading.load import load_registry
from priorbench.machine.settings import KEEP_VARIABLE
from priorbench.protocol.seeding import salt_hash
from priorbench.run.keys import Provenance, record_key, worker_variables
from priorbench.store.columns.keys import DIGEST, key_array

PLUGIN = """
from priorbench import DenoiserSpec, MetricSpec, NoiseSpec, OperatorSpec, StoppingRuleSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="a-method", factory="a_method:Method", iterative=True)

@hookimpl
def priorbench_stopping_rules():
    yield StoppingRuleSpec(name="a-rule", factory="a_rule:Rule")

@hookimpl
def priorbench_metrics():
    yield MetricSpec(name="a-metric", factory="a_metric:metric")

@hookimpl
def priorbench_noise_models():
    yield NoiseSpec(name="a-noise", factory="a_noise:Noise")

@hookimpl
def priorbench_operators():
    yield OperatorSpec(name="an-operator", factory="an_operator:Model")
"""
PARTS = ("a_method", "a_rule", "a_metric", "a_noise", "an_operator")


def chosen(name: str) -> Choice:
    return Choice(name=name, label=name)


TRIAL = Trial(
    image_set=chosen("photos"),
    image="a",
    image_sha256="0" * 64,
    height=8,
    width=8,
    channels=3,
    noise=chosen("a-noise"),
    operator=chosen("an-operator"),
    denoiser=chosen("a-method"),
    stopping=(chosen("a-rule"),),
    repetition=0,
    metrics=("a-metric",),
    device="cpu",
    threads=1,
)


def key(trial: Trial = TRIAL) -> str:
    """Return the key as a run that starts now would have it."""
    code_digest.cache_clear()
    (rule,) = trial.stopping
    return record_key(trial, rule, Provenance(load_registry()).of(trial, rule))


@pytest.fixture
def site(fake_site) -> Path:
    """A plugin whose method, rule, metric, noise and operator are modules of their own."""
    fake_site.add("a-plugin", {"a_plugin.py": PLUGIN, **{f"{part}.py": "x = 1\n" for part in PARTS}})
    return fake_site.folder


@pytest.mark.parametrize("part", PARTS)
def test_an_edit_of_any_part_gives_a_new_key(site: Path, part: str) -> None:
    before = key()
    assert key() == before
    (site / f"{part}.py").write_text("x = 2\n")
    assert key() != before


def test_the_salt_is_in_the_key_by_its_hash(site: Path) -> None:
    from dataclasses import replace

    salted = [replace(TRIAL, salt=secret) for secret in ("ab" * 16, "cd" * 16)]
    assert len({key(), *map(key, salted)}) == 3
    assert "abab" not in repr(salted[0])


def test_a_part_that_does_not_take_part_does_not_count(site: Path) -> None:
    from dataclasses import replace

    without = replace(TRIAL, metrics=())
    before = key(without)
    (site / "a_metric.py").write_text("x = 2\n")
    assert key(without) == before
    assert key(without) != key(TRIAL)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"stopping": (), "repetition": 12, "salt": "00" * 16},
        {"product": "avx512_bf16"},
        {"image": 'käse "1"/\udcff.png', "noisy_sha256": "1" * 64, "device": "cuda:1", "metrics": ()},
        {"denoiser": Choice(name="m", label="m", parameters={"b": 0.1, "a": ["x", None], "image": 1})},
    ],
)
def test_a_key_is_the_hash_of_one_json_text(changes: dict[str, Any]) -> None:
    """The parts that trials share are hashed once; the keys of every store before stay what they were."""
    trial = replace(TRIAL, **changes)
    rule = trial.stopping[0] if trial.stopping else None
    provenance = {"software": {"torch": "2"}, "code": [["a:b", "0" * 16]], "core": "1"}
    material = {
        "protocol": PROTOCOL,
        "denoiser": [trial.denoiser.name, trial.denoiser.parameters],
        "image_set": trial.image_set.name,
        "image": [trial.image, trial.image_sha256, *([trial.noisy_sha256] if trial.noisy_sha256 else [])],
        "operator": [trial.operator.name, trial.operator.parameters],
        "noise": [trial.noise.name, trial.noise.parameters],
        "repetition": trial.repetition,
        "salt": salt_hash(trial.salt),
        "stopping": None if rule is None else [rule.name, rule.parameters],
        "metrics": sorted(trial.metrics),
        "device": trial.device.partition(":")[0],
        "threads": trial.threads,
        "provenance": provenance,
        **({"product": trial.product} if trial.product else {}),
    }
    text = json.dumps(material, sort_keys=True, separators=(",", ":"), allow_nan=False, default=list)
    expected = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
    assert record_key(trial, rule, provenance) == expected
    assert key_array([expected]).dtype == DIGEST, "rankings of large stores hang on that"


def test_the_product_of_bfloat16_numbers_is_in_the_key(site):
    """Processors add in other orders; what does not use such numbers has no product."""
    plain = key()
    assert len({plain, *(key(replace(TRIAL, product=name)) for name in ("avx512_bf16", "cuda"))}) == 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('factory="a_rule:Rule"', 'factory="a_rule:Rule", oracle=True'),
        ('factory="a_noise:Noise"', 'factory="a_noise:Noise", level=("sigma",)'),
        ('factory="an_operator:Model"', 'factory="an_operator:Model", family="masks"'),
        ("iterative=True", "iterative=True, channels=(3,)"),
    ],
)
def test_what_a_spec_says_is_in_the_key_though_its_code_is_elsewhere(site: Path, before, after) -> None:
    """The seed of the noise hangs on family and level; what a rule sees, on oracle."""
    earlier = key()
    _register_anew(site, before, after)
    assert key() != earlier


def test_words_about_a_thing_are_not_in_the_key(site: Path) -> None:
    earlier = key()
    _register_anew(site, 'factory="a_rule:Rule"', 'factory="a_rule:Rule", summary="better words"')
    assert key() == earlier


def _register_anew(site: Path, before: str, after: str) -> None:
    assert before in PLUGIN
    (site / "a_plugin.py").write_text(PLUGIN.replace(before, after))
    sys.modules.pop("a_plugin", None)


def test_what_workers_are_given_of_the_environment_is_in_the_key(site: Path, monkeypatch) -> None:
    monkeypatch.delenv(KEEP_VARIABLE, raising=False)
    monkeypatch.delenv("MY_SPEED", raising=False)
    found = [key()]
    monkeypatch.setenv(KEEP_VARIABLE, "MY_SPEED, OTHER")
    found.append(key())  # it is not set
    for value in ("1", "2"):
        monkeypatch.setenv("MY_SPEED", value)
        found.append(key())
    assert found[0] == found[1]
    assert len(set(found)) == 3
    needs = Provenance(load_registry()).versions((("denoiser", "a-method"),))
    assert needs[KEEP_VARIABLE] == worker_variables() != "2"


@pytest.mark.parametrize("home", [False, True])
def test_a_file_that_a_parameter_names_is_in_the_key(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: bool
) -> None:
    """A method with weights in a file gives other results with others."""
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "weights.bin"
    named = "~/weights.bin" if home else str(file)

    def now() -> str:
        chosen = Choice(name="a-method", label="a", parameters={"weights": [named], "name": "~x/", "n": 1})
        return key(replace(TRIAL, denoiser=chosen))

    missing = now()
    file.write_bytes(b"1")
    one = now()
    file.write_bytes(b"2")
    assert len({missing, one, now()}) == 3
    file.write_bytes(b"1")
    assert now() == one
