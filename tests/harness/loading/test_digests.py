"""Any edit of what a result depends on changes its digest; nothing else does."""

from __future__ import annotations

import functools
import importlib
import os
import py_compile
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError
from priorbench.loading import sources
from priorbench.loading.digests import code_digest, core_digest, digest_of, with_requirements
from priorbench.loading.imported_names import imported_names
from priorbench.loading.load import load_registry
from priorbench.loading.sources import core_files, plugin_sources

CORE = sources.CORE


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the import path, as of somebody who develops a plugin there."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def digest(factory: str) -> str:
    """Return the digest of a factory as it is now."""
    code_digest.cache_clear()
    return code_digest(factory).digest


@pytest.mark.parametrize(
    "edited",
    [
        "mine/model.py",  # the module of the factory
        "mine/deep/table.py",  # a module of a package inside it
        "mine/weights.csv",  # data
        "mine/deep/no_suffix",
        "helper/__init__.py",  # another package, imported by name
        "helper/inner.py",  # a module of it that is never named
        "single.py",  # a single module, imported inside a function
        "bare/tools.py",  # a package without __init__.py
        "further.py",  # imported by what is imported
        "named.py",  # named by text
    ],
)
def test_an_edit_of_any_file_that_counts_gives_a_new_digest(place: Path, edited: str) -> None:
    files = {
        "mine/__init__.py": "import helper\n",
        "mine/model.py": "def run():\n    import single\n    from bare import tools\n",
        "mine/deep/table.py": "import importlib\nnamed = importlib.import_module('named')\n",
        "mine/weights.csv": "1,2\n",
        "mine/deep/no_suffix": "",
        "helper/__init__.py": "",
        "helper/inner.py": "",
        "single.py": "import further\n",
        "bare/tools.py": "",
        "further.py": "",
        "named.py": "",
        "bystander.py": "",
    }
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    importlib.invalidate_caches()
    before = digest("mine.model:Model")
    (place / "bystander.py").write_text("x = 1\n")
    assert digest("mine.model:Model") == before
    with (place / edited).open("a") as file:
        file.write("# edited\n")
    assert digest("mine.model:Model") != before


def test_a_package_without_init_counts_as_a_whole(place: Path) -> None:
    (place / "loose").mkdir()
    (place / "loose" / "method.py").write_text("class Method: ...\n")
    (place / "loose" / "table.npy").write_bytes(b"1")
    importlib.invalidate_caches()
    before = digest("loose.method:Method")
    (place / "loose" / "table.npy").write_bytes(b"2")
    assert digest("loose.method:Method") != before


def test_of_a_shared_namespace_only_the_own_package_counts(place: Path) -> None:
    for name in ("ours", "theirs"):
        (place / "shared" / name).mkdir(parents=True)
        (place / "shared" / name / "__init__.py").write_text("")
    (place / "shared" / "ours" / "model.py").write_text("from . import __init__\n")
    importlib.invalidate_caches()
    assert set(plugin_sources("shared.ours.model").files) == {
        "shared/ours/__init__.py",
        "shared/ours/model.py",
    }


def test_what_python_leaves_behind_is_no_source(place: Path) -> None:
    (place / "mine").mkdir()
    (place / "mine" / "__init__.py").write_text("class Model: ...\n")
    importlib.invalidate_caches()
    before = digest("mine:Model")
    (place / "mine" / "__pycache__").mkdir()
    (place / "mine" / "__pycache__" / "model.cpython-311.pyc").write_bytes(b"x")
    (place / "mine" / ".hidden").write_text("x")
    assert digest("mine:Model") == before


def test_compiled_code_counts_where_its_text_is_not_there(place: Path) -> None:
    (place / "mine").mkdir()
    (place / "mine" / "__init__.py").write_text("class Model: ...\n")
    (place / "mine" / "beside.pyc").write_bytes(b"x")
    (place / "mine" / "beside.py").write_text("")
    importlib.invalidate_caches()
    assert "mine/beside.pyc" not in plugin_sources("mine").files
    (place / "mine" / "beside.py").unlink()  # Python imports the compiled code now
    assert "mine/beside.pyc" in plugin_sources("mine").files


