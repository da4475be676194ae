from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.training.dataset import Dataset
from toolchain.training.datasets.build import build_dataset, describe
from toolchain.training.datasets.settings import DataSettings
from toolchain.training.sound import must_be_sound


def _build(folder: Path, arrays: dict[str, NDArray[Any]], **more: Any) -> Dataset:
    np.savez(folder / "data.npz", **arrays)
    settings = DataSettings.model_validate({"format": "npz", **more})
    return must_be_sound(build_dataset(folder / "data.npz", settings), "recipe")


def _arrays(rows: int = 60, classes: int = 3) -> dict[str, NDArray[Any]]:
    x = np.random.default_rng(1).normal(size=(rows, 4))
    return {"x": x, "y": np.arange(rows) % classes, "who": np.arange(rows) // 6, "at": np.arange(rows)[::-1]}


def _parts(dataset: Dataset) -> dict[str, list[int]]:
    return {part: dataset.rows("blocked", part).tolist() for part in ("train", "validation", "test")}


def test_a_random_split_has_its_share_of_each_class_and_follows_the_seed(tmp_path: Path) -> None:
    dataset = _build(tmp_path, _arrays())
    assert {part: sum(counts.values()) for part, counts in dataset.counts("blocked").items()} == {
        "train": 42,
        "validation": 9,
        "test": 9,
    }
    assert dataset.counts("blocked")["test"] == {"0": 3, "1": 3, "2": 3}
    assert _parts(dataset) == _parts(_build(tmp_path, _arrays()))
    assert _parts(dataset) != _parts(_build(tmp_path, _arrays(), seed=2))


def test_no_group_is_in_two_parts(tmp_path: Path) -> None:
    arrays = _arrays()
    dataset = _build(tmp_path, arrays, split={"by": "group", "key": "who", "test": 0.2})
    groups = {part: set(arrays["who"][rows].tolist()) for part, rows in _parts(dataset).items()}
    assert sum(map(len, groups.values())) == 10 == len(set().union(*groups.values()))
    assert (len(groups["test"]), len(groups["validation"])) == (2, 2)
    assert "split by group 'who': 36 train, 12 validation, 12 test" in describe(dataset, "rows")


def test_a_split_by_time_sorts_by_it(tmp_path: Path) -> None:
    arrays = _arrays()
    dataset = _build(tmp_path, arrays, split={"by": "time", "key": "at"}, range=[-4, 4])
    assert _parts(dataset) == {"train": [*range(42)], "validation": [*range(42, 51)], "test": [*range(51, 60)]}
    plain = _build(tmp_path, arrays, range=[-4, 4])
    assert np.array_equal(dataset.inputs_of(np.array([0, 59])), plain.inputs_of(np.array([59, 0])))


def test_a_given_split_keeps_the_test_and_takes_validation_from_training(tmp_path: Path) -> None:
    arrays = _arrays()
    given = {f"{name}_{part}": arrays[name][rows] for name in "xy" for part, rows in _GIVEN.items()}
    dataset = _build(tmp_path, given, split={"by": "given", "validation": 0.25})
    parts = _parts(dataset)
    assert parts["test"] == [*range(40, 60)]
    assert len(parts["validation"]) == 9 or len(parts["validation"]) == 10
    assert dataset.provenance["split"] == "the data's own split"


_GIVEN = {"train": slice(0, 40), "test": slice(40, 60)}


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ({"by": "group", "key": "y"}, "no row is left for train"),
        ({"by": "given"}, "given: the data name no parts"),
        ({"by": "given", "key": "y"}, "'0' is no part: should be one of train, validation, test"),
        ({"by": "group", "key": "whom"}, "no array 'whom'; did you mean who?"),
    ],
)
def test_splits_that_cannot_be_made(split: dict[str, Any], words: str, tmp_path: Path) -> None:
    arrays = _arrays(classes=2)
    with pytest.raises(DataError) as caught:
        _build(tmp_path, arrays, split=split)
    assert words in str(caught.value)


def test_classes_get_names_an_order_and_may_be_joined_or_left_out(tmp_path: Path) -> None:
    arrays = {**_arrays(80), "y": np.arange(80) % 4}
    dataset = _build(tmp_path, arrays, classes={3: "fault", 0: "good", 1: "good"})
    assert dataset.classes == ("fault", "good")
    assert dataset.y.tolist() == [0 if row % 4 == 3 else 1 for row in range(80) if row % 4 != 2]
    assert dataset.notices == ("20 rows of other classes left out",)
    with pytest.raises(DataError, match=r"data\.classes: no row has the label '9'; there are 0, 1, 2, 3"):
        _build(tmp_path, arrays, classes={9: "fault", 0: "good"})


