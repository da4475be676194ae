"""LiteCNN's data: folders of MNIST's format, all that can be wrong with them, and drawn digits."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.litecnn.data import baselines, build_dataset, describe
from models.litecnn.drawing import SIDE, draw_digits
from models.litecnn.settings import DIGITS, DataSettings
from tests.fast.models.idx_files import idx, write, write_folder
from toolchain.errors import DataError
from toolchain.training.dataset import Dataset
from toolchain.training.sound import must_be_sound

FOUR = DataSettings(classes=("a", "b", "c", "d"), validation=0.2)


@pytest.fixture(scope="module")
def drawn() -> Dataset:
    return build_dataset(None, DataSettings(drawn=1000))


def test_a_folder_keeps_its_test_part_and_gives_a_share_of_each_class_for_validation(tmp_path: Path) -> None:
    dataset = must_be_sound(build_dataset(write_folder(tmp_path), FOUR), "data.py")
    assert (dataset.shape, dataset.input_type, dataset.kind) == ((1, 12, 12), "UINT8", "images")
    counts = dataset.counts("blocked")
    assert [set(counts[part].values()) for part in ("train", "validation", "test")] == [{8}, {2}, {5}]
    raw = gzip.decompress((tmp_path / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    assert dataset.part("blocked", "test")[0].tobytes() == raw
    assert describe(dataset) == "images of 12 x 12 pixels, classes: a, b, c, d"
    assert len(dataset.provenance["files"]) == 4


def test_a_set_that_is_sorted_by_class_has_all_classes_in_each_part(tmp_path: Path) -> None:
    write_folder(tmp_path)
    write(tmp_path, "train-labels-idx1", idx(np.repeat(np.arange(4, dtype=np.uint8), 10)))
    counts = build_dataset(tmp_path, FOUR).counts("blocked")
    assert [set(counts[part].values()) for part in ("train", "validation")] == [{8}, {2}]


def test_files_need_not_be_packed(tmp_path: Path) -> None:
    packed = build_dataset(write_folder(tmp_path), FOUR)
    for path in list(tmp_path.iterdir()):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert np.array_equal(build_dataset(tmp_path, FOUR).packed, packed.packed)


def test_a_class_without_images_is_said(tmp_path: Path) -> None:
    dataset = build_dataset(write_folder(tmp_path), DataSettings(classes=("a", "b", "c", "d", "e")))
    assert dataset.notices == ("no image of e",)


def _content(folder: Path, name: str) -> bytes:
    return gzip.decompress((folder / f"{name}-ubyte.gz").read_bytes())


def _labels(folder: Path, *labels: int) -> None:
    write(folder, "t10k-labels-idx1", idx(np.array(labels, np.uint8)))


def _images(folder: Path, *shape: int) -> None:
    write(folder, "t10k-images-idx3", idx(np.zeros(shape, np.uint8)))


def _cut(folder: Path, name: str, length: int) -> None:
    write(folder, name, _content(folder, name)[:length])


def _cut_packed(folder: Path) -> None:
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-40])


def _damage(folder: Path) -> None:
    path = folder / "train-images-idx3-ubyte.gz"
    content = bytearray(path.read_bytes())
    content[-6] ^= 255
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "t10k-labels-idx1-ubyte.gz").unlink(), "no t10k-labels-idx1-ubyte.gz in it"),
        (lambda f: write(f, "train-images-idx3", b""), "train-images.*begins with nothing: should be 00000803"),
        (lambda f: write(f, "train-images-idx3", _content(f, "train-labels-idx1")), "begins with 00000801"),
        (lambda f: write(f, "train-images-idx3", bytes.fromhex("00000d03")), "begins with 00000d03"),
        (lambda f: _cut(f, "train-images-idx3", 10), "cut short within its sizes"),
        (lambda f: _cut(f, "train-images-idx3", 1000), r"says it holds 40 x 12 x 12 bytes, and has 984 of 5,760"),
        (lambda f: write(f, "train-labels-idx1", _content(f, "train-labels-idx1") + b"a"), "40 bytes, and has more"),
        (lambda f: write(f, "train-images-idx3", bytes.fromhex("00000803" + "7fffffff" * 3)), "268,435,456 at most"),
        (_cut_packed, "the packed file is cut short"),
        (_damage, "damaged"),
        (lambda f: _labels(f, *[0, 1] * 9, 1, 4), "label 4 of image 19: should be 0 to 3"),
        (lambda f: _labels(f, 0, 1), "20 images where t10k-labels-idx1-ubyte.gz has 2 labels"),
        (lambda f: _images(f, 20, 12, 13), "12 x 12 and 12 x 13 pixels; they should be of one size"),
        (lambda f: _images(f, 20, 12, 7), "images of 12 x 7 pixels: each side should have 8 to 128"),
        (lambda f: (_images(f, 0, 12, 12), _labels(f)), "0 images: should be"),
    ],
)
def test_what_cannot_be_used_is_named(spoil: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    spoil(write_folder(tmp_path))
    with pytest.raises(DataError, match=message) as caught:
        build_dataset(tmp_path, FOUR)
    assert str(tmp_path) in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        build_dataset(tmp_path / "none", FOUR)


def test_mnist(shared_data: Path) -> None:
    if not (shared_data / "mnist").is_dir():
        pytest.skip("MNIST is absent: it is not part of the repository")
    dataset = build_dataset(shared_data / "mnist", DataSettings())
    counts = dataset.counts("blocked")
    assert sum(counts["test"].values()) == 10_000
    assert all(count > 400 for part in counts.values() for count in part.values())
    guessed = baselines(dataset)["nearest_mean_image"]
    assert np.mean(guessed == dataset.part("blocked", "test")[1]) == pytest.approx(0.82, abs=0.01)


def test_without_a_folder_digits_are_drawn(drawn: Dataset) -> None:
    must_be_sound(drawn, "data.py")
    assert (drawn.kind, drawn.shape, drawn.classes) == ("synthetic", (1, SIDE, SIDE), DIGITS)
    assert sum(drawn.counts("blocked")["test"].values()) == 200
    assert all(count for part in drawn.counts("blocked").values() for count in part.values())


def test_drawn_digits_are_the_same_for_a_seed_and_other_for_another(drawn: Dataset) -> None:
    images, labels = draw_digits(1000, 1)
    assert images[:200].tobytes() == drawn.part("blocked", "test")[0].tobytes()
    assert np.array_equal(labels[:200], drawn.part("blocked", "test")[1])
    assert not np.array_equal(draw_digits(1000, 2)[0], images)


def test_drawn_digits_can_be_told_apart_though_not_by_their_means_alone(drawn: Dataset) -> None:
    right = np.mean(baselines(drawn)["nearest_mean_image"] == drawn.part("blocked", "test")[1])
    assert 0.4 < right < 0.95


def test_other_classes_are_not_drawn() -> None:
    with pytest.raises(DataError, match="DATA=<folder>"):
        build_dataset(None, FOUR)


def test_classes_must_differ() -> None:
    with pytest.raises(ValueError, match="different names"):
        DataSettings(classes=("a", "a"))