def test_modules_behind_links_to_folders_count(place: Path) -> None:
    """Python imports them; a data set behind a link is no part of a package."""
    elsewhere = place / "elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "data").mkdir()
    for name in ("__init__.py", "level.py", "deep/table.py", "weights.bin", "data/1.png"):
        (elsewhere / name).write_text("")
    (place / "mine").mkdir()
    (place / "mine" / "__init__.py").write_text("class Model: ...\n")
    (place / "mine" / "sub").symlink_to(elsewhere, target_is_directory=True)
    (elsewhere / "deep" / "round").symlink_to(place / "mine", target_is_directory=True)
    importlib.invalidate_caches()
    assert set(plugin_sources("mine").files) == {
        "mine/__init__.py",
        "mine/sub/__init__.py",
        "mine/sub/level.py",
        "mine/sub/deep/table.py",
    }


def test_files_that_a_single_module_names_beside_itself_count(place: Path) -> None:
    (place / "tables").mkdir()
    for name in ("weights.npz", "tables/a.csv", "other.npz"):
        (place / name).write_text("1")
    text = "from pathlib import Path\nHERE = Path(__file__).parent\n"
    text += "A, B = HERE / 'weights.npz', HERE / 'tables/a.csv'\nC = ['', 'tables', '/', '\\0', 'missing']\n"
    (place / "mine_alone.py").write_text(text)
    importlib.invalidate_caches()
    assert set(plugin_sources("mine_alone").files) == {"mine_alone.py", "weights.npz", "tables/a.csv"}