def test_numbers_of_classes_are_in_their_order(tmp_path: Path) -> None:
    assert _build(tmp_path, {**_arrays(80), "y": np.arange(80) % 4 + 8}).classes == ("8", "9", "10", "11")
    with pytest.raises(DataError, match=r"1 classes, such as '0': should be 2 to 255"):
        _build(tmp_path, {**_arrays(), "y": np.zeros(60)})


def test_floats_are_spread_over_all_codes_by_the_training_rows_of_each_column(tmp_path: Path) -> None:
    arrays = _arrays()
    dataset = _build(tmp_path, arrays, bits=4)
    scaling = dataset.provenance["scaling"]
    training = arrays["x"][dataset.rows("blocked", "train")]
    assert np.allclose(scaling["low"], training.min(axis=0)) and np.allclose(scaling["high"], training.max(axis=0))
    codes = dataset.inputs_of(dataset.rows("blocked", "train"))
    assert dataset.input_type == "INT4"
    assert (codes.min(axis=0).tolist(), codes.max(axis=0).tolist()) == ([-7] * 4, [7] * 4)
    step = np.ptp(training, axis=0) / 14
    assert np.abs((codes + 7) * step + training.min(axis=0) - training).max() <= step.max() / 2 + 1e-12


@pytest.mark.parametrize(
    ("x", "more", "input_type", "codes"),
    [
        ([[0, 255]], {}, "UINT8", [0, 255]),
        ([[-128, 127]], {}, "INT8", [-128, 127]),
        ([[0, 255]], {"bits": 1}, "UINT1", [0, 1]),
        ([[0, 510]], {"range": [0, 510]}, "UINT8", [0, 255]),
        ([[-7.0, 30.0]], {"range": [0, 20]}, "UINT8", [0, 255]),
        ([[-7.0, 30.0]], {"range": [-20, 20]}, "INT8", [-44, 127]),
        ([[-2.0, 4.0]], {}, "INT8", [-63, 127]),
        ([[-4.0, 2.0]], {"bits": 4}, "INT4", [-7, 4]),
        ([[0.5, 2.5]], {}, "UINT8", [0, 255]),
        ([[5.0, 5.0]], {}, "UINT8", [0, 0]),
    ],
)
def test_whole_numbers_that_fit_stay(
    x: list[list[float]], more: dict[str, Any], input_type: str, codes: list[int], tmp_path: Path
) -> None:
    arrays = {"x": np.array(x * 20).reshape(20, 1, 2), "y": np.arange(20) % 2}
    dataset = _build(tmp_path, arrays, **more)
    assert dataset.input_type == input_type
    assert dataset.inputs_of(np.array([0])).ravel().tolist() == codes


def test_windows_stay_within_a_run_and_off_the_borders_of_time(tmp_path: Path) -> None:
    steps = 200
    arrays = {"x": np.arange(2 * steps).reshape(steps, 2) % 256, "y": (np.arange(steps) // 25) % 2}
    windows = {"length": 10, "step": 5}
    dataset = _build(tmp_path, arrays, windows=windows, split={"by": "time"})
    assert dataset.shape == (1, 10, 2)
    first = dataset.inputs_of(np.arange(len(dataset)))[:, 0, 0, 0].astype(int) // 2
    assert len(first) == 8 * 4 and first[:5].tolist() == [0, 5, 10, 15, 25]
    spans = {
        part: {*range(200)} & {s for row in rows for s in range(_step(row), _step(row) + 10)}
        for part, rows in _parts(dataset).items()
    }
    assert not spans["train"] & spans["validation"] and not spans["validation"] & spans["test"]
    assert any("windows over a border of two parts left out" in notice for notice in dataset.notices)


def _step(window: int) -> int:
    """First step of a window of 10 steps, every 5, in runs of 25."""
    return window // 4 * 25 + window % 4 * 5


def test_windows_that_no_run_fills(tmp_path: Path) -> None:
    arrays = {"x": np.zeros((60, 2)), "y": np.arange(60) % 2}
    with pytest.raises(DataError, match="no class lasts so many steps; take a shorter window"):
        _build(tmp_path, arrays, windows={"length": 8, "step": 8})
    arrays = {"x": np.zeros((60, 2, 2)), "y": np.arange(60) // 30}
    with pytest.raises(DataError, match="are no steps of time; leave windows out"):
        _build(tmp_path, arrays, windows={"length": 8, "step": 8})


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.npz: no such file or folder; mend it, or give DATA=<path>"):
        build_dataset(tmp_path / "absent.npz", DataSettings(format="npz"))
