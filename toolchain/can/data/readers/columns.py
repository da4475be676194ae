"""Tells the columns of a CSV: ``<capture>.columns.yaml`` beside it, or ``columns.yaml`` for all CSVs of its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from toolchain.can.data.readers.limits import MOST_COLUMNS

FOLDER_FILE = "columns.yaml"
SUFFIX = f".{FOLDER_FILE}"

# In place of a class: the attack that the capture's name tells.
NAMED_ATTACK = "attack"

# A column's name in the header, or its number from 1.
Column = Annotated[str, Field(min_length=1, max_length=200)] | Annotated[int, Field(ge=1, le=MOST_COLUMNS)]
Truth = Literal["normal", "dos", "fuzzing", "gear", "rpm", "payload_fuzzing", "replay", "sequence_replay", "attack"]


class Columns(BaseModel):
    """Which column holds what.

    Attributes:
        identifier: of the frame; `identifier_base` tells how it is written.
        data: one column of hexadecimal digits or base 64, or one for each byte (`data_base`: hex or dec).
        time: of the frame, in `time_unit`; without it frames are only put in order.
        length: data length code; without it all the data that there are.
        bus: name or number of the bus.
        label: whether the frame is an attack; `labels` tells what each of its texts means.
        header: whether the first line holds names; without it, columns are numbers.
        separator: between columns.
        decimal: between whole seconds and their parts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    identifier: Column
    data: Column | Annotated[list[Column], Field(min_length=1, max_length=64)]
    time: Column | None = None
    length: Column | None = None
    bus: Column | None = None
    label: Column | None = None
    labels: dict[str, Truth] = Field(default_factory=dict, max_length=100)
    time_unit: Literal["s", "ms", "us", "ns"] = "s"
    identifier_base: Literal["hex", "dec"] = "hex"
    data_base: Literal["hex", "dec", "base64"] = "hex"
    header: bool = True
    separator: Literal[",", ";", "tab"] = ","
    decimal: Literal[".", ","] = "."

    @model_validator(mode="after")
    def _labels_have_a_column(self) -> Self:
        if (self.label is None) != (not self.labels):
            raise ValueError("label, labels: give both, such as label: flag and labels: {R: normal, T: attack}")
        return self

    @model_validator(mode="after")
    def _names_need_a_header(self) -> Self:
        if not self.header and any(isinstance(column, str) for column in self.used()):
            raise ValueError("header: false has no names; give columns as numbers from 1")
        return self

    @model_validator(mode="after")
    def _base_64_is_one_column(self) -> Self:
        if self.data_base == "base64" and isinstance(self.data, list):
            raise ValueError("data_base: base64 is for data in one column; name that one")
        return self

    def used(self) -> list[Column]:
        """All columns named."""
        data = self.data if isinstance(self.data, list) else [self.data]
        single = (self.identifier, self.time, self.length, self.bus, self.label)
        return [*data, *(column for column in single if column is not None)]


def columns_of(path: Path, suffix: str) -> Path | None:
    """The file that tells a capture's columns: its own, or for a CSV that of its folder; None where there is none.

    Args:
        suffix: of the capture, unpacked, in lower case.
    """
    own, folder = path.with_name(path.name + SUFFIX), path.with_name(FOLDER_FILE)
    if own.is_file():
        return own
    return folder if suffix == ".csv" and folder.is_file() else None


def is_columns_file(name: str) -> bool:
    """Whether a file of this name tells columns."""
    return name.endswith(SUFFIX) or name.rsplit("/", 1)[-1] == FOLDER_FILE
