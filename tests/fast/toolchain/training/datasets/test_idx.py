from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.models.idx_files import write_folder
from toolchain.errors import DataError
from toolchain.training.datasets.idx import read_idx_folder
from toolchain.training.datasets.settings import DataSettings

GIVEN = DataSettings.model_validate({"format": "idx", "split": {"by": "given"}})


def test_images_labels_and_their_parts(tmp_path: Path) -> None:
    rows = read_idx_folder(write_folder(tmp_path), GIVEN)
    assert rows.x.shape == (60, 1, 12, 12)
    assert rows.labels.tolist() == [str(row % 4) for row in (*range(40), *range(20))]
    assert rows.key is not None and rows.key.tolist() == ["train"] * 40 + ["test"] * 20
    assert len(rows.files) == 4
    assert read_idx_folder(tmp_path, DataSettings(format="idx")).key is None


def test_files_may_be_named_with_a_point(tmp_path: Path) -> None:
    for path in list(write_folder(tmp_path).iterdir()):
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    assert len(read_idx_folder(tmp_path, GIVEN)) == 60


def test_a_file_that_is_missing_or_does_not_match(tmp_path: Path) -> None:
    write_folder(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte.gz"
    labels.write_bytes((tmp_path / "train-labels-idx1-ubyte.gz").read_bytes())
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz: 20 images where .* has 40 labels"):
        read_idx_folder(tmp_path, GIVEN)
    labels.unlink()
    with pytest.raises(DataError, match=r"no t10k-labels-idx1-ubyte\.gz; the four files"):
        read_idx_folder(tmp_path, GIVEN)
    with pytest.raises(DataError, match="is a file; give the folder"):
        read_idx_folder(tmp_path / "train-labels-idx1-ubyte.gz", GIVEN)
