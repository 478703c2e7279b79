"""Records of strangers are data: refused by name, or shown as text and nothing else."""

from __future__ import annotations

import json

import pytest
from attacks.files import Family, is_plain
from attacks.outcomes import Seen, check
from sample_records import trial

from priorbench.contract.records import Curve, to_json

FAMILY = Family(name="record")
CURVE = to_json(
    trial("good", "1", 30.0, curve=Curve(iteration=(1,), wall_seconds=(0.1,), psnr=(20.0,), residual=(0.1,)))
)
NAMED = {
    "script": "<script>alert(1)</script>",
    "picture": "![p](http://example.org/a.png)",
    "link": "[x](https://example.org)",
    "colours": "red\x1b[31m",
    "bell": "bell\x07",
    "turned": "turned \u202eround",
    "line": "new\nline",
    "nought": "a\x00b",
    "eight-bit-code": "\x9b31m",
    "formula": "=cmd|' /C calc'!A0",
    "latex": "\\input{/etc/passwd}",
    "attribute": '" onload="alert(1)',
    "cells": "two | cells",
    "surrogate": "stray \udce9",
    "long": "x" * 1_000_000,
    "invisible": "a\u200bb\ufeff",
    "template": "{{7*7}}",
}
#: name -> what the record has, or the text of a whole line
LINES = {
    **{f"{where}-{name}": {where: text} for where in ("denoiser", "image") for name, text in NAMED.items()},
    "psnr-too-large": {"psnr": 1e308},
    "psnr-too-small": {"psnr": -1e308},
    "psnr-true": {"psnr": True},
    "psnr-text": {"psnr": "30"},
    "psnr-digits": {"psnr": 10**400},
    "psnr-list": {"psnr": [30.0]},
    "seconds-negative": {"wall_seconds": -1.0},
    "seconds-ages": {"wall_seconds": 1e300},
    "ssim-too-large": {"ssim": 7.0},
    "mse-negative": {"mse": -1.0},
    "memory-negative": {"peak_memory_bytes": -5},
    "height-nought": {"height": 0},
    "height-huge": {"height": 10**30},
    "repetition-negative": {"repetition": -1},
    "iterations-half": {"iterations": 0.5},
    "oracle-text": {"oracle": "no"},
    "status-new": {"status": "fine"},
    "status-list": {"status": ["ok"]},
    "schema-later": {"schema": 99},
    "schema-negative": {"schema": -1},
    "schema-text": {"schema": "2"},
    "key-path": {"key": "../../etc/passwd"},
    "key-empty": {"key": ""},
    "key-long": {"key": "k" * 10_000},
    "key-code": {"key": "k\x1b[2J"},
    "key-number": {"key": 7},
    "started-never": {"started_at": "tomorrow"},
    "started-code": {"started_at": "2026-01-01\x1b[31m"},
    "trained-on-text": {"trained_on": "imagenet"},
    "parameters-list": {"parameters": [1]},
    "parameters-many": {"parameters": {f"p{n}": n for n in range(100_000)}},
    "parameters-code": {"parameters": {"a\x1b[2J": "<script>alert(1)</script>"}},
    "noise-parameters-code": {"noise_parameters": {"s": "\x1b[2J"}},
    "error-code": {"status": "error", "psnr": None, "error": "\x1b[2J<script>alert(1)</script>"},
    "printed-huge": {"status": "error", "psnr": None, "printed": "x" * 3_000_000},
    "tainted-code": {"tainted": "\x1b[31m<img src=x>"},
    "crops-page": {"crops": {"0": "PHNjcmlwdD4="}},
    "metrics-nan": {"metrics": {"m": "NaN"}},
    "limits-text": {"limits": {"timeout": "x"}},
    "plugin-code": {"plugin": "p\x1b[31m<script>alert(1)</script>"},
    "device-code": {"device": "cpu\x1b[31m"},
    "environment-code": {"environment": {"fingerprint": "x", "cpu": "\x1b[2J<script>alert(1)</script>"}},
    "environment-other": {"environment": {"fingerprint": "0" * 16, "cpu": "mine"}},
    "curve-ragged": {"curve": {**CURVE["curve"], "psnr": []}},
    "curve-text": {"curve": {**CURVE["curve"], "psnr": ["<b>"]}},
    "curve-large": {"curve": {name: [1] * 300_000 for name in CURVE["curve"]}},
    "curve-huge": {"curve": {**CURVE["curve"], "psnr": [1e308]}},
    "curve-more": {"curve": {**CURVE["curve"], "more": [1]}},
    "curve-negative": {"curve": {**CURVE["curve"], "wall_seconds": [-1e308]}},
    "requests-of-another": {"requests": [{"suite": "\x1b[31m", "runs": [["../../x", "never"]]}]},
    "requests-many": {"requests": [{}] * 100_000},
    "requests-number": {"requests": 7},
    "more-fields": {"more": "<script>" * 100_000},
    "sha-code": {"noisy_sha256": "\x1b[31m"},
    "line-nan": '{"psnr": NaN}',
    "line-deep": '{"parameters": ' + "[" * 100_000,
    "line-list": "[1, 2]",
    "line-half": '{"key": "a',
    "line-long": '{"x": "' + "y" * 20_000_000 + '"}',
    "line-bytes": "\udcff\udcfe",
    "line-empty": "{}",
    "line-null": "null",
    "line-twice": '{"key": "a", "key": "b"}',
    "line-infinity": json.dumps(CURVE | {"key": "inf"}).replace("30.0", "1e999"),
}
SHOWN = (
    ("leaderboard",),
    ("leaderboard", "--format", "markdown"),
    ("leaderboard", "--format", "csv"),
    ("leaderboard", "--format", "json"),
    ("leaderboard", "--format", "latex"),
    ("leaderboard", "--format", "html", "-o", "page.html"),
    ("runs",),
)
#: format -> what does something there
ACTIVE = {
    "markdown": ("<script", "<img", "](http"),
    "html": ("<script>alert", "<img src=x", 'onload="alert'),
    "latex": ("\\input{",),
    "csv": ("\n=cmd", ",=cmd", ',"=cmd'),
}


