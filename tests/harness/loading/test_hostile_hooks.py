"""A plugin that harms or holds whoever loads it is rejected by name, undone, and the rest goes on."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from priorbench.errors import PriorbenchError
from priorbench.loading.admission import _import
from priorbench.loading.discovery import Candidate
from priorbench.loading.load import load_registry
from priorbench.loading.registry import PluginStatus
from priorbench.loading.rejection import place_in

GOOD = """
from priorbench import DenoiserSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="good", factory="good_plugin.model:Good", summary="works")
"""
#: the first line of a plugin that asks where it is, itself or out of other code
FIRST = (
    "import copy, sys; look = lambda: sys.looked(); "
    "Looking = type('Looking', (), {'__deepcopy__': lambda *_: look()})"
)
HEAD = "import os, signal, sys, time\nfrom priorbench import DenoiserSpec, hookimpl\n"
HOOK = HEAD + "@hookimpl\ndef priorbench_denoisers():\n"
#: what a plugin does -> (source, what the reason must say)
REJECTED = {
    "yields without end": (
        HOOK
        + "    n = 0\n    while True:\n        n += 1\n"
        + "        yield DenoiserSpec(name=f'x{n}', factory='m:X')",
        ["'priorbench_denoisers' gives more than 1,000 specs, or never ends"],
    ),
    "gives a million specs": (
        HOOK + "    return [DenoiserSpec(name='x', factory='m:X')] * 10**6",
        ["'priorbench_denoisers' gives more than 1,000 specs"],
    ),
    "gives an iterator of no specs without end": (
        HOOK + "    import itertools\n    return itertools.repeat(None)",
        ["more than 1,000 specs"],
    ),
    "sleeps at import": ("import time\ntime.sleep(600)", ["takes more than 1 s", "bad_plugin.py:2"]),
    "never ends at import": ("while True: pass", ["takes more than 1 s", "bad_plugin.py:1"]),
    "sleeps in a hook": (HOOK + "    time.sleep(600)\n    yield", ["takes more than 1 s", "bad_plugin.py:5"]),
    "catches what interrupts it, once": (
        "import time\ntry:\n    time.sleep(600)\nexcept BaseException:\n    time.sleep(600)",
        ["takes more than 1 s", "bad_plugin.py:5"],
    ),
    "sleeps when its error is told": (
        "import time\nclass E(Exception):\n    def __str__(self):\n        time.sleep(600)\nraise E",
        ["cannot be imported: E"],
    ),
    "os._exit": ("import os\nos._exit(3)", ["stops the interpreter", "called os._exit", "bad_plugin.py:2"]),
    "os._exit in a hook": (HOOK + "    os._exit(3)\n    yield", ["it called os._exit", "bad_plugin.py:5"]),
    "os.abort": ("import os\nos.abort()", ["it called os.abort"]),
    "another program": ("import os\nos.execvp('true', ['true'])", ["it called os.exec"]),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", ["KeyboardInterrupt", "bad_plugin.py:1"]),
    "KeyboardInterrupt in a hook": (HOOK + "    raise KeyboardInterrupt\n    yield", ["KeyboardInterrupt"]),
    "GeneratorExit": ("raise GeneratorExit", ["cannot be imported: GeneratorExit"]),
    "an exception of its own": ("class E(BaseException): ...\nraise E('no')", ["cannot be imported: E: no"]),
    "an error whose text exits": (
        "class E(Exception):\n    def __str__(self):\n        raise SystemExit(0)\nraise E",
        ["cannot be imported: E"],
    ),
    "an error of 100 MB": ("raise ValueError('x' * 10**8)", ["ValueError: xxx", "x..."]),
    "endless recursion": ("def f(): f()\nf()", ["RecursionError"]),
    "a summary of 100 MB": (
        HOOK + "    yield DenoiserSpec(name='x', factory='m:X', summary='x' * 10**8)",
        ["the DenoiserSpec 'x': summary has a text of 100,000,000 characters; at most 10,000"],
    ),
    "a name of 100 MB": (
        HOOK + "    yield DenoiserSpec(name='x' * 10**8, factory='m:X')",
        ["name has a text of 100,000,000 characters"],
    ),
    "a preset that holds itself": (
        HOOK + "    preset = {}\n    preset['me'] = preset\n"
        "    yield DenoiserSpec(name='x', factory='m:X', preset=preset)",
        ["preset has more than 20 lists in lists, or holds itself"],
    ),
    "a preset without end": (
        HOOK + "    yield DenoiserSpec(name='x', factory='m:X', preset={str(n): n for n in range(10**5)})",
        ["preset holds more than 10,000 values"],
    ),
    "a preset with an object": (
        HOOK + "    class Evil:\n        def __str__(self): raise SystemExit\n        __repr__ = __str__\n"
        "    yield DenoiserSpec(name='x', factory='m:X', preset={'a': Evil()})",
        ["preset holds a value of type Evil that cannot be shown, which is no plain value"],
    ),
    "a field whose repr raises": (
        HOOK + "    class Evil:\n        def __repr__(self): raise SystemExit\n"
        "    yield DenoiserSpec(name='x', factory='m:X', summary=Evil())",
        ["summary must be str, not a value of type Evil that cannot be shown"],
    ),
    "items of the wrong type": (
        HOOK + "    yield DenoiserSpec(name='x', factory='m:X', requires=(1, None))",
        ["requires must hold str alone, not 1"],
    ),
    "a number of a million digits": (
        HOOK + "    yield DenoiserSpec(name='x', factory='m:X', min_size=10**10**6)",
        ["min_size has a whole number of more than 64 bits"],
    ),
    "a spec whose fields raise": (
        HOOK + "    class Evil(DenoiserSpec):\n        @property\n"
        "        def name(self): raise SystemExit(5)\n    yield object.__new__(Evil)",
        ["SystemExit: 5"],
    ),
    "a class that is no value": (
        HOOK + "    class Evil:\n        @property\n        def __class__(self): raise SystemExit\n"
        "    yield Evil()",
        ["SystemExit"],
    ),
}
#: what a plugin changes -> (source, how the warning calls it)
CHANGES = {
    "the environment": (
        "os.environ['OMP_NUM_THREADS'] = '64'; del os.environ['HOME']",
        "HOME, OMP_NUM_THREADS",
    ),
    "the working folder": ("os.chdir('/')", "the working folder"),
    "signals": ("signal.signal(signal.SIGINT, signal.SIG_IGN)", "the handling of signals (SIGINT)"),
    "blocked signals": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})",
        "the handling of signals (SIGINT, SIGTERM)",
    ),
    "the import path": ("sys.path.insert(0, '/nowhere')", "the order of the import path"),
    "the import path, as another list": ("sys.path = ['/nowhere']", "the order of the import path"),
    "standard output": ("import io; sys.stdout = sys.__stdout__ = io.StringIO()", ""),
    "standard error": ("import io; sys.stderr = io.StringIO()", "sys.stderr"),
    "descriptors": ("os.close(0); os.dup2(os.open(os.devnull, os.O_RDWR), 1)", "the file descriptor 1"),
    "the recursion limit": ("sys.setrecursionlimit(10**6)", "the recursion limit"),
    "the garbage collection": ("import gc; gc.disable()", "the garbage collection"),
    "threads": (
        "import threading; threading.Thread(target=time.sleep, args=(9,), daemon=True, name='left').start()",
        "it left threads (left)",
    ),
}


def status_of(registry: Any, name: str) -> PluginStatus:
    """Return the status of the one plugin of that name."""
    (found,) = [status for status in registry.plugins if status.name == name]
    return found


@pytest.fixture
def site(fake_site: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a folder in which one plugin works; loading one may take a second."""
    fake_site.add("z-good-plugin", {"good_plugin.py": GOOD})
    monkeypatch.setenv("PRIORBENCH_PLUGIN_SECONDS", "1")
    return fake_site


