"""No method gets the clean image or the noise from its process; what stays possible is written down."""

from __future__ import annotations

import numpy as np
import pytest
from attacks.judging import gained, is_exact, is_honest, on_image, seen, told
from attacks.outcomes import check
from attacks.runs import SECRET
from image_attacks import BOOK as IMAGE
from late_attacks import BOOK as LATE
from noise_attacks import BOOK as NOISE
from PIL import Image

OWN = ("nothing", "calibrate")
#: of one draw of the noise two levels, and of one level as many draws as tell more than 3 dB
LEVELS = ("--noise", "gaussian-25", "--noise", "gaussian-50")
DRAWS = ("--repetitions", "4")


@pytest.mark.slow(30)
def test_the_clean_image_is_nowhere_to_be_found(arena, record_property):
    secret = {"PRIORBENCH_STORE": "sqlite:///priorbench.db", "MY_TOKEN": SECRET}
    beside = ["mean", "approach:iterations=3"]
    ran = arena.run_one_by_one(IMAGE, list(IMAGE.tricks), beside, "--timeout", "30", **secret)
    assert ran.status == 0, ran.said
    [reached] = ran.of("calibrate")
    [noisy] = ran.of("nothing")
    assert is_honest(noisy) and noisy["psnr"] < 25
    assert not is_honest(reached)
    tricks = [one for name, one in IMAGE.tricks.items() if name not in OWN]
    check(
        [on_image("image", one, ran.of(one.name), reached["output_sha256"]) for one in tricks],
        record_property,
    )


@pytest.mark.slow(30)
def test_what_a_method_leaves_behind_is_of_no_use_to_it(arena, record_property):
    """Neither shows it a clean image what it left, nor does a result that it kept take it no time."""
    tricks = [one for one in LATE.tricks.values() if not one.goal]
    ran = arena.run([LATE.plugin], LATE.asked([*(one.name for one in tricks), "result-kept"]))
    found = [on_image("late", one, ran.of(one.name), None) for one in tricks]
    check([*found, _of_a_kept_result(ran.of("result-kept"))], record_property)


def _of_a_kept_result(records):
    trick = LATE.tricks["result-kept"]
    assert len(records) == 2
    why = f"{records[0]['wall_seconds']:.3f} s, then {records[1]['wall_seconds']:.3f} s"
    quick = records[1]["status"] == "ok" and records[1]["wall_seconds"] < 0.15 and not records[1]["tainted"]
    return gained("late", trick, why) if quick else seen("late", trick, "held", why)


@pytest.mark.slow(20)
def test_what_a_method_remembers_of_one_image(arena, record_property):
    """Several noisy pictures of one image tell more than one of them."""
    found = []
    for name, chosen in (("levels", LEVELS), ("draws", DRAWS)):
        names = [one.name for one in LATE.tricks.values() if one.goal == name]
        ran = arena.run([LATE.plugin], LATE.asked(names), *chosen, images="ramps:count=2,size=32")
        found += _remembered(ran, names)
    check(found, record_property)


def _remembered(ran, names):
    for name in names:
        records, trick = ran.of(name), LATE.tricks[name]
        best = max((one["psnr"] or 999) - one["noisy_psnr"] for one in records if one["status"] == "ok")
        better = any(map(is_exact, records)) or best > 3
        why = f"at best {best:.1f} dB above the noisy image, where alone it has 0"
        yield gained("late", trick, why) if better else seen("late", trick, "held", why)


@pytest.mark.slow(20)
def test_the_noise_cannot_be_drawn_again(arena, record_property):
    names = [name for name, one in NOISE.tricks.items() if one.goal in ("", "salted", "content")]
    ran = arena.run([NOISE.plugin], NOISE.asked(names), images="ramps:count=2,size=32")
    tricks = [NOISE.tricks[name] for name in names if name != "calibrate"]
    check([on_image("noise", one, ran.of(one.name), None) for one in tricks], record_property)


@pytest.mark.slow(10)
def test_a_salted_noise_cannot_be_drawn_again(arena, record_property):
    """With ``--salt`` nobody who has not the file can prepare for the noise."""
    (arena.folder / "salt").write_bytes(b"a secret of thirty-two bytes....")
    trick = NOISE.tricks["public-draws"]
    ran = arena.run([NOISE.plugin], NOISE.asked(["public-draws"]), "--salt", "salt")
    records = ran.of("public-draws")
    if not records:
        result, why = "broken", f"there is no salt: {ran.said[:100]!r}"
    else:
        result, why = ("broken" if is_exact(records[-1]) else "held"), told(records[-1])
    from attacks.outcomes import Seen

    check([Seen(name="noise/public-draws-of-salted", right="held", outcome=result, why=why)], record_property)
    assert trick.right == "stated"


@pytest.mark.slow(20)
def test_what_the_command_line_of_a_run_tells(arena, record_property):
    pictures = arena.folder / "pictures"
    pictures.mkdir()
    ramp = np.linspace(40, 210, 32).astype(np.uint8)
    Image.fromarray(np.broadcast_to(ramp[None, :, None], (32, 32, 3)).copy()).save(pictures / "a.png")
    names = ["calibrate", *(name for name, one in NOISE.tricks.items() if one.goal in ("folder", "store"))]
    store = str(arena.folder / "my.db")
    ran = arena.run([NOISE.plugin], NOISE.asked(names), images=str(pictures), store=store)
    [reached] = ran.of("calibrate")
    tricks = [NOISE.tricks[name] for name in names[1:]]
    check(
        [on_image("noise", one, ran.of(one.name), reached["output_sha256"]) for one in tricks],
        record_property,
    )
