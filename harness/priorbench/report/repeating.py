"""Writes the suite and the command that repeat a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from priorbench.contract.choice import Choice
from priorbench.contract.specs import ImageSetSpec, NoiseSpec, OperatorSpec
from priorbench.report.gathering import BoardKey, BoardStory
from priorbench.report.text import readable
from priorbench.suite.notation import ChoiceError, parse_text
from priorbench.suite.yaml_text import write_yaml

#: (kind, label) -> what was chosen, as far as it is known here
Known = Mapping[tuple[str, str], Choice]


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeat:
    """A suite that runs some of the boards again.

    Attributes
    ----------
    title : str
        what it runs.
    suite : str
        YAML.
    command : str
        what to type.
    guesses : tuple of str
        labels that stand in the suite in the place of a name that the records do not tell.
    """

    title: str
    suite: str
    command: str
    guesses: tuple[str, ...]


def repeats(stories: Mapping[BoardKey, BoardStory], known: Known) -> list[Repeat]:
    """Return a suite for each image set, operator and group of noises on which the same methods ran."""
    groups: dict[tuple[str, str, str], list[BoardKey]] = {}
    for key, story in stories.items():
        groups.setdefault(
            (key.setting.image_set, key.setting.operator, write_yaml(_methods(story))), []
        ).append(key)
    return [_repeat(keys, stories, known) for keys in groups.values()]


def _repeat(keys: list[BoardKey], stories: Mapping[BoardKey, BoardStory], known: Known) -> Repeat:
    story = stories[keys[0]]
    settings = [row.settings for row in story.rows.values()]
    first, noises = keys[0].setting, [key.setting.noise for key in keys]
    wanted = list(dict.fromkeys(pair for key in keys for pair in key.labels()))
    suite = {
        "name": f"{first.image_set} again",
        "images": [_named(ImageSetSpec.kind, first.image_set, known)],
        "operators": [_named(OperatorSpec.kind, first.operator, known)],
        "noises": [_named(NoiseSpec.kind, noise, known) for noise in noises],
        **_methods(story),
        "repetitions": 1 + max(story.repetitions),
    }
    devices = {record.device for record in settings}
    device = next((name for name in sorted(devices) if name != "cpu"), "cpu")
    threads = max(record.threads for record in settings)
    return Repeat(
        title=str(replace(first, noise=", ".join(noises))),
        suite=str(readable(write_yaml(suite))),
        command=f"priorbench run suite.yaml --device {device} --threads {threads}",
        guesses=tuple(label for kind, label in wanted if (kind, label) not in known),
    )


def _methods(story: BoardStory) -> dict[str, list[Any]]:
    """Return the suite's lists of denoisers and stopping rules."""
    denoisers: dict[str, Any] = {}
    rules: dict[str, Any] = {}
    for row in story.rows.values():
        record = row.settings
        denoisers[record.label] = {record.denoiser: {"label": record.label, **record.parameters}}
        if record.stopping_rule is not None:
            name = _name(record.stopping_rule)
            rules[record.stopping_rule] = {
                name: {"label": record.stopping_rule, **record.stopping_parameters}
            }
    lists = {"denoisers": [denoisers[label] for label in sorted(denoisers)]}
    return lists | ({"stopping": [rules[label] for label in sorted(rules)]} if rules else {})


def _named(kind: str, label: str, known: Known) -> Any:
    choice = known.get((kind, label))
    if choice is not None:
        return {choice.name: {"label": choice.label, **choice.parameters}}
    try:
        raw = parse_text(label)
    except ChoiceError:
        return label
    return {raw.name: dict(raw.parameters)} if raw.parameters else raw.name


def _name(label: str) -> str:
    """Return the name in a label that is written ``name:key=value``."""
    return label.partition(":")[0]
