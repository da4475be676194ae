from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.cqmlp.data import build_dataset
from models.cqmlp.settings import DataSettings
from toolchain.errors import ConfigError, DataError
from toolchain.found_models import find_model
from toolchain.training.author import recipe_schema
from toolchain.training.dataset import save
from toolchain.yaml_file import load_yaml

BYTES = DataSettings(encoding="bytes", window=4)
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "can"


def test_synthetic_car_is_the_default(tmp_path):
    dataset = build_dataset(None, DataSettings(encoding="bits", window=4))
    assert dataset.kind == "synthetic"
    assert dataset.classes == ("normal", "dos", "fuzzing", "gear", "rpm")
    assert dataset.inputs == 316
    for split in ("blocked", "random"):
        counts = dataset.counts(split)
        assert sum(counts["test"].values()) >= 20_000
        assert all(count >= 1000 for part in counts.values() for count in part.values())
    assert dataset.notices == ()
    save(tmp_path / "dataset.npz", dataset)


def test_captures_by_folder():
    folder = SHARED / "hcrl"
    if not folder.is_dir():
        pytest.skip(f"no captures at {folder}")
    dataset = build_dataset(folder, BYTES)
    assert dataset.kind == "captures"
    assert dataset.classes == ("normal", "dos")
    assert dataset.input_type == "UINT8"
    assert dataset.provenance["captures"][0]["name"] == "1000doS_dataset.csv"
    assert dataset.provenance["captures"][0]["attacks"] == {"dos": 1861}
    assert all(count > 100 for part in dataset.counts("blocked").values() for count in part.values())
    # A window's label is that of its newest frame, and DoS is identifier 0 in this set.
    assert np.array_equal(dataset.y == 1, dataset.columns["identifier"] == 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"windows": 4}, "data.windows: unknown key; allowed: encoding, seed, window"),
        ({"window": 0}, "data.window: 0: should be greater than or equal to 1"),
        ({"window": "four"}, "data.window: 'four': should be a valid integer"),
        ({"encoding": "words"}, "data.encoding: 'words': should be 'bits', 'bytes' or 'context'"),
    ],
)
def test_bad_setting_is_named(settings, message, tmp_path):
    data = {"encoding": "bits", "window": 4, **settings}
    recipe = {"title": "t", "data": data, "network": {"hidden": [4]}, "training": {"steps": 1, "merged_steps": 1}}
    (tmp_path / "recipe.yaml").write_text(json.dumps(recipe))
    with pytest.raises(ConfigError) as caught:
        load_yaml(tmp_path / "recipe.yaml", recipe_schema(find_model("cqmlp")))
    assert message in str(caught.value)


def test_folder_without_captures_is_refused(tmp_path):
    with pytest.raises(DataError, match="no CAN capture"):
        build_dataset(tmp_path, BYTES)