@pytest.mark.parametrize("what", REJECTED)
def test_it_is_rejected_by_name_and_the_rest_goes_on(
    site: Any, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    source, said = REJECTED[what]
    if "takes more than 1 s" not in said:  # on a busy machine, large specs do
        monkeypatch.setenv("PRIORBENCH_PLUGIN_SECONDS", "60")
    site.add("bad-plugin", {"bad_plugin.py": source})
    registry = load_registry(allow=["bad_plugin", "good_plugin"])
    status = status_of(registry, "bad_plugin")
    assert status.status == "broken"
    assert "\n" not in status.reason
    assert len(status.reason) < 1000
    for words in said:
        assert words in status.reason
    assert status_of(registry, "good_plugin").status == "ok"
    assert list(registry.all("denoiser")) == ["good"]


def _state() -> dict[str, Any]:
    return {
        "environment": dict(os.environ),
        "folder": Path.cwd(),
        "path": (id(sys.path), list(sys.path)),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "descriptors": [(os.fstat(number).st_dev, os.fstat(number).st_ino) for number in (0, 1, 2)],
        "handlers": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "mask": signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        "recursion": sys.getrecursionlimit(),
        "collects": gc.isenabled(),
        "endings": (os._exit, os.abort, os.execv, os.execve),
        "patience": [each.name for each in threading.enumerate() if each.name == "priorbench-patience"],
    }


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("raises", [False, True], ids=["works", "fails"])
def test_what_it_changes_is_named_and_put_back(
    site: Any, caplog: pytest.LogCaptureFixture, what: str, raises: bool
) -> None:
    source, said = CHANGES[what]
    end = "raise ValueError" if raises else ""
    text = GOOD.replace('"good"', '"other"')
    site.add("bad-plugin", {"bad_plugin.py": f"import os, signal, sys, time\n{source}\n{end}\n{text}"})
    gc.enable()
    before, original = _state(), sys.__stdout__
    registry = load_registry(allow=["bad_plugin", "good_plugin"])
    sys.__stdout__ = original
    after = _state()
    places = after["path"][1]
    if "import path" in what:
        assert places.pop() == "/nowhere"
        sys.path.pop()
    assert {name: value for name, value in after.items() if value != before[name]} == {}
    if not raises:
        assert said in caplog.text
        assert not said or "plugin 'bad_plugin' changes" in caplog.text
        assert list(registry.all("denoiser")) == ["other", "good"]


def test_a_fork_of_a_plugin_does_not_run_on_as_a_second_harness(site: Any, tmp_path: Path) -> None:
    site.add("bad-plugin", {"bad_plugin.py": "import os\nos.fork()\n" + GOOD.replace('"good"', '"other"')})
    load_registry(allow=["bad_plugin", "good_plugin"])
    with (tmp_path / "log").open("a") as log:
        log.write("once\n")
    codes: list[int] = []
    while 1 not in codes:  # other children of these tests may end before it
        codes.append(os.waitstatus_to_exitcode(os.wait()[1]))
    assert (tmp_path / "log").read_text() == "once\n"


def test_a_child_that_a_plugin_forks_may_end_itself(site: Any) -> None:
    source = "import os\nchild = os.fork()\nif not child:\n    os._exit(7)\n"
    source += "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
    site.add("bad-plugin", {"bad_plugin.py": source + GOOD.replace('"good"', '"other"')})
    assert status_of(load_registry(allow=["bad_plugin"]), "bad_plugin").status == "ok"


def test_outside_the_main_thread_plugins_load_as_well(site: Any) -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(load_registry(allow=["good_plugin"])))
    thread.start()
    thread.join()
    assert list(found[0].all("denoiser")) == ["good"]


