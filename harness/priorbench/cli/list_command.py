"""``priorbench list``: what is installed, from where, and whether it can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.common.output import Format, PluginFiles, say

if TYPE_CHECKING:
    from priorbench.loading.registry import Registry


def list_command(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="denoisers, image-sets, noises, operators, stopping-rules, metrics, suites, experiments, "
            "executors or plugins; an overview of all where it is left out.",
            show_default=False,
        ),
    ] = "",
    format_: Annotated[Format, typer.Option("--format", help="For people or for scripts.")] = Format.TABLE,
    plugin: PluginFiles = None,
) -> None:
    """List what is installed, from where, and whether it is usable."""
    from priorbench.cli.common.output import open_registry, print_json
    from priorbench.contract.specs import KINDS
    from priorbench.errors import UnknownNameError

    kinds = {spec.plural: kind for kind, spec in KINDS.items()}
    if kind and kind not in kinds and kind != "plugins":
        raise UnknownNameError("kind", kind, [*kinds, "plugins"])
    registry = open_registry(plugin, tell_broken=kind != "plugins")
    if format_ is Format.JSON:
        print_json(_objects(registry, kinds.get(kind, kind)))
    elif not kind:
        _print_overview(registry)
    elif kind == "plugins":
        _print_plugins(registry)
    else:
        _print_specs(registry, kinds[kind], kind)


def _objects(registry: Registry, kind: str) -> list[dict[str, Any]]:
    """Return what scripts are told; of every kind, plugins last, where `kind` is empty."""
    from priorbench.cli.common.inventory import describe_plugin, specs_of
    from priorbench.contract.specs import KINDS

    plugins = [describe_plugin(status) for status in registry.plugins]
    if kind == "plugins":
        return plugins
    if kind:
        return specs_of(registry, kind)
    return [*specs_of(registry, *KINDS), *plugins]


def _print_overview(registry: Registry) -> None:
    from priorbench.cli.common.inventory import specs_of
    from priorbench.cli.common.output import print_table
    from priorbench.contract.specs import KINDS

    rows, marked = [], False
    every = specs_of(registry, *KINDS)
    for kind, spec in KINDS.items():
        found = [one for one in every if one["kind"] == kind]
        names = [one["name"] + ("" if one["usable"] else "*") for one in found]
        marked = marked or not all(one["usable"] for one in found)
        rows.append([spec.plural, str(len(names)), ", ".join(names)])
    names = [
        status.name + ("" if status.status == "ok" else f" ({status.status})") for status in registry.plugins
    ]
    print_table(
        ["kind", "number", "names"],
        [*rows, ["plugins", str(len(names)), ", ".join(names)]],
        whole=("kind", "number"),
    )
    if marked:
        say("\n* cannot be used here: 'priorbench list KIND' says why")


def _print_specs(registry: Registry, kind: str, word: str) -> None:
    from priorbench.cli.common.inventory import origin, specs_of
    from priorbench.cli.common.output import print_table

    found = specs_of(registry, kind)
    if not found:
        say(f"No {word} are installed.")
        return
    rows = [
        [
            one["name"],
            one["summary"],
            origin(one),
            "yes" if one["usable"] else f"no: {one['reason']}",
        ]
        for one in found
    ]
    print_table(["name", "summary", "plugin", "usable"], rows, names=("name",), dispensable=("plugin",))


def _print_plugins(registry: Registry) -> None:
    from priorbench.cli.common.inventory import describe_plugin
    from priorbench.cli.common.output import print_table

    rows = []
    for plugin in map(describe_plugin, registry.plugins):
        provides = "; ".join(f"{word}: {', '.join(names)}" for word, names in plugin["provides"].items())
        where = [plugin["name"], f"{plugin['distribution']} {plugin['version']}".strip(), plugin["module"]]
        rows.append([*where, plugin["status"], plugin["reason"] or provides])
    if rows:
        print_table(
            ["name", "distribution", "module", "status", "reason, or what it provides"],
            rows,
            names=("name", "module"),
            dispensable=("module", "distribution"),
        )
    else:
        say("No plugins are installed.")
