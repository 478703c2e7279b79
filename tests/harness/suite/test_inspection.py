"""A method's module runs in a child process alone, whatever it does when it is imported."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError, RequestError
from priorbench.loading.load import load_registry
from priorbench.machine.settings import import_path
from priorbench.parameters.values import ParameterProblems
from priorbench.suite import inspection
from priorbench.suite.files import load_suite
from priorbench.suite.inspection import (
    Abilities,
    abilities,
    listed_parameters,
    resolved_device,
    resolved_parameters,
)
from priorbench.suite.model import SuiteOptions

PLUGIN = """
from priorbench import DenoiserSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    for name in NAMES:
        preset = {"width": 4} if name == "good" else {}
        yield DenoiserSpec(name=name, factory=f"{name}_method:Method", preset=preset)
"""
METHOD = """
class Method:
    '''A method.

    Parameters
    ----------
    width : int
        number of channels.
    '''

    def __init__(self, *, width: int = 3): ...

    def iterate(self, observation): ...
"""
AT_IMPORT = {
    "rude": "import os; os.chdir('/'); os.environ['RUDE'] = '1'; print('hello'); open(1).close()\n",
    "leaves": "import sys; sys.exit(3)\n",
    "vanishes": "import os; os._exit(3)\n",
    "fails": "1 / 0\n",
    "good": "",
    "answers for all": "import priorbench.suite.inspector as i; i.resolve = lambda *_: {'of': 'all'}\n",
    "answers nonsense": "import priorbench.suite.inspector as i; i.resolve = lambda *_: 1\n",
    "answers an object": "import priorbench.suite.inspector as i; i.resolve = lambda *_: {'x': object()}\n",
    "answers at once": "import os\nfor f in range(3, 99):\n    try: os.write(f, b'{\"x\": 1}\\n')\n"
    "    except OSError: pass\n",
    "answers without end": "import os\nwhile True:\n    for f in range(3, 99):\n"
    "        try: os.write(f, b'x' * 65536)\n        except OSError: pass\n",
    "prints without end": "import os\nwhile True: os.write(2, b'x' * 65536)\n",
    "closes": "import os; os.closerange(0, 256)\n",
    "starts": "import os, subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)\n",
}
NAMES = [name.replace(" ", "-") for name in AT_IMPORT]


@pytest.fixture
def registry(fake_site):
    """Methods whose modules do something when they are imported, and one that does not."""
    methods = {f"{name.replace(' ', '_')}_method.py": text + METHOD for name, text in AT_IMPORT.items()}
    plugin = PLUGIN.replace("NAMES", repr(NAMES)).replace("{name}_m", "{name.replace('-', '_')}_m")
    fake_site.add("rude-plugin", {"rude_plugin.py": plugin, **methods})
    return load_registry()


def spec_of(registry, name: str) -> DenoiserSpec:
    spec = registry.find("denoiser", name).spec
    assert isinstance(spec, DenoiserSpec)
    return spec


def suite(registry, *names: str):
    options = SuiteOptions(images=("phantom",), noises=("gaussian-25",), denoisers=names, stopping=("fixed",))
    return load_suite("-", registry, options)


def test_a_module_does_not_reach_into_the_process_that_plans(registry, capfd) -> None:
    folder, environment = Path.cwd(), dict(os.environ)
    found = suite(registry, "rude:width=5", "good")
    assert [choice.parameters for choice in found.denoisers] == [{"width": 5}, {"width": 4}]
    assert (Path.cwd(), dict(os.environ)) == (folder, environment)
    assert capfd.readouterr() == ("", "")
    assert "rude_method" not in sys.modules
    assert "good_method" not in sys.modules


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("leaves", "cannot be loaded from leaves_method:Method: SystemExit: 3"),
        ("vanishes", "vanishes_method:Method gives no answer: the process ended with exit status 3"),
        ("fails", "cannot be loaded from fails_method:Method: ZeroDivisionError: division by zero"),
    ],
)
def test_one_that_cannot_be_imported_is_one_line_and_harms_no_other(registry, name: str, said: str) -> None:
    with pytest.raises(RequestError) as error:
        suite(registry, "good", name)
    [line] = error.value.problems
    assert said in line
    assert resolved_parameters(spec_of(registry, "good"), {}) == {"width": 4}


def test_one_that_never_ends_is_given_up(registry, fake_site, monkeypatch) -> None:
    (fake_site.folder / "rude_method.py").write_text("import time; time.sleep(60)\n" + METHOD)
    monkeypatch.setattr(inspection, "PATIENCE", 5.0)
    with pytest.raises(PriorbenchError, match=r"rude_method:Method gives no answer: nothing came in 5 s"):
        abilities(spec_of(registry, "rude"))


def test_problems_of_parameters_are_those_of_this_process(registry) -> None:
    with pytest.raises(ParameterProblems) as error:
        resolved_parameters(spec_of(registry, "good"), {"width": 2.5, "depth": 1})
    assert {name for name, _ in error.value.problems} == {"width", "depth"}
    assert "denoiser 'good': 'width' must be int, not 2.5" in str(error.value)


def test_what_a_method_takes_and_can_do_is_told(registry) -> None:
    [parameter] = listed_parameters(spec_of(registry, "good"))
    assert parameter == {"name": "width", "type": "int", "default": 4, "summary": "number of channels"}
    assert abilities(spec_of(registry, "good")) == Abilities(iterative=True, together=False)


def test_what_a_spec_says_is_not_asked() -> None:
    said = DenoiserSpec(name="said", factory="nowhere:Nothing", iterative=True, together=True)
    assert abilities(said) == Abilities(iterative=True, together=True)
    assert abilities(DenoiserSpec(name="said", factory="nowhere:Nothing", iterative=False)) == Abilities(
        iterative=False, together=False
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("answers-nonsense", "importing answers_nonsense_method:Method writes into the answer"),
        ("answers-an-object", "has what cannot be told: TypeError"),
        ("answers-at-once", "importing answers_at_once_method:Method writes into the answer"),
        ("answers-without-end", "was ended, for its answer: a message has more than 16 MiB"),
        ("prints-without-end", "MB; at most 10 MB are allowed"),
        ("closes", "closed the line over which it answers"),
    ],
)
def test_an_answer_that_is_none_is_one_line(registry, name: str, said: str) -> None:
    with pytest.raises(PriorbenchError) as error:
        resolved_parameters(spec_of(registry, name), {})
    assert said in str(error.value)
    assert resolved_parameters(spec_of(registry, "good"), {}) == {"width": 4}


def test_one_method_cannot_answer_for_another(registry) -> None:
    assert resolved_parameters(spec_of(registry, "answers-for-all"), {}) == {"of": "all"}
    assert resolved_parameters(spec_of(registry, "good"), {}) == {"width": 4}


def _sleeping() -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and (entry / "cmdline").read_bytes() == b"sleep\x00600\x00":
                found.add(int(entry.name))
    return found


def test_what_an_import_starts_is_ended(registry) -> None:
    before = _sleeping()
    assert resolved_parameters(spec_of(registry, "starts"), {}) == {"width": 3}
    assert resolved_parameters(spec_of(registry, "good"), {}) == {"width": 4}
    assert _sleeping() <= before


def test_what_this_process_would_import_now_is_asked_in_one_child(tmp_path, monkeypatch) -> None:
    spec, processes = DenoiserSpec(name="moved", factory="moved_method:Method"), set()
    for width in (5, 6):
        folder = tmp_path / str(width)
        folder.mkdir()
        (folder / "moved_method.py").write_text(METHOD.replace("= 3", f"= {width}"))
        monkeypatch.syspath_prepend(str(folder))
        assert resolved_parameters(spec, {}) == {"width": width}
        processes.add(inspection._inspector()._hosted._process.pid)
    assert len(processes) == 1


def test_the_child_ends_with_whoever_asked(registry, fake_site) -> None:
    (fake_site.folder / "rude_method.py").write_text(
        "import os, time\nopen('pids', 'w').write(f'{os.getpid()} {os.getppid()}\\n')\ntime.sleep(600)\n"
    )
    asking = "from priorbench import DenoiserSpec\nfrom priorbench.suite.inspection import abilities\n"
    asking += "abilities(DenoiserSpec(name='rude', factory='rude_method:Method'))\n"
    environment = {**os.environ, "PYTHONPATH": import_path()}
    pids = fake_site.folder / "pids"
    with subprocess.Popen([sys.executable, "-c", asking], env=environment, cwd=fake_site.folder) as user:
        deadline = time.monotonic() + 60
        while not (pids.exists() and pids.read_text().endswith("\n")) and time.monotonic() < deadline:
            time.sleep(0.05)
        user.kill()
    processes = [Path("/proc", word) for word in pids.read_text().split()]
    deadline = time.monotonic() + 15
    while any(each.exists() for each in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [each for each in processes if each.exists()] == []


PLANNING = """
import sys
from priorbench.cli import main
chosen = ["--noise", "gaussian-25", "--denoiser", "identity", "--dry-run"]
sys.argv = ["priorbench", "run", "-", *chosen, *sys.argv[1:]]
try:
    main()
finally:
    print("torch" in sys.modules)
"""


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("auto", "# 1 trial on "),
        ("abacus", "unknown device 'abacus': use auto, cpu, cuda, cuda:1, mps or xpu"),
        ("cpu:7", "device 'cpu:7' is not there: this machine and this torch have cpu"),
    ],
)
def test_the_process_that_plans_does_not_import_torch(device: str, said: str) -> None:
    words = ["--images", "phantom:size=16", "--device", device]
    done = subprocess.run(
        [sys.executable, "-c", PLANNING, *words], capture_output=True, text=True, check=False
    )
    assert said in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "False"


def test_a_device_that_nobody_can_tell_of_is_one_line(monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(inspection, "_inspector", lambda: SimpleNamespace(ask=lambda *_: {}))
    with pytest.raises(PriorbenchError, match="device 'auto': the process that was asked for it gives no"):
        resolved_device("auto")
