"""Plugins that hang or lie while they are loaded: each is named, and the others are used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from attacks.files import Ground, is_plain
from attacks.outcomes import Seen, check, possible
from attacks.runs import Arena

#: bytes and seconds that listing does not need
MUCH, LONG = 1_500_000_000, 90.0
#: seconds that loading one plugin may take, where a good one takes hundredths
ALLOWED = 2.0
#: seconds after which one hangs that may
PATIENCE = 5.0
HEAD = "from priorbench import DenoiserSpec, ImageSetSpec, hookimpl\n"
HOOK = HEAD + "@hookimpl\ndef priorbench_denoisers():\n"
#: name -> text of the file
TEXTS = {
    "hook-without-end": HOOK
    + "    n = 0\n    while True:\n        n += 1\n"
    + "        yield DenoiserSpec(name=f'm{n}', factory='evil:M')\n",
    "hook-of-nothing-without-end": HOOK + "    while True:\n        yield None\n",
    "hook-that-sleeps": HOOK + "    import time\n    time.sleep(3600)\n    yield\n",
    "hook-that-waits-in-c": HOOK + "    import ctypes\n    ctypes.PyDLL(None).sleep(3600)\n    yield\n",
    "million-specs": HOOK
    + "    return [DenoiserSpec(name=f'm{n}', factory='evil:M') for n in range(1_000_000)]\n",
    "specs-of-a-gigabyte": HOOK
    + "    yield DenoiserSpec(name='big', factory='evil:M', summary='x' * 500_000_000)\n",
    "import-that-sleeps": "import time\ntime.sleep(3600)\n",
    "import-that-works": "while True:\n    pass\n",
    "import-that-reads": "import sys\nsys.stdin.read()\n"
    + HOOK
    + "    yield DenoiserSpec(name='m', factory='evil:M')\n",
    "import-that-ends": "import os\nos._exit(0)\n",
    "import-that-exits": "raise SystemExit(0)\n",
    "import-that-recurses": "def f():\n    f()\nf()\n",
    "import-that-raises-oddly": "raise type('E\\x1b[2J', (BaseException,), "
    "{'__str__': lambda self: 1 / 0})()\n",
    "import-that-prints-codes": "print('\\x1b[2J\\x07')\n"
    + HOOK
    + "    yield DenoiserSpec(name='m', factory='evil:M')\n",
    "import-of-memory": "x = bytearray(30_000_000_000)\n",
    "summary-of-codes": HOOK
    + "    yield DenoiserSpec(name='m', factory='evil:M', summary='\\x1b[2J\\x07\\u202e')\n",
    "name-of-codes": HOOK + "    yield DenoiserSpec(name='\\x1b[2J', factory='evil:M')\n",
    "name-of-another": HOOK + "    yield DenoiserSpec(name='mean', factory='evil:M')\n",
    "set-of-the-protocol": HOOK.replace("denoisers", "noise_models")
    + "    from priorbench import NoiseSpec\n    yield NoiseSpec(name='gaussian-25', factory='evil:M')\n",
    "spec-of-another-class": HOOK
    + "    yield type('DenoiserSpec', (), {'name': 'm', '__class__': DenoiserSpec})()\n",
    "spec-that-changes": HEAD
    + "class S(DenoiserSpec):\n    def __getattribute__(self, n):\n        raise OSError('no')\n"
    + "@hookimpl\ndef priorbench_denoisers():\n    yield S(name='m', factory='evil:M')\n",
    "thread-left": "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,)).start()\n",
    "exit-handler": "import atexit, os\natexit.register(lambda: os._exit(0))\n",
}


#: what acts in the process that lists plugins stays possible: C code, a thread that is waited for, prints
STATED = ("hook-that-waits-in-c", "thread-left", "import-that-prints-codes")
#: they hang, or take all there is: each is listed by itself, the others at once
ALONE = (
    "hook-without-end",
    "hook-of-nothing-without-end",
    "hook-that-sleeps",
    "hook-that-waits-in-c",
    "million-specs",
    "specs-of-a-gigabyte",
    "import-that-sleeps",
    "import-that-works",
    "import-that-reads",
    "import-that-ends",
    "import-of-memory",
    "exit-handler",
    "thread-left",
)


def installed(texts: dict[str, str], ground: Ground) -> str:
    """Install plugins into a folder of their own; return the import path that finds them."""
    site = ground.folder / "site"
    info = site / "zz_evil-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zz-evil\nVersion: 1.0\n")
    points = ["[priorbench]"]
    for name, text in texts.items():
        module = "evil_" + name.replace("-", "_")
        (site / f"{module}.py").write_text(text.replace("evil:M", f"{module}:M"))
        points.append(f"{module} = {module}")
    (info / "entry_points.txt").write_text("\n".join(points) + "\n")
    return f"{ground.arena.site}:{site}"


def loaded(texts: dict[str, str], ground: Ground) -> tuple[str, str]:
    """List methods with hostile plugins: the list has the good ones, and nothing else happens."""
    path = installed(texts, ground)
    named = ",".join("evil_" + name.replace("-", "_") for name in texts)
    variables = {"PYTHONPATH": path, "PRIORBENCH_PLUGINS": f"standard,example,{named}"}
    env = ground.arena.environment((), **variables, PRIORBENCH_PLUGIN_SECONDS=str(ALLOWED))
    may_hang = set(texts) <= set(STATED)
    done = ground.arena.command("list", "denoisers", env=env, limit=PATIENCE if may_hang else LONG)
    if done.status is None:
        return "broken", "it hangs"
    if "Traceback" in done.said or done.status not in (0, 1, 2):
        return "broken", f"exit status {done.status}: {done.said[-200:]!r}"
    if done.memory > MUCH:
        return "broken", f"it took {done.memory / 1e9:.1f} GB"
    if not is_plain(done.said):
        return "weak", "codes for a terminal"
    if "approach" not in done.said or "mean" not in done.said:
        return "broken", f"the good methods are not listed: exit status {done.status}, {done.said[-200:]!r}"
    if len(done.said) > 100_000:
        return "weak", f"{len(done.said)} characters are said"
    return "held", done.said[-150:]


@pytest.mark.slow(60)
def test_plugins_that_hang_or_lie(command, example_site, tmp_path, record_property):
    def ground(name):
        folder = tmp_path / name
        folder.mkdir()
        return Ground(folder=folder, here=command, arena=Arena(example_site, folder))

    many = {name: text for name, text in TEXTS.items() if name not in (*ALONE, *STATED)}
    outcome, why = loaded(many, ground("many"))
    if outcome == "held":
        found = [Seen(name=f"plugin/{name}", right="held", outcome=outcome, why=why[-100:]) for name in many]
    else:  # which of them?
        found = [_alone(name, ground) for name in many]
    with ThreadPoolExecutor(3) as several:  # most of them wait
        found += several.map(lambda name: _alone(name, ground), dict.fromkeys((*ALONE, *STATED)))
    check(found, record_property)


def _alone(name, ground):
    outcome, why = loaded({name: TEXTS[name]}, ground(name))
    if name in STATED and outcome != "held":
        outcome, more = possible("the registration of a plugin runs in the process that plans", outcome)
        return Seen(name=f"plugin/{name}", right="stated", outcome=outcome, why=f"{why}; {more}")
    return Seen(name=f"plugin/{name}", right="held", outcome=outcome, why=why)
