"""The JSON Schemas of the documentation are those of the models, and what is written keeps them."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from tests.fast.toolchain.fabricated import records
from tests.fast.toolchain.package.test_manifest import _origin
from toolchain.package.manifest import build_manifest
from toolchain.results.manifest import Manifest
from toolchain.results.record import StageRecord
from toolchain.results.schemas import FILES, FOLDER, schema_of, written


@pytest.mark.parametrize("name", FILES)
def test_the_documentation_has_this_schema(name: str) -> None:
    assert (FOLDER / name).read_text() == written(FILES[name]), "run `python -m toolchain.results.schemas`"


def test_no_other_schema_lies_there() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(FILES)


@pytest.mark.parametrize("stage", records())
def test_records_keep_their_schema(stage: str) -> None:
    jsonschema.validate(records()[stage].to_json(), schema_of(StageRecord))


def test_manifests_keep_their_schema(tmp_path: Path) -> None:
    manifest = build_manifest(_origin(tmp_path), records()).to_json()
    jsonschema.validate(manifest, schema_of(Manifest))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**manifest, "speed": 3}, schema_of(Manifest))
