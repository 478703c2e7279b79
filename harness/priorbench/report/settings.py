"""The exact conditions: protocol, noise, machine, software, and every method's settings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from priorbench.ranking.boards import Board
from priorbench.rendering.board.clipping import NOT_CLIPPED
from priorbench.report.gathering import BoardKey, BoardStory
from priorbench.words import kind_of, memory, number, plural

#: facts of an environment that have a line of their own, in this order; the others follow
_FIRST = ("processor", "cores", "memory_bytes", "accelerator", "system", "machine", "python", "threads")

Facts = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodSettings:
    """What one row of the rankings ran with.

    Attributes
    ----------
    label, denoiser : str
        what tables show, and the registered name.
    version : str
        the plugin, its version, and the digest of its source.
    where : str
        device and threads.
    stopping : str
        rule with its parameters, or empty.
    trained_on : str
        data that it was trained on.
    parameters : list[tuple[str, str]]
        (name, value) of each.
    """

    label: str
    denoiser: str
    version: str
    where: str
    stopping: str
    trained_on: str
    parameters: Facts


def board_conditions(board: Board, story: BoardStory) -> Facts:
    """Return what was the same for every method of a board."""
    started = sorted(moment for moment in story.started if moment)
    sizes = sorted(story.sizes, key=lambda size: size[1] * size[2])
    noises = "; ".join(_settings(one) for one in story.noise_parameters)
    return [
        ("protocol", f"version {board.protocol}: the rules of noise, clock and score"),
        ("operator", board.setting.operator),
        ("noise", f"{board.setting.noise}: {noises or 'no parameters'}"),
        *([("salt of the noise", f"hash {board.setting.salt}")] if board.setting.salt else []),
        ("σ that methods are told", _sigmas(story.sigmas)),
        (
            f"{board.start} images",
            "unknown"
            if board.noisy_psnr is None
            else f"{number(board.noisy_psnr, 2)} dB on average"
            + (f", {NOT_CLIPPED}" if board.unclipped else ""),
        ),
        ("images", f"{board.images}, {_sizes(sizes)}"),
        *([("how pictures were read", notes)] if (notes := _notes(story)) else []),
        ("draws of noise for each image", str(len(story.repetitions) or "unknown")),
        ("intervals", f"{board.claims.percent}, Student's t over images"),
        ("told apart", f"sign-flip tests, {board.claims.percent} sure of all pairs together"),
        ("equal in practice", f"less than {board.claims.rope:g} dB"),
        ("run", f"{started[0]} to {started[-1]}" if started else "unknown"),
        (
            "environments",
            ", ".join(
                f"{name or 'not recorded'} ({count} records)" for name, count in story.environments.items()
            ),
        ),
    ]


def _notes(story: BoardStory) -> str:
    """Return what was done to pictures when they were read, each kind with the number of images."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for record in story.problems.values():
        for kind, note in {kind_of(note): note for note in record.notes}.items():
            counts[first.setdefault(kind, note)] += 1
    return "; ".join(f"{note} ({plural(count, 'image')})" for note, count in counts.items())


def environment_facts(
    environments: Mapping[str, Mapping[str, Any]], stories: Mapping[BoardKey, BoardStory]
) -> list[tuple[str, Facts]]:
    """Return (fingerprint, facts) of every environment that a record names."""
    named = dict.fromkeys(name for story in stories.values() for name in story.environments)
    return [(name or "not recorded", _environment(environments.get(name))) for name in named]


def methods(stories: Mapping[BoardKey, BoardStory]) -> list[MethodSettings]:
    """Return the settings of every row, each once."""
    found: dict[str, MethodSettings] = {}
    for story in stories.values():
        for row in story.rows.values():
            record = row.settings
            kind = record.device.partition(":")[0]  # one of several that are alike
            asked = row.request
            rule = "" if asked.stopping is None else asked.stopping.label
            settings = MethodSettings(
                label=asked.denoiser.label,
                denoiser=record.denoiser,
                version=f"{record.plugin} {record.plugin_version}"
                + (f", commit {record.plugin_commit}" if record.plugin_commit else "")
                + (f", source {record.plugin_source}" if record.plugin_source else ""),
                where=f"{kind}, {record.threads} thread{'' if record.threads == 1 else 's'}",
                stopping=f"{rule} ({_settings(record.stopping_parameters)})"
                if rule and record.stopping_parameters
                else rule,
                trained_on=", ".join(record.trained_on),
                parameters=[(name, _plain(value)) for name, value in record.parameters.items()],
            )
            found.setdefault(repr(settings), settings)
    return sorted(found.values(), key=lambda item: (item.label, item.stopping))


def _environment(facts: Mapping[str, Any] | None) -> Facts:
    if facts is None:
        return [("", "the store does not describe this environment")]
    ordered = {name: facts[name] for name in _FIRST if name in facts} | dict(facts)
    lines = []
    for name, value in ordered.items():
        if name == "memory_bytes":
            lines.append(("memory", memory(value) or "unknown"))
        elif isinstance(value, Mapping):
            lines += [(f"{name}: {key}", _plain(item)) for key, item in value.items()]
        else:
            lines.append((name, _plain(value)))
    return lines


def _sizes(sizes: Sequence[tuple[int, int, int]]) -> str:
    """Return the smallest and the largest; none of them is known where every record is damaged."""
    if not sizes:
        return "their sizes unknown"
    smallest, largest = _size(sizes[0]), _size(sizes[-1])
    return smallest if smallest == largest else f"{smallest} to {largest}"


def _size(size: tuple[int, int, int]) -> str:
    channels, height, width = size
    return f"{width} × {height}, {'colour' if channels == 3 else 'grey' if channels == 1 else channels}"


def _sigmas(sigmas: set[float | None]) -> str:
    told = sorted(value for value in sigmas if value is not None)
    if not told:
        return "nothing"
    ends = [f"{value:.5g} = {value * 255:.4g}/255" for value in (told[0], told[-1])]
    return ends[0] if told[0] == told[-1] else f"{ends[0]} to {ends[1]}"


def _settings(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {_plain(value)}" for name, value in values.items())


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value)
