"""Suites of strangers are data: they import nothing, read nothing, and end within reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from attacks.files import Family, Ground, refused, survived
from attacks.outcomes import check
from attacks.runs import Arena

FAMILY = Family(name="suite")
PLAIN = "name: s\nimages: [ramps]\nnoises: [gaussian-25]\ndenoisers: [mean]\n"


def dry(ground: Ground, text: str | bytes, *, apart: bool = False, name: str = "s.yaml"):
    """Have a suite read, and nothing run."""
    path = ground.folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    words = ("run", str(path), "--dry-run")
    return ground.apart(*words) if apart else ground.here(*words)


def without(ground: Ground, done, *words: str) -> tuple[str, str]:
    """Return how a suite ended that is to be refused, and to say or do nothing of some kind."""
    said = done.said if hasattr(done, "said") else done.stdout + done.stderr
    if (
        any(word in said for word in words)
        or (ground.folder / "ran").exists()
        or Path("/tmp/hostile-ran").exists()
    ):
        return "broken", f"it was obeyed: {said[-200:]!r}"
    return refused(done)


@FAMILY.attack()
def module_of_the_standard_library(ground):
    done = dry(ground, PLAIN.replace("[ramps]", "[{imagenet: {path: /tmp, list: 'this:x.txt'}}]"))
    return without(ground, done, "Beautiful", "Zen")


@FAMILY.attack()
def module_beside_the_suite(ground):
    (ground.folder / "evil.py").write_text(f"open({str(ground.folder / 'ran')!r}, 'w')\n")
    done = dry(ground, PLAIN.replace("[ramps]", "[{imagenet: {path: /tmp, list: 'evil:x.txt'}}]"))
    return without(ground, done)


@FAMILY.attack()
def list_of_passwords(ground):
    done = dry(ground, PLAIN.replace("[ramps]", "[{imagenet: {path: /tmp, list: /etc/passwd}}]"))
    words = ground.here("run", str(ground.folder / "s.yaml"), "--executor", "serial")
    said = done.stdout + done.stderr + words.stdout + words.stderr
    return ("broken", f"it tells the file: {said[-200:]!r}") if "root:" in said else refused(words)


@FAMILY.attack()
def folder_that_is_the_system(ground):
    return survived(dry(ground, PLAIN.replace("[ramps]", "[{folder: {path: /proc/self}}]")))


@FAMILY.attack()
def python_object(ground):
    return without(
        ground, dry(ground, "!!python/object/apply:os.system ['touch /tmp/hostile-ran']\n" + PLAIN)
    )


@FAMILY.attack()
def python_name(ground):
    return without(ground, dry(ground, PLAIN + "summary: !!python/name:os.system\n"))


@FAMILY.attack()
def factory_in_a_name(ground):
    return without(ground, dry(ground, PLAIN.replace("[mean]", "['os:system']")))


@FAMILY.attack()
def template_in_a_value(ground):
    return survived(dry(ground, PLAIN + "summary: '{{7*7}} ${HOME} $(id) `id`'\n"))


@FAMILY.attack()
def laughs(ground):
    text = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for one, other in zip("bcdefgh", "abcdefg", strict=True):
        text += f"{one}: &{one} [{','.join([f'*{other}'] * 9)}]\n"
    return refused(dry(ground, text + PLAIN, apart=True))


@FAMILY.attack()
def alias_of_itself(ground):
    return refused(dry(ground, "images: &a [*a]\nnoises: [gaussian-25]\ndenoisers: [mean]\nname: s\n"))


@FAMILY.attack()
def fifty_megabytes(ground):
    return refused(dry(ground, PLAIN + "summary: '" + "x" * 50_000_000 + "'\n", apart=True))


@FAMILY.attack()
def two_hundred_grids(ground):
    grid = "{approach: {grid: {iterations: [" + ", ".join(map(str, range(1, 1000))) + "]}}}"
    return refused(dry(ground, PLAIN.replace("[mean]", "[" + ", ".join([grid] * 200) + "]"), apart=True))


@FAMILY.attack()
def grid_of_grids(ground):
    many = ", ".join(map(str, range(200)))
    return refused(
        dry(
            ground,
            PLAIN.replace(
                "[mean]",
                f"[{{approach: {{grid: {{iterations: [{many}], rate: [{many}], pause: [{many}]}}}}}}]",
            ),
        )
    )


@FAMILY.attack()
def deep(ground):
    return refused(dry(ground, PLAIN.replace("[mean]", "[" * 5000 + "]" * 5000)))


@FAMILY.attack()
def deep_blocks(ground):
    return refused(dry(ground, "".join(" " * n + "- \n" for n in range(600))))


@FAMILY.attack()
def repetitions_without_end(ground):
    return survived(dry(ground, PLAIN + "repetitions: 1000000000000000000000\n"))


@FAMILY.attack()
def number_of_a_million_digits(ground):
    return refused(dry(ground, PLAIN + "repetitions: " + "9" * 200_000 + "\n", apart=True))


@FAMILY.attack()
def image_of_a_terapixel(ground):
    path = ground.folder / "s.yaml"
    path.write_text(PLAIN.replace("[ramps]", "[{ramps: {size: 1000000, count: 1}}]"))
    return survived(ground.here("run", str(path), "--dry-run"))


@FAMILY.attack()
def keys_twice(ground):
    return refused(dry(ground, PLAIN + "name: t\n"))


@FAMILY.attack()
def two_documents(ground):
    return refused(dry(ground, PLAIN + "---\n" + PLAIN))


@FAMILY.attack()
def name_that_is_codes(ground):
    return survived(dry(ground, PLAIN.replace("name: s", 'name: "\\e[2J\\a\\u202e<script>"')))


@FAMILY.attack()
def label_that_is_codes(ground):
    return survived(dry(ground, PLAIN.replace("[mean]", '[{mean: {label: "\\e[2J"}}]')))


@FAMILY.attack()
def unknown_name_that_is_codes(ground):
    return refused(dry(ground, PLAIN.replace("[mean]", '["\\e[2J\\a"]')))


@FAMILY.attack()
def path_that_is_codes(ground):
    return refused(dry(ground, PLAIN.replace("[ramps]", '[{folder: {path: "/no\\e[2Jwhere"}}]')))


@FAMILY.attack()
def file_whose_name_is_codes(ground):
    return refused(dry(ground, "nonsense", name="s\x1b[2J.yaml"))


@FAMILY.attack()
def null_characters(ground):
    return refused(dry(ground, PLAIN.encode() + b"summary: a\x00b\n"))


@FAMILY.attack()
def another_encoding(ground):
    return refused(dry(ground, PLAIN.encode("utf-16")))


@FAMILY.attack()
def pipe(ground):
    os.mkfifo(ground.folder / "pipe.yaml")
    done = ground.apart("run", str(ground.folder / "pipe.yaml"), "--dry-run", limit=5)
    return ("held", "it waits, as a pipe wants it") if done.status is None else refused(done)


@FAMILY.attack()
def device_without_end(ground):
    return refused(ground.apart("run", "/dev/zero", "--dry-run"))


@FAMILY.attack()
def parameter_that_is_no_parameter(ground):
    return refused(dry(ground, PLAIN.replace("[mean]", "[{mean: {__class__: x, __init__: y}}]")))


@FAMILY.attack()
def parameter_that_merges(ground):
    return refused(
        dry(ground, PLAIN.replace("[mean]", "[{mean: {<<: {log: /tmp/hostile-ran}, unknown: 1}}]"))
    )


@pytest.mark.slow(30)
def test_suites_of_strangers(command, example_site, tmp_path, record_property):
    def ground(name):
        folder = tmp_path / name
        folder.mkdir()
        return Ground(folder=folder, here=images(command), arena=Arena(example_site, folder))

    check(FAMILY.seen(ground), record_property)


def images(command):
    """Return the command with the plugin of image sets."""
    return lambda *words: command(*words, PRIORBENCH_PLUGINS="standard,example,images")
