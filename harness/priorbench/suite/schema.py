"""The keys of a suite file and their types; a new key also goes into `model` and `checking`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from priorbench.errors import suggestion
from priorbench.suite.yaml_text import KeyPath, write_value

#: more draws than any run makes; the counts of a plan stay numbers that a machine can count to
MOST_REPETITIONS = 1_000_000

_ENTRY_SCHEMA = {
    "anyOf": [
        {"type": "string", "description": "a registered name"},
        {
            "type": "object",
            "description": "a registered name with its parameters",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {
                "type": ["object", "null"],
                "properties": {
                    "label": {"type": "string", "description": "what tables and records show"},
                    "grid": {
                        "type": "object",
                        "description": "parameters with lists of values; all combinations are run",
                        "additionalProperties": {"type": "array", "minItems": 1},
                    },
                },
            },
        },
    ]
}

ListEntry = Annotated[Any, WithJsonSchema(_ENTRY_SCHEMA)]


class SuiteFile(BaseModel):
    """A suite of priorbench: image sets x operators x noises x denoisers x stopping rules x repetitions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, title="priorbench suite")

    name: Annotated[
        str, Field(pattern=r"^\S(?:[^\x00-\x1f]*\S)?$", description="shown in progress and records")
    ]
    summary: Annotated[str, Field(description="one line")] = ""
    images: Annotated[list[ListEntry], Field(description="image sets")] = []
    operators: Annotated[list[ListEntry], Field(description="operators A of y = A x + noise")] = ["identity"]
    noises: Annotated[list[ListEntry], Field(description="noise models")] = []
    denoisers: Annotated[list[ListEntry], Field(description="denoisers")] = []
    stopping: Annotated[list[ListEntry], Field(description="stopping rules of iterative denoisers")] = [
        "fixed"
    ]
    averaging: Annotated[
        list[str],
        Field(description="what is reported of iterative denoisers: raw, ema-0.99, last-100, ..."),
    ] = ["raw"]
    repetitions: Annotated[
        int, Field(ge=1, le=MOST_REPETITIONS, description="noise draws for each image")
    ] = 1
    metrics: Annotated[list[str], Field(description="metrics beyond PSNR and SSIM")] = []


def suite_schema() -> dict[str, Any]:
    """Return the JSON Schema of suite files, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **SuiteFile.model_json_schema()}


def shape_problems(data: Any) -> Iterable[tuple[KeyPath, str]]:
    """Yield (path, message) for everything in a suite's data that does not have the right shape."""
    if data is None:
        yield (), "the file is empty; a suite has a name, images, noises and denoisers"
        return
    if not isinstance(data, dict):
        kind = "a list" if isinstance(data, list) else "a single value"
        yield (), f"a suite is a mapping (name: ..., images: [...], ...), not {kind}"
        return
    try:
        SuiteFile.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            yield detail["loc"], _message(detail["type"], detail["loc"], detail["input"], detail["msg"])


def list_value(data: Any, key: str) -> list[Any]:
    """Return a list of a suite's data, or its default where it is absent or no list."""
    default: list[Any] = SuiteFile.model_fields[key].get_default()
    value = data.get(key, default) if isinstance(data, dict) else default
    return value if isinstance(value, list) else []


def _message(kind: str, path: KeyPath, given: Any, message: str) -> str:
    key = str(path[0])
    where = key if len(path) == 1 else f"{key}[{path[1]}]"
    if kind == "extra_forbidden":
        return f"unknown key '{key}'{suggestion(key, SuiteFile.model_fields)}"
    if kind == "missing":
        return f"the key '{key}' is missing"
    wanted = {
        "list_type": "must be a list, with a line '- name' for each entry",
        "string_type": "must be a name" if len(path) > 1 else "must be text",
        "string_pattern_mismatch": "must be one line of text",
        "int_type": "must be a whole number",
        "greater_than_equal": "must be 1 or more",
        "less_than_equal": f"must be at most {MOST_REPETITIONS}",
    }.get(kind, message)
    return f"{where}: {wanted}, not {write_value(given)}"
