from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from toolchain.errors import DataError
from toolchain.training.datasets.image_folders import read_images
from toolchain.training.datasets.settings import DataSettings


def _settings(**more: Any) -> DataSettings:
    return DataSettings.model_validate({"format": "images", **more})


def _image(path: Path, value: int = 7, size: tuple[int, int] = (6, 4), mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode == "L" else (value, 0, 255 - value)).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, value in (("cat/b.png", 3), ("cat/a.png", 1), ("dog/c.bmp", 5)):
        _image(tmp_path / name, value)
    return tmp_path


def test_folders_are_classes_in_the_order_of_their_paths(folder: Path) -> None:
    (folder / "cat/notes.txt").touch()
    (folder / "cat/.hidden.png").touch()
    rows = read_images(folder, _settings())
    assert rows.x.shape == (3, 1, 4, 6)
    assert rows.x[:, 0, 0, 0].tolist() == [1, 3, 5]
    assert rows.labels.tolist() == ["cat", "cat", "dog"]
    assert rows.counted == {"files that are no image left out": 1}


def test_colours_and_another_size(folder: Path) -> None:
    _image(folder / "dog/d.png", 200, (12, 8), "RGB")
    rows = read_images(folder, _settings(images={"height": 4, "width": 6, "colour": True}))
    assert rows.x.shape == (4, 3, 4, 6)
    assert rows.x[3, :, 0, 0].tolist() == [200, 0, 55]


def test_the_group_is_found_in_the_path_below_the_class(folder: Path) -> None:
    rows = read_images(folder, _settings(split={"by": "group", "key": r"^(\w)\."}))
    assert rows.key is not None and rows.key.tolist() == ["a", "b", "c"]
    with pytest.raises(DataError, match=r"cat/a\.png: data\.split\.key: '\^\(\\\\d\)' finds nothing in 'a\.png'"):
        read_images(folder, _settings(split={"by": "group", "key": r"^(\d)"}))


def test_parts_as_folders(tmp_path: Path) -> None:
    for part in ("train", "test"):
        _image(tmp_path / part / "cat/a.png")
    rows = read_images(tmp_path, _settings(split={"by": "given"}))
    assert rows.key is not None and rows.key.tolist() == ["train", "test"]
    with pytest.raises(DataError, match="no folders train and test"):
        read_images(tmp_path / "train", _settings(split={"by": "given"}))


def test_the_digest_is_of_contents_and_names(folder: Path) -> None:
    before = read_images(folder, _settings()).files
    assert before == read_images(folder, _settings()).files
    _image(folder / "cat/a.png", 2)
    assert read_images(folder, _settings()).files != before


def test_folders_that_cannot_be_used(folder: Path) -> None:
    _image(folder / "dog/d.png", size=(5, 5))
    with pytest.raises(DataError, match=r"dog/d\.png: 5 x 5 pixels where the first image has 6 x 4; name a size"):
        read_images(folder, _settings())
    (folder / "dog/d.png").write_bytes(b"\x89PNG\r\n")
    with pytest.raises(DataError, match=r"dog/d\.png: no image that can be read"):
        read_images(folder, _settings())
    Image.fromarray(np.zeros((4, 6), np.uint16)).save(folder / "dog/d.png")
    with pytest.raises(DataError, match=r"dog/d\.png: has more than 8 bits a pixel"):
        read_images(folder, _settings())
    (folder / "bird").mkdir()
    with pytest.raises(DataError, match=r"bird: no \.bmp or .* in it; fill the folder, or remove it"):
        read_images(folder, _settings())
    with pytest.raises(DataError, match=r"bird: holds no folder; every class should have one"):
        read_images(folder / "bird", _settings())
