from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.cqmlp.data import build_dataset
from toolchain.errors import ConfigError, DataError
from toolchain.training.dataset import save

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "can"


def test_synthetic_car_is_the_default(tmp_path):
    dataset = build_dataset(None, {"encoding": "bits", "window": 4, "seed": 1})
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
    dataset = build_dataset(folder, {"encoding": "bytes", "window": 4})
    assert dataset.kind == "captures"
    assert dataset.classes == ("normal", "dos")
    assert dataset.input_type == "UINT8"
    assert dataset.captures[0]["name"] == "1000doS_dataset.csv"
    assert dataset.captures[0]["attacks"] == {"dos": 1861}
    assert all(count > 100 for part in dataset.counts("blocked").values() for count in part.values())
    # A window's label is that of its newest frame, and DoS is identifier 0 in this set.
    assert np.array_equal(dataset.y == 1, dataset.identifier == 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"windows": 4}, "'windows' is unknown; allowed are: encoding, window"),
        ({"window": 0}, "window=0"),
        ({"window": "4"}, "window='4'"),
        ({"encoding": "words"}, "'words' is unknown"),
        ({"segments": 3}, "segments=3"),
    ],
)
def test_bad_setting_is_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        build_dataset(None, settings)


def test_folder_without_captures_is_refused(tmp_path):
    with pytest.raises(DataError, match="no CAN capture"):
        build_dataset(tmp_path, {})
