"""Writes the suite and the command that repeat a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from priorbench.contract.choice import Choice
from priorbench.contract.requests import AskedSet, Request
from priorbench.report.gathering import BoardKey, BoardStory
from priorbench.report.text import readable
from priorbench.suite.notation import ChoiceError, parse_text
from priorbench.suite.yaml_text import write_yaml


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
        labels of image sets whose place, or whose name, the requests do not tell.
    """

    title: str
    suite: str
    command: str
    guesses: tuple[str, ...]


def repeats(stories: Mapping[BoardKey, BoardStory]) -> list[Repeat]:
    """Return a suite for each image set, operator, salt and group of noises on which the same methods ran."""
    groups: dict[tuple[str, ...], list[BoardKey]] = {}
    for key, story in stories.items():
        if story.rows:
            setting = key.setting
            methods = write_yaml(_methods(story))
            where = (setting.image_set, setting.operator, setting.salt)
            groups.setdefault((*where, methods), []).append(key)
    return [_repeat(keys, stories) for keys in groups.values()]


def _repeat(keys: list[BoardKey], stories: Mapping[BoardKey, BoardStory]) -> Repeat:
    story = stories[keys[0]]
    settings = [row.settings for row in story.rows.values()]
    first = _request(story)
    noises = [_request(stories[key]).noise for key in keys]
    suite = {
        "name": f"{first.image_set.label} again",
        "images": [_images(first.image_set)],
        "operators": [_entry(first.operator)],
        "noises": [_entry(noise) for noise in noises],
        **_methods(story),
        "repetitions": 1 + max(story.repetitions),
    }
    devices = {record.device for record in settings}
    device = next((name for name in sorted(devices) if name != "cpu"), "cpu")
    threads = max(record.threads for record in settings)
    shown = replace(keys[0].setting, noise=", ".join(key.setting.noise for key in keys))
    told = first.image_set.name and not first.image_set.members
    return Repeat(
        title=str(shown),
        suite=str(readable(write_yaml(suite))),
        command=f"priorbench run suite.yaml --device {device} --threads {threads}"
        + (" --salt FILE" if shown.salt else ""),
        guesses=() if told else (first.image_set.label,),
    )


def _request(story: BoardStory) -> Request:
    return next(iter(story.rows.values())).request


def _methods(story: BoardStory) -> dict[str, list[Any]]:
    """Return the suite's lists of denoisers and stopping rules."""
    requests = [row.request for row in story.rows.values()]
    denoisers = {one.denoiser.label: _entry(one.denoiser) for one in requests}
    rules = {one.stopping.label: _entry(one.stopping) for one in requests if one.stopping is not None}
    lists = {"denoisers": [denoisers[label] for label in sorted(denoisers)]}
    return lists | ({"stopping": [rules[label] for label in sorted(rules)]} if rules else {})


def _entry(choice: Choice) -> dict[str, Any]:
    return {choice.name or choice.label: {"label": choice.label, **choice.parameters}}


def _images(asked: AskedSet) -> Any:
    """Return the suite's entry of an image set; its label stands where a path is not told, or a name."""
    if asked.name:
        place = {"path": asked.label} if asked.members else {}
        return {asked.name: {"label": asked.label, **place, **asked.parameters}}
    try:
        raw = parse_text(asked.label)
    except ChoiceError:
        return asked.label
    return {raw.name: dict(raw.parameters)} if raw.parameters else raw.name
