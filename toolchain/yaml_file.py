"""Reads a YAML file into a pydantic schema; every mistake becomes one line: file, key, value, allowed."""

from __future__ import annotations

import difflib
import stat
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from toolchain.errors import ConfigError, first_line
from toolchain.yaml_bounds import MAX_BYTES, parse_bounded

Schema = TypeVar("Schema", bound=BaseModel)


def load_yaml(path: Path, schema: type[Schema], shown: str | None = None) -> Schema:
    """Read `path` as `schema`.

    Args:
        shown: how messages name the file, if not by its path.

    Raises:
        ConfigError: the file is missing, is not YAML, or breaks the schema.
    """
    name = shown or str(path)
    raw = read_mapping(path, name)
    try:
        return schema.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{name}: {_explain(error.errors(), schema)}") from None


def read_mapping(path: Path, shown: str | None = None) -> dict[Any, Any]:
    """The keys and values of a YAML file, within the bounds of `toolchain.yaml_bounds`.

    Args:
        shown: how messages name the file, if not by its path.

    Raises:
        ConfigError: the file is missing, is not YAML, breaks a bound, or holds no mapping.
    """
    name = shown or str(path)
    raw = _parse(path, name)
    if not isinstance(raw, dict):
        raise ConfigError(f"{name}: expected `key: value` lines, found {_short(raw)}")
    return raw


def near_matches(name: str, known: Sequence[str]) -> str:
    """A `; did you mean ...?` clause for a mistyped name, or nothing."""
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _parse(path: Path, name: str) -> Any:
    try:
        return parse_bounded(_read(path, name).decode("utf-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}" if mark else "somewhere"
        raise ConfigError(f"{name}: {line}: not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: not YAML: {first_line(error)}") from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot read: {error.strerror}") from None


def _read(path: Path, name: str) -> bytes:
    """The bytes of a file that is one, and is not huge: reading a pipe or a device would never end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise ConfigError(f"{name}: cannot read: not a regular file")
    with path.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{name}: larger than {MAX_BYTES:,} bytes; such a file needs a few hundred")
    return content


def _explain(errors: Sequence[ErrorDetails], schema: type[BaseModel]) -> str:
    # An unknown key often causes a missing one beside it: the typing mistake is what helps.
    first = min(errors, key=lambda e: e["type"] != "extra_forbidden")
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return _explain_one(first, schema) + more


def _explain_one(error: ErrorDetails, schema: type[BaseModel]) -> str:
    if not error["loc"]:
        # Of the file as a whole: its message names the keys itself.
        return error["msg"].removeprefix("Value error, ")
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        allowed = sorted(_keys_beside(schema, error["loc"]))
        near = near_matches(str(error["loc"][-1]), allowed)
        return f"{key}: unknown key; allowed: {', '.join(allowed)}{near}"
    if error["type"] == "missing":
        return f"{key}: missing; add this key"
    message = error["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    # YAML takes 8 for a number and no for a truth value.
    mend = "; put quotes around it" if _is_meant_as_text(error) else ""
    return f"{key}: {_short(error['input'])}: should be {message}{mend}"


def _is_meant_as_text(error: ErrorDetails) -> bool:
    return error["type"] == "string_type" and isinstance(error["input"], int | float)


def _keys_beside(schema: type[BaseModel], location: Sequence[str | int]) -> set[str]:
    """Names of the keys allowed in the mapping that holds the last part of `location`."""
    for part in location[:-1]:
        field = schema.model_fields.get(str(part))
        inner = _schema_in(field.annotation) if field else None
        schema = inner or schema
    return {field.alias or name for name, field in schema.model_fields.items()}


def _schema_in(annotation: Any) -> type[BaseModel] | None:
    """The pydantic model that an annotation holds, looking through unions and containers."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    found = (_schema_in(inner) for inner in typing.get_args(annotation))
    return next((schema for schema in found if schema), None)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
