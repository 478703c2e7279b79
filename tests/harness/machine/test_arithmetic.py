"""Which processors have bfloat16, and what is said where one has not."""

from __future__ import annotations

import pytest

from priorbench.machine import arithmetic
from priorbench.machine.description import describe

HAS, ASKS = frozenset({"avx512f", "avx512_bf16"}), {"precision": "bfloat16", "channels": 3}


@pytest.fixture
def processor(monkeypatch):
    def have(*flags: str) -> None:
        monkeypatch.setattr(arithmetic, "processor_flags", lambda: frozenset(flags))

    return have


def test_the_flags_are_those_that_the_system_tells(tmp_path, monkeypatch):
    told = "processor\t: 0\nflags\t\t: fpu avx512_bf16\n\nprocessor\t: 1\nflags\t\t: fpu\n"
    (tmp_path / "cpuinfo").write_text(told)
    read = arithmetic.processor_flags.__wrapped__
    monkeypatch.setattr(arithmetic, "_CPUINFO", tmp_path / "cpuinfo")
    assert read() == {"fpu", "avx512_bf16"}
    monkeypatch.setattr(arithmetic, "_CPUINFO", tmp_path / "missing")
    assert read() == frozenset()


@pytest.mark.parametrize(
    ("flags", "device", "product"),
    [
        (("avx2", "avx512_bf16"), "cpu", "avx512_bf16"),
        (("avx2", "avx512f"), "cpu", "none"),
        ((), "cuda:1", "cuda"),
        (("avx512_bf16",), "mps", "none"),
    ],
)
def test_a_product_has_a_name(processor, flags, device, product):
    processor(*flags)
    assert arithmetic.bfloat16_product(device) == product
    assert arithmetic.product_named("precision", ASKS, device) == product
    assert arithmetic.product_named("precision", {"precision": "float32"}, device) == ""
    assert arithmetic.product_named("", ASKS, device) == ""


def test_a_processor_without_is_told_what_where_why_and_what_to_do(processor):
    processor("avx2", "fma", "avx512f")
    assert arithmetic.arithmetic_refusal("precision", ASKS, "cpu") == (
        "asks for products in bfloat16 (precision=bfloat16), which are done by the hardware or not at all: "
        "this processor has no AVX512-BF16 instructions; take precision=float32, or a machine that has them "
        "(see 'priorbench doctor')"
    )
    assert arithmetic.arithmetic_refusal("precision", {"precision": "float32"}, "cpu") is None
    processor("avx512_bf16")
    assert arithmetic.arithmetic_refusal("precision", ASKS, "cpu") is None


def test_an_accelerator_without_is_refused(processor, monkeypatch):
    processor("avx512_bf16")
    for known in (True, False):
        monkeypatch.setattr(arithmetic, "device_has_bfloat16", lambda device, known=known: known)
        reason = arithmetic.arithmetic_refusal("precision", ASKS, "cuda:0")
        assert (reason is None) == known
    assert reason is not None
    assert "cuda:0 has none" in reason
    assert "mps has none" in str(arithmetic.arithmetic_refusal("precision", ASKS, "mps"))


def test_a_method_that_has_none_on_a_device_is_refused_there_with_its_reason(processor, monkeypatch):
    processor("avx512_bf16")
    monkeypatch.setattr(arithmetic, "device_has_bfloat16", lambda device: True)
    refused = {"cpu": "on CPUs they are hardly faster for this method"}
    assert arithmetic.product_named("precision", ASKS, "cpu", refused) == "none"
    assert arithmetic.arithmetic_refusal("precision", ASKS, "cpu", refused) == (
        "asks for products in bfloat16 (precision=bfloat16): on CPUs they are hardly faster for this method; "
        "take precision=float32"
    )
    assert arithmetic.product_named("precision", ASKS, "cuda:1", refused) == "cuda"
    assert arithmetic.arithmetic_refusal("precision", ASKS, "cuda:1", refused) is None
    assert arithmetic.arithmetic_refusal("precision", {"precision": "float32"}, "cpu", refused) is None


def test_the_description_of_the_machine_has_it(processor):
    processor("avx512_bf16")
    assert describe(1, "cpu")["bfloat16"] == "avx512_bf16"
    processor()
    assert describe(1, "cpu")["bfloat16"] == "none"
