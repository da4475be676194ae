"""What every record is: a frozen pydantic model that refuses keys it does not know; one reader and one writer for all.

A file of another version is refused with the command that writes it anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails

from toolchain.errors import BuildError
from toolchain.files import write_json
from toolchain.told import shown

Number = int | float
"""A whole number stays one, so that equal figures give equal bytes."""

AnyRecord = TypeVar("AnyRecord", bound="Record")


class Record(BaseModel):
    """Part of what crosses a stage or a process as JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with the keys that were said; what was left out stays out."""
        return self.model_dump(mode="json", exclude_unset=True)


class RecordFile(Record):
    """A record that is a file of its own.

    Attributes:
        VERSION_KEY: the key of its version.
        VERSION: the one that this Gateweave reads and writes; any change of a key is a new one.
        TITLE: what messages call it.
    """

    VERSION_KEY: ClassVar[str] = "version"
    VERSION: ClassVar[int]
    TITLE: ClassVar[str]

    @model_serializer(mode="wrap")
    def _with_version(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """With its version, also where it is part of another record."""
        return {**plain(self), self.VERSION_KEY: self.VERSION}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Its version is one of its keys."""
        schema = handler(core)
        whole = handler.resolve_ref_schema(schema)
        whole["properties"] = {cls.VERSION_KEY: {"const": cls.VERSION, "title": "Version"}, **whole["properties"]}
        whole["required"] = [cls.VERSION_KEY, *whole.get("required", ())]
        return schema


class OtherVersionError(BuildError):
    """A record that another version of Gateweave wrote."""


def write_file(path: Path, record: RecordFile) -> None:
    """Write a record as JSON, with its version.

    Raises:
        BuildError: it cannot be written.
    """
    write_json(path, record.to_json())


def read_file(path: Path, kind: type[AnyRecord], again: str) -> AnyRecord:
    """Read what `write_file` wrote.

    Args:
        again: the command that writes the file anew, such as "make build BOARD=ulx3s".

    Raises:
        OtherVersionError: another version of Gateweave wrote it.
        BuildError: the file is missing, or is not such a record; names the key and its value.
    """
    try:
        raw = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BuildError(f"{path}: not a {_title(kind)} ({why}); run `{again}` again") from error
    return parse(raw, kind, str(path), again)


def parse(raw: Any, kind: type[AnyRecord], name: str, again: str) -> AnyRecord:
    """A record of plain JSON, as `read_file` reads it.

    Args:
        name: what messages call its file.

    Raises:
        OtherVersionError, BuildError: as `read_file`.
    """
    if not isinstance(raw, dict):
        raise BuildError(f"{name}: not a {_title(kind)}: {shown(raw)}, should be an object; run `{again}` again")
    if issubclass(kind, RecordFile):
        _must_be_of_this_version(raw, kind, name, again)
        raw = {key: value for key, value in raw.items() if key != kind.VERSION_KEY}
    try:
        # As JSON: its numbers and texts are taken for what they are, and its lists for tuples.
        return kind.model_validate_json(json.dumps(raw), strict=True)
    except (ValidationError, RecursionError) as error:
        raise BuildError(f"{name}: not a {_title(kind)}: {explained(error)}; run `{again}` again") from error


def explained(error: ValidationError | RecursionError) -> str:
    """The first thing that is wrong, in one line: the key, its value, and what it should be."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    errors = error.errors()
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return _one(errors[0]) + more


def _one(error: ErrorDetails) -> str:
    key = ".".join(str(part) for part in error["loc"]) or "the whole"
    if error["type"] in ("extra_forbidden", "missing"):
        return f"{key}: is {'unknown' if error['type'] == 'extra_forbidden' else 'missing'}"
    return f"{key}: {shown(error['input'])}: {error['msg'].removeprefix('Value error, ')}"


def _must_be_of_this_version(raw: dict[str, Any], kind: type[RecordFile], name: str, again: str) -> None:
    said = raw.get(kind.VERSION_KEY)
    if said != kind.VERSION or isinstance(said, bool):
        of = f"version {shown(said)}" if kind.VERSION_KEY in raw else "an older version, which names none,"
        raise OtherVersionError(
            f"{name}: a {kind.TITLE} of {of} where this Gateweave has {kind.VERSION}; run `{again}` again"
        )


def _title(kind: type[Record]) -> str:
    return kind.TITLE if issubclass(kind, RecordFile) else kind.__name__
