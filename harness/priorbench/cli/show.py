"""``priorbench show``: everything about one name."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.common.output import Format, PluginFiles, say

if TYPE_CHECKING:
    from priorbench.contract.specs import Spec, SuiteSpec
    from priorbench.loading.registry import Registered, Registry

#: Fields that the head of the page shows in another form.
_HEAD = (
    *("kind", "name", "summary", "plugin", "distribution", "version", "usable", "reason"),
    *("preset", "install", "parameters", "parameters_error"),
)
#: fields whose names say too little to who reads the page, and how they are called there
_CALLED = {"arithmetic": "bfloat16 by parameter", "arithmetic_refused": "refuses bfloat16 on"}
#: fields that are left out where they are empty, beside all that are an empty text
_LEFT_OUT = ("arithmetic_refused",)


def show_command(
    name: Annotated[str, typer.Argument(help="Name of anything that 'priorbench list' shows.")],
    format_: Annotated[Format, typer.Option("--format", help="For people or for scripts.")] = Format.TABLE,
    plugin: PluginFiles = None,
) -> None:
    """Show one thing: its parameters, citation, licence and needs."""
    from priorbench.cli.common.output import open_registry, print_json

    registry = open_registry(plugin)
    pages = [_page(entry) for entry in _matches(registry, name)] or _plugin_pages(registry, name)
    if not pages:
        _raise_unknown(registry, name)
    if format_ is Format.JSON:
        print_json(pages)
        return
    for number, page in enumerate(pages):
        if number:
            say()
        _print_page(page)


def _matches(registry: Registry, name: str) -> list[Registered]:
    from priorbench.contract.specs import KINDS

    return [registry.all(kind)[name] for kind in KINDS if name in registry.all(kind)]


def _plugin_pages(registry: Registry, name: str) -> list[dict[str, Any]]:
    from priorbench.cli.common.inventory import describe_plugin

    return [describe_plugin(status) for status in registry.plugins if status.name == name]


def _raise_unknown(registry: Registry, name: str) -> None:
    from priorbench.contract.specs import KINDS
    from priorbench.errors import PriorbenchError, UnknownNameError
    from priorbench.suite.hints import told_with_file

    known = {known for kind in KINDS for known in registry.all(kind)}
    error = UnknownNameError(
        "name", name, known | {status.name for status in registry.plugins}, "priorbench list"
    )
    raise PriorbenchError(told_with_file(error, registry)) from error


def _page(entry: Registered) -> dict[str, Any]:
    """Return a described record with its parameters, or a suite with its text."""
    from priorbench.cli.common.inventory import describe_spec
    from priorbench.contract.specs import SuiteSpec
    from priorbench.errors import PriorbenchError
    from priorbench.loading.absent import Scan

    spec = entry.spec
    what = "text" if isinstance(spec, SuiteSpec) else "parameters"
    content, problem = None, None
    try:
        content = _suite_text(spec) if isinstance(spec, SuiteSpec) else _parameters(spec)
    except PriorbenchError as error:
        problem = " ".join(str(error).split())
    found = describe_spec(entry, Scan())
    if problem is not None and found["usable"]:  # only now its code was imported
        found |= {"usable": False, "reason": problem}
    return {**found, what: content, f"{what}_error": problem}


def _parameters(spec: Spec) -> list[dict[str, Any]]:
    """Return the parameters of a factory, with the preset as defaults; a method's are asked of a child."""
    from priorbench.contract.specs import DenoiserSpec, MetricSpec
    from priorbench.loading.registry import import_factory
    from priorbench.parameters.values import parameters_of
    from priorbench.suite.inspection import listed_parameters

    if isinstance(spec, DenoiserSpec):
        return listed_parameters(spec)
    with contextlib.redirect_stdout(sys.stderr):  # what a module prints at import is no part of the page
        factory = import_factory(spec)
    if isinstance(spec, MetricSpec):
        return []  # the arguments of a metric are images
    return [
        {"name": each.name, "type": each.type, "default": each.default, "summary": each.summary}
        for each in parameters_of(spec, factory)
    ]


def _suite_text(spec: SuiteSpec) -> str:
    """Return the suite's file as it is; raise `PriorbenchError` where it cannot be read."""
    from importlib.resources import files

    from priorbench.errors import PriorbenchError

    package, _, file = spec.resource.partition(":")
    try:
        return files(package).joinpath(file).read_text(encoding="utf-8")
    except Exception as error:  # importing the package runs the plugin's code
        raise PriorbenchError(
            f"suite '{spec.name}' cannot be read from {spec.resource}: {type(error).__name__}: {error}"
        ) from error


def _print_page(page: dict[str, Any]) -> None:
    """Print one record for people; a suite such that what is printed is a suite file again."""
    from priorbench.cli.common.inventory import origin
    from priorbench.cli.common.output import print_table
    from priorbench.cli.terminal.yaml_lines import print_yaml

    title = f"{page['kind']} {page['name']}" + (f": {page['summary']}" if page.get("summary") else "")
    if page["kind"] == "suite":
        print_yaml(f"# {title}")
    else:
        say(title)
    if page["kind"] == "plugin":
        print_table([], [[key, _text(page[key])] for key in page if key not in ("kind", "name")], indent=2)
        return
    if page["kind"] == "suite":
        print_yaml(f"# from {origin(page)}, {page['resource']}")
        print_yaml(page["text"] if page["text"] is not None else f"# {page['text_error']}")
        return
    usable = "yes" if page["usable"] else f"no: {page['reason']}"
    facts = [["usable", usable], ["plugin", origin(page)]]
    told = (key for key in page if key not in _HEAD and page[key] != "")
    facts += [
        [_CALLED.get(key, key.replace("_", " ")), _text(page[key])]
        for key in told
        if page[key] or key not in _LEFT_OUT
    ]
    print_table([], facts, indent=2)
    _print_parameters(page)


def _print_parameters(page: dict[str, Any]) -> None:
    from priorbench.cli.common.output import print_table

    if page["parameters"] is None:
        why = page["parameters_error"]
        say(f"\nparameters: cannot be shown{'' if why == page['reason'] else f': {why}'}")
    elif not page["parameters"]:
        say("\nparameters: none")
    else:
        say("\nparameters:")
        rows = [
            [each["name"], each["type"], _text(each["default"]), each["summary"]]
            for each in page["parameters"]
        ]
        print_table(["name", "type", "default", "meaning"], rows, indent=2, names=("name", "default"))


def _text(value: Any) -> str:
    """Return a value for people, written as a suite file would have it."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_text(item)}" for key, item in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(item) for item in value) or "none"
    return value if isinstance(value, str) and value else json.dumps(value, default=str)
