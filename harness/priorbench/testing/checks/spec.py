"""What a plugin says of itself, and that saying it costs nothing: for every kind of thing."""

from __future__ import annotations

from priorbench.contract.specs import DenoiserSpec, ImageSetSpec, NoiseSpec, OperatorSpec
from priorbench.errors import PriorbenchError, suggestion
from priorbench.parameters.signatures import DeclarationError
from priorbench.parameters.values import parameters_of
from priorbench.testing.checks.importing import DEPENDENCIES, IMPORTS, LAZY
from priorbench.testing.results import Check, Finding, Skip
from priorbench.testing.subject import Subject
from priorbench.words import one_line

#: what summaries and citations of a scaffold end with
TEMPLATE = " (template)"
#: of a check of what fields name
_NAMES_NONE = "its spec names no parameter for it"


def licence(subject: Subject) -> Finding | None:
    """Readers must know what they may do with it."""
    if subject.spec.licence.strip():
        return None
    return Finding(
        expected="a licence, as an SPDX name or a short text",
        seen="licence is empty",
        mend="set licence=... in the spec that the hook yields, for example 'MIT'",
    )


def summary(subject: Subject) -> Finding | None:
    """Lists have one line for each thing."""
    text = subject.spec.summary
    seen = f"{len(text)} characters in {len(text.splitlines())} lines" if text.strip() else "summary is empty"
    if text.strip() and "\n" not in text and len(text) <= 160:
        return _unedited("summary", text)
    return Finding(
        expected="a summary of one line, at most 160 characters",
        seen=seen,
        mend="set summary=... in the spec that the hook yields",
    )


def citation(subject: Subject) -> Finding | None:
    """Tables must say whose method it is."""
    if subject.spec.citation.strip():
        return _unedited("citation", subject.spec.citation)
    return Finding(
        expected="the publication, or the word 'unpublished'",
        seen="citation is empty",
        mend="set citation=... in the spec that the hook yields",
    )


def own_citation(subject: Subject) -> Finding | Skip | None:
    """Where a publication is named, it is not that of a template."""
    if not subject.spec.citation.strip():
        return Skip("its spec names no publication")
    return _unedited("citation", subject.spec.citation)


def _unedited(field: str, text: str) -> Finding | None:
    """Warn of what a scaffold has put there."""
    if not text.endswith(TEMPLATE):
        return None
    return Finding(
        expected=f"a {field} of your own",
        seen=f"'{text}', as the template has it",
        mend=f"set {field}=... in the spec that the hook yields",
        warning=True,
    )


def loads(subject: Subject) -> Finding | Skip | None:
    """It must make an object with all its defaults."""
    try:
        subject.make()
    except Exception as error:
        if isinstance(subject.spec, ImageSetSpec) and isinstance(error, PriorbenchError):
            return Skip(f"its pictures are not here: {one_line(error)}")
        return Finding(
            expected=f"{subject.spec.factory} can be called with its defaults",
            seen=one_line(f"{type(error).__name__}: {error}"),
            mend="call it in a Python session, or see 'priorbench show NAME'",
        )
    return None


def parameters(subject: Subject) -> Finding | None:
    """Suites are checked against the signature before anything runs."""
    try:
        parameters_of(subject.spec, subject.factory)
    except DeclarationError as error:
        return Finding(
            expected="every parameter is a keyword argument with type and default; a preset names no other",
            seen=one_line(error),
            mend="write it as 'def __init__(self, *, strength: float = 0.1)'",
        )
    return None


def abilities(subject: Subject) -> Finding | Skip | None:
    """Runs are planned by what the spec says, without importing the method."""
    assert isinstance(subject.spec, DenoiserSpec)
    if subject.spec.iterative is None and subject.spec.together is None:
        return Skip("its spec says neither 'iterative' nor 'together'")
    made = subject.make()
    for name, method in (("iterative", "iterate"), ("together", "iterate_together")):
        said, found = getattr(subject.spec, name), hasattr(made, method)
        if said not in (None, found):
            return Finding(
                expected=f"{name}={found}, since its object has {'a' if found else 'no'} method '{method}'",
                seen=f"{name}={said}",
                mend=f"set {name}={found} in the spec that the hook yields",
            )
    return None


def arithmetic(subject: Subject) -> Finding | Skip | None:
    """Keys and refusals follow from the parameter that says how products are computed."""
    assert isinstance(subject.spec, DenoiserSpec)
    name = subject.spec.arithmetic
    if not name:
        return Skip(_NAMES_NONE)
    if name in subject.parameters:
        return None
    return Finding(
        expected="'arithmetic' names a parameter of the factory",
        seen=f"'{name}'{suggestion(name, subject.parameters)}",
        mend="correct 'arithmetic' in the spec",
    )


def level(subject: Subject) -> Finding | Skip | None:
    """Levels share their random numbers: the seed does not know what these parameters are."""
    assert isinstance(subject.spec, (NoiseSpec, OperatorSpec))
    lists = {"level": subject.spec.level, "after_draw": getattr(subject.spec, "after_draw", ())}
    named = [(field, name) for field, names in lists.items() for name in names]
    if not named:
        return Skip(_NAMES_NONE)
    unknown = [one for one in named if one[1] not in subject.parameters]
    if not unknown:
        return None
    field, name = unknown[0]
    return Finding(
        expected=f"'{field}' names parameters of the factory",
        seen=f"'{name}'{suggestion(name, subject.parameters)}",
        mend=f"correct '{field}' in the spec",
    )


LICENCE = Check(name="licence", what="it names its licence", run=licence)
SUMMARY = Check(name="summary", what="it has a summary of one line", run=summary)
CITATION = Check(name="citation", what="it names its publication, or says that there is none", run=citation)
OWN_CITATION = Check(name="citation", what="a publication that it names is its own", run=own_citation)
PARAMETERS = Check(
    name="parameters",
    what="its parameters have types and defaults, so that suites can be checked",
    run=parameters,
    needs=("imports",),
)
LOADS = Check(name="loads", what="its factory can be called", run=loads, needs=("parameters",))
#: for methods
ABILITIES = Check(
    name="abilities",
    what="its spec says truly whether it iterates, and fits several images at once",
    run=abilities,
    needs=("loads",),
)
ARITHMETIC = Check(
    name="arithmetic", what="'arithmetic' names a parameter of it", run=arithmetic, needs=("loads",)
)
#: for what is drawn at random
LEVEL = Check(name="level", what="'level' and 'after_draw' name its parameters", run=level, needs=("loads",))

#: for every kind
CHECKS = (SUMMARY, LAZY, IMPORTS, DEPENDENCIES, PARAMETERS, LOADS)
#: for those that wrap somebody's work
CREDITS = (LICENCE, CITATION)