@pytest.mark.parametrize("text", ["0", "-1", "nan", "soon", "1e9"])
def test_a_limit_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PRIORBENCH_PLUGIN_SECONDS", text)
    with pytest.raises(PriorbenchError, match=r"PRIORBENCH_PLUGIN_SECONDS=.*write a number of seconds"):
        load_registry(allow=[])


def test_a_distribution_with_a_million_plugins_is_named(site: Any) -> None:
    lines = "".join(f"x{number} = good_plugin\n" for number in range(10**5))
    site.add("bad-plugin", {}, announcement=f"[priorbench]\n{lines}")
    registry = load_registry(block=["priorbench"])
    assert "announces 100,000 plugins; at most 1,000" in status_of(registry, "bad-plugin").reason
    assert "good" in registry.all("denoiser")


def listed(site: Any, source: str) -> subprocess.CompletedProcess[str]:
    """Run ``priorbench list`` in a process of its own, which a plugin can hold or end."""
    site.add("bad-plugin", {"bad_plugin.py": source})
    names = {"PYTHONPATH": str(site.folder), "PRIORBENCH_PLUGINS": "bad_plugin,good_plugin"}
    environment = {**os.environ, **names}
    command = [sys.executable, "-m", "priorbench", "list", "plugins"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_one_that_cannot_be_interrupted_is_named(site: Any) -> None:
    blocked = "from signal import *\nimport time\npthread_sigmask(SIG_BLOCK, {SIGALRM}); time.sleep(6)\n"
    done = listed(site, blocked + GOOD.replace('"good"', '"other"'))
    assert "priorbench: plugin 'bad_plugin' has been loading for 0.5 s (now at" in done.stderr
    assert "bad_plugin.py:3)" in done.stderr
    assert "cannot be interrupted" in done.stderr
    assert "PRIORBENCH_BLOCK_PLUGINS=bad_plugin" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    "source",
    [
        "import ctypes\nctypes.PyDLL(None).sleep(4)\n" + GOOD.replace('"good"', '"other"'),
        "import ctypes\nctypes.string_at(0)\n",
    ],
    ids=["C code that lets nobody else run", "a crash"],
)
def test_what_c_code_does_is_told_with_the_plugins_line(site: Any, source: str) -> None:
    done = listed(site, source)
    assert "bad_plugin.py" in done.stderr


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("import slow_parts", "/bad_plugin.py:2: import slow_parts; import it in the method"),
        (
            "from slow_parts import name",
            "/bad_plugin.py:2: from slow_parts import name; import it in the method",
        ),
        ("look()", "/bad_plugin.py:1"),
        ("copy.deepcopy(Looking())", "/bad_plugin.py:1"),
    ],
)
def test_the_plugins_own_line_is_told_not_that_of_what_it_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: str, told: str
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "slow_parts.py").write_text("import sys\nname = sys.looked()\n")
    (tmp_path / "bad_plugin.py").write_text(f"{FIRST}\n{second}\n")
    found: list[str | None] = []
    monkeypatch.setattr(sys, "looked", lambda: found.append(place_in(sys._getframe(1))), raising=False)
    for name in ("bad_plugin", "slow_parts"):
        monkeypatch.setitem(sys.modules, name, sys)  # so that what is imported goes again afterwards
        monkeypatch.delitem(sys.modules, name)
    load = partial(importlib.import_module, "bad_plugin")
    _import(Candidate(name="bad", module="bad_plugin", distribution="", version="", load=load))
    assert found and (found[0] or "").endswith(told)