@pytest.fixture
def installed(place: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a distribution, as pip does."""
    site = place / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def install(name: str, files: Mapping[str, str], **about: str) -> None:
        record = [f"{file},,\n" for file in files]
        told = {"METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n", **about}
        told |= {"RECORD": "".join(record)}
        told = {f"{name.replace('-', '_')}-1.dist-info/{file}": text for file, text in told.items()}
        for file, text in {**files, **told}.items():
            (site / file).parent.mkdir(parents=True, exist_ok=True)
            (site / file).write_text(text)
        importlib.invalidate_caches()
        for cached in (sources._distributions, sources._distributions_of, sources._has_no_index):
            cached.cache_clear()
            monkeypatch.setattr(sources, cached.__name__, functools.cache(cached.__wrapped__))

    return install


def test_the_version_that_speaks_is_that_of_the_distribution_with_the_files(place, installed) -> None:
    """Several distributions may share the outermost package."""
    installed("z-first", {"family/first/__init__.py": ""})
    installed("a-second", {"family/second/__init__.py": "", "single_second.py": ""})
    (place / "mine_shared.py").write_text("import family.first\n")
    assert plugin_sources("mine_shared").distributions == {"z-first"}
    (place / "mine_shared.py").write_text("from family import second\n")
    assert plugin_sources("mine_shared").distributions == {"a-second"}


@pytest.mark.parametrize(
    ("about", "by_files"),
    [
        ({}, False),
        ({"direct_url.json": '{"url": "file:///x", "dir_info": {}}', "INSTALLER": "pip\n"}, True),
        ({"direct_url.json": '{"url": "file:///x", "dir_info": {}}', "INSTALLER": "conda\n"}, False),
    ],
)
def test_no_version_speaks_for_what_came_from_no_index(place, installed, about, by_files) -> None:
    """Installed from a folder or a repository, a helper may change and keep its version."""
    installed("a-helper", {"a_helper/__init__.py": ""}, **about)
    (place / "mine_helped.py").write_text("import a_helper\n")
    found = plugin_sources("mine_helped")
    assert ("a_helper/__init__.py" in found.files) == by_files
    assert found.distributions == (set() if by_files else {"a-helper"})


@pytest.fixture
def compiled(place: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A module and its compiled code, both older than now; Python takes that code for current."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    text = place / "mine_compiled.py"
    text.write_text("LEVEL = 0.10\n")
    code = Path(py_compile.compile(str(text), doraise=True) or "")
    while code.stat().st_mtime_ns <= text.stat().st_ctime_ns:  # a clock has steps
        py_compile.compile(str(text), doraise=True)
    importlib.invalidate_caches()
    return text, code


def edited(text: Path) -> None:
    """Write another text of the same size, and give it the time that the one before had."""
    about = text.stat()
    text.write_text("LEVEL = 0.90\n")
    os.utime(text, ns=(about.st_atime_ns, about.st_mtime_ns))


def test_compiled_code_of_another_text_is_not_run(compiled: tuple[Path, Path]) -> None:
    text, code = compiled
    digest("mine_compiled:LEVEL")
    assert code.exists()
    edited(text)
    digest("mine_compiled:LEVEL")
    assert not code.exists()
    assert importlib.import_module("mine_compiled").LEVEL == 0.9
    del sys.modules["mine_compiled"]


def test_compiled_code_of_another_text_that_stays_is_an_error(compiled, monkeypatch) -> None:
    text, code = compiled

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "read-only")

    monkeypatch.setattr(Path, "unlink", refused)
    os.utime(text)  # only touched: the code is still that of the text
    py_compile.compile(str(text), doraise=True)
    os.utime(code, ns=(0, 0))
    digest("mine_compiled:LEVEL")
    edited(text)
    with pytest.raises(PriorbenchError, match="compiled code"):
        digest("mine_compiled:LEVEL")


def test_a_digest_does_not_depend_on_the_place(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("here", "there"):
        folder = place / name
        folder.mkdir()
        (folder / "movable.py").write_text("class Model: ...\n")
        monkeypatch.syspath_prepend(str(folder))
        importlib.invalidate_caches()
        found.append(digest("movable:Model"))
    assert found[0] == found[1]


def test_code_that_cannot_be_found_is_an_error() -> None:
    with pytest.raises(PriorbenchError, match="no source file of nowhere_at_all:X can be found"):
        digest("nowhere_at_all:X")


def test_every_file_of_the_measured_path_counts() -> None:
    """Not by a list: whole folders, so that a new file counts from its first day."""
    names = set(core_files())
    for folder in ("contract", "machine", "parameters", "protocol", "standard", "worker"):
        there = {f"priorbench/{path.relative_to(CORE).as_posix()}" for path in (CORE / folder).rglob("*.py")}
        assert there
        assert there <= names


@pytest.mark.parametrize(
    "name", ["protocol/clock", "contract/stopping", "worker/session", "machine/settings", "worker/__main__"]
)
def test_an_edit_of_the_measured_path_gives_new_keys(tmp_path: Path, name: str) -> None:
    files = dict(core_files())
    copy = tmp_path / "copy.py"
    copy.write_bytes(files[f"priorbench/{name}.py"].read_bytes() + b"# edited\n")
    assert digest_of(files) == core_digest()
    assert digest_of(files | {f"priorbench/{name}.py": copy}) != core_digest()
    assert (
        digest_of({key: path for key, path in files.items() if key != f"priorbench/{name}.py"})
        != core_digest()
    )


def test_a_method_answers_for_the_parts_of_the_toolkit_that_it_uses() -> None:
    """An edit of a convolution kernel changes the networks' keys and nobody else's."""
    kernel = "priorbench/toolkit/fused/convolution/tiles/kernels.py"
    used = {
        name: set(plugin_sources(_spec(name).factory.partition(":")[0]).files)
        for name in ("bm3d", "nl-means", "dip", "deep-decoder", "conv-decoder")
    }
    assert kernel in used["conv-decoder"]
    assert kernel not in used["bm3d"]
    assert kernel not in used["nl-means"]
    assert "priorbench/toolkit/covariance.py" in used["bm3d"]
    assert {"priorbench/toolkit/fitting.py", "priorbench/toolkit/__init__.py"} <= used["deep-decoder"]


def test_what_a_plugin_imports_from_the_measured_path_is_not_said_twice() -> None:
    for name in ("bm3d", "dip", "two-layer"):
        for file in plugin_sources(_spec(name).factory.partition(":")[0]).files:
            assert not file.startswith("priorbench/protocol/")


def test_versions_speak_for_other_peoples_packages() -> None:
    assert "PyWavelets" in code_digest(_spec("wavelet").factory).distributions
    found = with_requirements(["scikit-image"])
    assert "scikit-image" not in found  # in every key
    assert {"pytest", "pluggy"} <= set(with_requirements(["pytest"]))


def _spec(name: str) -> DenoiserSpec:
    spec = load_registry().find("denoiser", name).spec
    assert isinstance(spec, DenoiserSpec)
    return spec


def test_imports_are_read_wherever_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        "import a.b\nfrom c import d\nfrom . import e\nfrom ..f import g\n"
        "if x:\n    def h():\n        import i\n"
        "j = importlib.import_module('k.l')\nfactory = 'm.n:O'\ntext = 'p'\n"
    )
    found = set(imported_names(file, "top.middle"))
    assert {"a.b", "c", "c.d", "top.middle", "top.middle.e", "top.f", "top.f.g", "i", "k.l", "m.n"} == found
