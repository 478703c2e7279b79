"""From a suite's text and the command line's options to a checked suite, or to every problem at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from priorbench.contract.averages import Average, read_average
from priorbench.contract.choice import Choice
from priorbench.contract.specs import DenoiserSpec, ImageSetSpec, MetricSpec, NoiseSpec, StoppingRuleSpec
from priorbench.errors import PriorbenchError, RequestError
from priorbench.loading.registry import Registry
from priorbench.suite.given import misfits
from priorbench.suite.hints import of_unreadable, placed_beside
from priorbench.suite.model import LISTS, Suite, SuiteOptions
from priorbench.suite.notation import ChoiceError, RawChoice, parse_entry, parse_text
from priorbench.suite.reporting import crossed
from priorbench.suite.resolution import (
    Fault,
    Origin,
    Resolved,
    Tolerance,
    check_usable,
    line_at,
    resolve_list,
)
from priorbench.suite.schema import MOST_REPETITIONS, SuiteFile, list_value, shape_problems
from priorbench.suite.yaml_text import KeyPath, MarkedYaml, YamlError, read_yaml

#: lists whose entries may have parameters; a metric is a name alone
_WITH_PARAMETERS = tuple(key for key in LISTS if key != MetricSpec.suite_key)


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteText:
    """The text of a suite.

    Attributes
    ----------
    name : str
        what messages call it: the file's name, or ``-`` for a suite made of options alone.
    text : str
        YAML.
    registered : bool, default False
        it belongs to a plugin, so that its reader cannot mend it.
    folder : Path or None, optional
        of the file: relative paths of image sets are relative to it. None: to the working folder.
    """

    name: str
    text: str
    registered: bool = False
    folder: Path | None = None


#: The suite that is made of options alone.
OPTIONS_ALONE = SuiteText(name="-", text="name: '-'\n")


def check_suite(source: SuiteText, registry: Registry, options: SuiteOptions) -> Suite:
    """Return the checked suite of a text; see `priorbench.suite.files.load_suite`."""
    try:
        marked = read_yaml(source.text)
    except YamlError as error:
        raise RequestError([f"{source.name}:{error.line}: {error}"]) from error
    return _Check(source=source, marked=marked, registry=registry, options=options).suite()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Check:
    source: SuiteText
    marked: MarkedYaml
    registry: Registry
    options: SuiteOptions

    def suite(self) -> Suite:
        lists = {key: self._resolve(key) for key in _WITH_PARAMETERS}
        metrics, metric_problems = self._metrics()
        averages, average_problems = self._averages()
        problems = [
            *(self._at_line(line, message) for line, message in self.marked.problems),
            *(self._at(path, message) for path, message in shape_problems(self.marked.data)),
            *(problem for resolved in lists.values() for problem in resolved.problems),
            *metric_problems,
            *average_problems,
            *self._bad_repetitions(),
            *self._misfits(lists),
        ]
        if problems:
            # a grid repeats the problem of a parameter beside it; aliases repeat whole entries
            ordered = sorted(dict.fromkeys(problems), key=lambda problem: problem.line)
            raise RequestError([problem.text for problem in ordered])
        stopping = self._crossed(lists["stopping"].choices, averages)
        shape = SuiteFile.model_validate(self.marked.data)
        return Suite(
            name=shape.name,
            summary=shape.summary,
            images=lists["images"].choices,
            noises=lists["noises"].choices,
            denoisers=lists["denoisers"].choices,
            stopping=stopping,
            operators=lists["operators"].choices,
            repetitions=self.options.repetitions or shape.repetitions,
            metrics=metrics,
            source=self._source_text(),
            warnings=tuple(warning.text for resolved in lists.values() for warning in resolved.warnings),
            remarks=tuple(remark.text for resolved in lists.values() for remark in resolved.remarks),
        )

    def _resolve(self, key: str) -> Resolved:
        typed = getattr(self.options, key)
        read = self._typed(LISTS[key].option, key, typed) if typed else self._written(key)
        if key == DenoiserSpec.suite_key:
            read += self._typed("--add-denoiser", key, self.options.added_denoisers)
        entries = [item for item in read if not isinstance(item, Fault)]
        resolved = resolve_list(LISTS[key].kind, entries, self.registry)
        problems = [*(item for item in read if isinstance(item, Fault)), *resolved.problems]
        if not resolved.choices and not problems and (typed or self._has_list(key)):
            problems = [self._empty(key, bool(resolved.warnings)), *resolved.warnings]
        remarks = resolved.remarks if typed or not self.source.registered else ()
        return replace(resolved, remarks=remarks, problems=tuple(problems))

    def _typed(self, option: str, key: str, texts: Sequence[str]) -> list[tuple[RawChoice, Origin] | Fault]:
        read: list[tuple[RawChoice, Origin] | Fault] = []
        for text in texts:
            origin = Origin(shown=f"{option} '{text}'")
            try:
                raw = (_folder(text, self.registry) if key == "images" else None) or parse_text(text)
            except ChoiceError as error:
                told = of_unreadable(LISTS[key].kind, text, error, self.registry)
                read += [origin.problem(message) for message in told]
                continue
            placed, fault = placed_beside(raw, self.registry, Path())
            read.append(origin.problem(fault) if fault else (placed, origin))
        return read

    def _written(self, key: str) -> list[tuple[RawChoice, Origin] | Fault]:
        read: list[tuple[RawChoice, Origin] | Fault] = []
        for number, entry in enumerate(list_value(self.marked.data, key)):
            origin = self._origin(key, number)
            if LISTS[key] is NoiseSpec and type(entry) in (int, float):
                entry = str(entry)  # a bare level, of which more is to be said than that it is no name
            try:
                raw = parse_entry(entry)
            except ChoiceError as error:
                read += [origin.problem(message, keys) for keys, message in error.problems]
                continue
            placed, fault = placed_beside(raw, self.registry, self.source.folder)
            read.append(origin.problem(fault, name=raw.name) if fault else (placed, origin))
        return read

    def _origin(self, key: str, number: int) -> Origin:
        # Without an image set or a noise it would be another benchmark; without a method, a shorter table.
        tolerance: Tolerance = "nothing"
        if key == "denoisers":
            tolerance = "not there" if self.source.registered else "missing package"
        return Origin(
            shown=f"{key}[{number}]",
            source=self.source.name,
            path=(key, number),
            lines=self.marked.lines,
            tolerance=tolerance,
        )

    def _metrics(self) -> tuple[tuple[str, ...], list[Fault]]:
        """Return the names of the metrics, which take no parameters."""
        written = enumerate(list_value(self.marked.data, "metrics"))
        origins = [
            (name, Origin(shown=f"{MetricSpec.option} '{name}'")) for name in self.options.metrics
        ] or [(name, self._origin("metrics", number)) for number, name in written if isinstance(name, str)]
        problems = []
        names: list[str] = []
        for name, origin in origins:
            fault = (
                "it is given twice" if name in names else check_usable(MetricSpec.kind, name, self.registry)
            )
            if fault:
                problems.append(origin.problem(fault))
            names.append(name)
        return tuple(names), problems

    def _averages(self) -> tuple[tuple[Average, ...], list[Fault]]:
        """Return what is reported of iterative methods."""
        written = enumerate(list_value(self.marked.data, "averaging"))
        entries = [(text, Origin(shown=f"--averaging '{text}'")) for text in self.options.averaging] or [
            (text, self._origin("averaging", number)) for number, text in written if isinstance(text, str)
        ]
        found: list[Average] = []
        problems = []
        for text, origin in entries:
            try:
                average = read_average(text)
            except PriorbenchError as error:
                problems.append(origin.problem(str(error)))
                continue
            if average in found:
                problems.append(origin.problem("it is given twice"))
            found.append(average)
        return tuple(found), problems

    def _crossed(self, rules: tuple[Choice, ...], averages: tuple[Average, ...]) -> tuple[Choice, ...]:
        specs = [self.registry.find(StoppingRuleSpec.kind, rule.name).spec for rule in rules]
        oracles = frozenset(spec.name for spec in specs if isinstance(spec, StoppingRuleSpec) and spec.oracle)
        found = crossed(rules, averages, oracles, stop_now=self.options.stop_now)
        for label, count in Counter(rule.label for rule in found).items():
            if count > 1:
                raise RequestError(
                    [f"{self.source.name}: two stopping rules are called '{label}': give one another 'label'"]
                )
        return found

    def _has_list(self, key: str) -> bool:
        """Tell a list that is absent or empty from one whose shape is a problem already."""
        data = self.marked.data
        return isinstance(data, dict) and isinstance(data.get(key, []), list)

    def _empty(self, key: str, left_out: bool) -> Fault:
        kind, option = LISTS[key].kind, LISTS[key].option
        if self.source is OPTIONS_ALONE:
            return Fault(
                line=0, text=f"{option}: give at least one {kind}: the suite '-' has none of its own"
            )
        reason = "none of them can be used here" if left_out else "the list is empty"
        return self._at((key,), f"{key}: {reason}: name at least one {kind}, or give {option}")

    def _bad_repetitions(self) -> Iterable[Fault]:
        repetitions = self.options.repetitions
        if repetitions is not None and repetitions < 1:
            yield Fault(line=0, text=f"--repetitions: must be 1 or more, not {repetitions}")
        if repetitions is not None and repetitions > MOST_REPETITIONS:
            yield Fault(line=0, text=f"--repetitions: must be at most {MOST_REPETITIONS}, not {repetitions}")

    def _misfits(self, lists: Mapping[str, Resolved]) -> Iterable[Fault]:
        """Yield what cannot go with noise that is given."""
        images, noises, operators = (lists[key].choices for key in ("images", "noises", "operators"))
        for label, message in misfits(self.registry, images, noises, operators):
            if self.options.noises:
                yield Fault(line=0, text=f"--noise '{label}': {message}")
            else:
                yield self._at(("noises",), f"noises: {label}: {message}")

    def _source_text(self) -> str:
        typed = str(self.options)
        if self.source is OPTIONS_ALONE:
            return typed
        return f"{self.source.text.rstrip()}\n# with {typed}\n" if typed else self.source.text

    def _at(self, path: KeyPath, message: str) -> Fault:
        return self._at_line(line_at(self.marked.lines, path), message)

    def _at_line(self, line: int, message: str) -> Fault:
        return Fault(line=line, text=f"{self.source.name}:{line}: {message}")


def _folder(text: str, registry: Registry) -> RawChoice | None:
    """Read the path of an existing folder as the image set that takes one."""
    if text in registry.all("image set") or not Path(text).expanduser().is_dir():
        return None
    for registered in registry.all("image set").values():
        spec = registered.spec
        if isinstance(spec, ImageSetSpec) and spec.takes_folder:
            return RawChoice(name=spec.name, parameters={spec.label_from: text})
    return None
