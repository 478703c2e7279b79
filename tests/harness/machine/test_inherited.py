"""What a worker has of the environment: no secrets, no store, nothing that chooses other kernels."""

from __future__ import annotations

import json

import pytest
from small_runs import ONE_IMAGE

from priorbench.machine.settings import inherited

SECRETS = {
    "PRIORBENCH_STORE": "postgresql://me:secret@host/db",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "GITHUB_TOKEN": "secret",
    "MKL_CBWR": "COMPATIBLE",
    "OPENBLAS_CORETYPE": "Prescott",
    "ATEN_CPU_CAPABILITY": "default",
    "LD_PRELOAD": "",
    "NVIDIA_TF32_OVERRIDE": "1",
    "CUDA_LAUNCH_BLOCKING": "1",
    "PYTHONSTARTUP": "/tmp/x.py",
}
KEPT = {"PATH": "/bin", "LC_ALL": "C.UTF-8", "CUDA_VISIBLE_DEVICES": "1", "PRIORBENCH_PLUGINS": "standard"}


@pytest.fixture
def environment(monkeypatch):
    for name, value in (SECRETS | KEPT).items():
        monkeypatch.setenv(name, value)


def test_what_a_worker_needs_is_inherited_and_nothing_else(environment, monkeypatch):
    found = inherited()
    assert not SECRETS.keys() & found.keys()
    assert found.items() >= KEPT.items()
    monkeypatch.setenv("PRIORBENCH_WORKER_VARIABLES", "GITHUB_TOKEN, MY_DATA")
    assert inherited()["GITHUB_TOKEN"] == "secret"


@pytest.mark.slow(5)
def test_a_method_does_not_see_the_rest(process, tmp_path):
    (tmp_path / "spy.py").write_text(
        "import json, os\n"
        "from priorbench import DenoiserSpec, hookimpl\n"
        "class Spy:\n"
        "    def __init__(self, *, log: str = 'x'):\n"
        "        self.log = log\n"
        "    def denoise(self, observation):\n"
        "        json.dump(dict(os.environ), open(self.log, 'w'))\n"
        "        return observation.image.clone()\n"
        "@hookimpl\n"
        "def priorbench_denoisers():\n"
        "    yield DenoiserSpec(name='spy', factory='spy:Spy', iterative=False)\n"
    )
    log = tmp_path / "log.json"
    words = ("--plugin", "spy.py", "--denoiser", f"spy:log={log}", "--threads", "1")
    done = process("run", *ONE_IMAGE[1:], *words, MY_TOKEN="secret", PRIORBENCH_STORE="sqlite:///here.db")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "here.db").is_file()
    seen = json.loads(log.read_text())
    assert "MY_TOKEN" not in seen
    asked = {"MY_TOKEN": "wanted", "PRIORBENCH_WORKER_VARIABLES": "MY_TOKEN"}
    again = process("run", *ONE_IMAGE[1:], *words, "--store", "another.db", **asked)
    assert again.returncode == 0, again.stderr
    assert json.loads(log.read_text())["MY_TOKEN"] == "wanted"  # the judge had it, and its players had not
    assert "PRIORBENCH_STORE" not in seen
    assert seen["OMP_NUM_THREADS"] == "1"
