from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest

from tests.fast.toolchain.can.data.conftest import random_frames
from toolchain.can.data.build import windows_dataset
from toolchain.can.data.frames import concatenate
from toolchain.can.data.windows import ENCODINGS, window_ends
from toolchain.errors import BuildError, DataError
from toolchain.training.dataset import Dataset, load, save

FRAMES = concatenate([random_frames(1500, k, f"c{k}", attack=2 + k) for k in (1, 2)])
CAPTURES = [{"name": f"c{k}", "sha256": "0", "frames": 1500, "attacks": {}} for k in (1, 2)]


def make(encoding: str = "bits", window: int = 3) -> Dataset:
    options = {"encoding": encoding, "window": window, "seed": 1, "kind": "captures"}
    return windows_dataset(FRAMES, CAPTURES, **options, notices=["a notice"])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_parts_hold_the_encoded_windows(encoding):
    dataset = make(encoding)
    ends = window_ends(FRAMES, 3)
    vectors = ENCODINGS[encoding].encode(FRAMES, ends, 3)
    assert dataset.input_type == ENCODINGS[encoding].input_type
    for split in ("blocked", "random"):
        for part in dataset.parts:
            rows = dataset.rows(split, part)
            x, y = dataset.part(split, part)
            assert np.array_equal(x, vectors[rows])
            assert np.array_equal(dataset.columns["identifier"][rows], FRAMES.identifier[ends[rows]])
            assert np.bincount(y, minlength=3).tolist() == list(dataset.counts(split)[part].values())
    assert sum(len(dataset.rows("random", part)) for part in dataset.parts) == len(dataset)


def test_only_present_classes_become_outputs_in_canonical_order():
    dataset = make()
    assert dataset.classes == ("normal", "gear", "rpm")
    ends = window_ends(FRAMES, 3)
    for index, label in enumerate((0, 3, 4)):
        assert np.array_equal(dataset.y == index, FRAMES.label[ends] == label)


def test_file_restores_everything_and_is_deterministic(tmp_path):
    dataset = make()
    one, two = tmp_path / "a" / "one.npz", tmp_path / "two.npz"
    save(one, dataset)
    again = load(one)
    for field in dataclasses.fields(Dataset):
        mine, theirs = getattr(dataset, field.name), getattr(again, field.name)
        if field.name in {"splits", "columns"}:
            assert list(mine) == list(theirs)
            assert all(np.array_equal(mine[k], theirs[k]) for k in mine)
        elif isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype
            assert np.array_equal(mine, theirs)
        else:
            assert mine == theirs
    save(two, again)
    os.utime(one, (0, 0))
    assert one.read_bytes() == two.read_bytes()
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["one.npz"]


def test_binary_inputs_are_packed_lowest_bit_first():
    dataset = make()
    assert dataset.packed.shape == (len(dataset), (3 * 79 + 7) // 8)
    x = dataset.inputs_of(np.array([5]))[0]
    assert int.from_bytes(dataset.packed[5].tobytes(), "little") == sum(
        int(bit) << place for place, bit in enumerate(x)
    )


def test_lacking_class_is_a_notice():
    frames = random_frames(1500)
    frames.label[:] = 0
    frames.label[700] = 1
    dataset = windows_dataset(frames, CAPTURES[:1], kind="captures", encoding="bits", window=2, seed=1)
    assert sum(notice.startswith("no dos window in the") for notice in dataset.notices) == 2


@pytest.mark.parametrize(("count", "message"), [(15, "too short"), (3, "no window of 4 frames")])
def test_too_short_captures_are_refused(count, message):
    with pytest.raises(DataError, match=message):
        windows_dataset(random_frames(count), CAPTURES[:1], kind="captures", encoding="bits", window=4, seed=1)


def test_unknown_part_is_refused():
    with pytest.raises(DataError, match="no part 'exam'"):
        make().part("blocked", "exam")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip"])
def test_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "dataset.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"dataset\.npz: not a data set"):
        load(path)
    with pytest.raises(DataError, match="missing"):
        load(tmp_path / "missing.npz")


def test_truncated_file_is_named(tmp_path):
    path = tmp_path / "dataset.npz"
    save(path, make())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="not a data set"):
        load(path)


def test_unwritable_place_is_a_build_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match="cannot write"):
        save(tmp_path / "file" / "dataset.npz", make())
