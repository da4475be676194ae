"""JSON Schemas of the records: `python -m toolchain.results.schemas` writes docs/schemas; a test holds them equal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from toolchain.files import write_atomic
from toolchain.layout import ROOT
from toolchain.results.checked import CheckedNetwork
from toolchain.results.device import DeviceDescription
from toolchain.results.explained import Explanation
from toolchain.results.manifest import Manifest
from toolchain.results.measurement import Measurement
from toolchain.results.model import Record
from toolchain.results.quantised import Quantised
from toolchain.results.record import StageRecord
from toolchain.results.report import Report
from toolchain.results.run import RunResult
from toolchain.results.split import Split

FOLDER = ROOT / "docs" / "schemas"
FILES: Mapping[str, type[Record]] = {
    "check.json": CheckedNetwork,
    "device.json": DeviceDescription,
    "explanation.json": Explanation,
    "manifest.json": Manifest,
    "measurement.json": Measurement,
    "quantise.json": Quantised,
    "report.json": Report,
    "run.json": RunResult,
    "split.json": Split,
    "stage-record.json": StageRecord,
}
"""Every record that is a file of its own, or is printed as one."""


def schema_of(kind: type[Record]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a record, its version among the keys."""
    return {**kind.model_json_schema(), "$schema": "https://json-schema.org/draft/2020-12/schema"}


def written(kind: type[Record]) -> str:
    """The text of a schema's file."""
    return json.dumps(schema_of(kind), indent=2) + "\n"


def main() -> None:
    """Write all of them."""
    for name, kind in FILES.items():
        write_atomic(FOLDER / name, written(kind))


if __name__ == "__main__":
    main()
