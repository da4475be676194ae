"""MnistLUT's data: LiteCNN's images, of each pixel the uppermost bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.litecnn.data import build_dataset as images_of
from models.litecnn.settings import DataSettings as ImageSettings
from models.mnistlut.data import build_dataset
from models.mnistlut.settings import DataSettings
from tests.fast.models.idx_files import write_folder
from toolchain.errors import DataError
from toolchain.training.sound import must_be_sound

CLASSES = ("a", "b", "c", "d")


def test_the_uppermost_bit_of_each_pixel_is_kept_and_all_else_is_as_it_was(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    images = images_of(folder, ImageSettings(classes=CLASSES))
    dataset = must_be_sound(build_dataset(folder, DataSettings(classes=CLASSES)), "data.py")
    assert (dataset.input_type, dataset.shape, dataset.kind) == ("BINARY", images.shape, "images")
    for part in ("train", "test"):
        (x, y), (whole, labels) = dataset.part("blocked", part), images.part("blocked", part)
        assert np.array_equal(x, whole >= 128) and np.array_equal(y, labels)
    assert dataset.provenance == {**images.provenance, "pixel_bits": 1}


def test_digits_are_drawn_without_a_folder() -> None:
    dataset = build_dataset(None, DataSettings(drawn=1000))
    assert (dataset.kind, dataset.input_type, len(dataset)) == ("synthetic", "BINARY", 1000)


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no train-images"):
        build_dataset(tmp_path, DataSettings())