def line(content, number):
    """Return a line of an export."""
    if isinstance(content, str):
        return content.encode("utf-8", "surrogateescape")
    values = {**CURVE, "key": f"k{number}", "image": f"i{number}"} | content
    return json.dumps(values).encode()


def shown(command, folder):
    """Yield what each command shows of a store, and the page."""
    for words in SHOWN:
        done = command(*words)
        text = done.stdout + done.stderr
        if "html" in words and (folder / "page.html").exists():
            text += "".join((folder / "page.html").read_text().split("</head>")[-1:])
        yield " ".join(words), done.returncode, text


def faults(command, folder):
    """Yield what is wrong with what is shown."""
    for name, status, text in shown(command, folder):
        if status not in (0, 1):
            yield f"{name}: exit status {status}: {text[-200:]!r}"
        if "html" not in name and not is_plain(text):
            yield f"{name}: codes for a terminal"
        for kind, active in ACTIVE.items():
            bad = [one for one in active if one in text] if kind in name else []
            if bad:
                yield f"{name}: {bad}"


@pytest.mark.slow(30)
def test_records_of_strangers(command, tmp_path, record_property):
    (tmp_path / "good.jsonl").write_bytes(line({}, "good"))
    assert command("import", "good.jsonl").returncode == 0
    found, taken = [], []
    for number, (name, content) in enumerate(LINES.items()):
        (tmp_path / "line.jsonl").write_bytes(line(content, number) + b"\n")
        try:
            done = command("import", "line.jsonl")
        except Exception as error:
            found.append(Seen(name=f"record/{name}", right="held", outcome="broken", why=f"{error!r}"[:200]))
            continue
        said = done.stdout + done.stderr
        outcome = "held" if done.returncode in (0, 1, 2) and "Traceback" not in said else "broken"
        if not is_plain(said) or len(said) > 5000:
            outcome = "weak"
        if done.returncode == 0:
            taken.append((name, content, number))
        found.append(
            Seen(
                name=f"record/{name}",
                right="held",
                outcome=outcome,
                why=f"{done.returncode}: {said[-150:]!r}",
            )
        )
    try:
        wrong = list(faults(command, tmp_path))
    except Exception as error:
        wrong = [repr(error)[:300]]
    if wrong:  # whose fault is it?
        found = list(_blamed(command, tmp_path, taken, found))
    check(found, record_property)


def _blamed(command, folder, taken, found):
    guilty = {}
    for name, content, number in taken:
        (folder / "priorbench.db").unlink()
        (folder / "line.jsonl").write_bytes(line(content, number) + b"\n")
        try:
            command("import", "good.jsonl", "line.jsonl")
            wrong = list(faults(command, folder))
        except Exception as error:
            wrong = [repr(error)[:200]]
        if wrong:
            guilty[f"record/{name}"] = wrong
    for one in found:
        if one.name in guilty:
            yield Seen(
                name=one.name, right=one.right, outcome="broken", why=f"it is taken: {guilty[one.name]}"[:300]
            )
        else:
            yield one
