"""Files that were damaged anywhere are read, or refused in one line; never anything else."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.fast.models.idx_files import write_folder
from tests.fast.toolchain.training.datasets.test_sounds import write_wav
from tests.properties import given, st
from toolchain.errors import DataError
from toolchain.training.datasets.build import READERS
from toolchain.training.datasets.settings import DataSettings
from toolchain.training.datasets.table import read_csv


def _csv(folder: Path) -> tuple[Path, Path, dict[str, Any]]:
    path = folder / "d.csv"
    path.write_text("a,b,kind\n" + "".join(f"{row},{row / 3},{'xy'[row % 2]}\n" for row in range(20)))
    return path, path, {"label": "kind"}


def _npz(folder: Path) -> tuple[Path, Path, dict[str, Any]]:
    path = folder / "d.npz"
    np.savez(path, x=np.arange(40.0).reshape(20, 2), y=np.arange(20) % 2)
    return path, path, {}


def _idx(folder: Path) -> tuple[Path, Path, dict[str, Any]]:
    return folder, write_folder(folder) / "t10k-images-idx3-ubyte.gz", {}


def _images(folder: Path) -> tuple[Path, Path, dict[str, Any]]:
    for name in ("x/a.png", "y/b.png"):
        (folder / name).parent.mkdir()
        Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(folder / name)
    return folder, folder / "y/b.png", {}


def _wav(folder: Path) -> tuple[Path, Path, dict[str, Any]]:
    for name in ("x/a.wav", "y/b.wav"):
        write_wav(folder / name, np.arange(600) * 37 % 9000)
    return folder, folder / "y/b.wav", {"sound": {"rate": 8000, "seconds": 0.05, "frame": 128, "bands": 8}}


_MAKERS = {"csv": _csv, "npz": _npz, "idx": _idx, "images": _images, "wav": _wav}


@pytest.mark.parametrize("name", sorted(_MAKERS))
def test_a_damaged_file_is_read_or_refused(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path, file, more = _MAKERS[name](tmp_path_factory.mktemp(name))
    settings = DataSettings.model_validate({"format": name, **more})
    whole = file.read_bytes()
    assert len(READERS[settings.format](path, settings))

    @given(st.integers(0, len(whole) - 1), st.integers(0, 255), st.booleans())
    def damaged(place: int, value: int, cut: bool) -> None:
        file.write_bytes(whole[:place] if cut else whole[:place] + bytes([value]) + whole[place + 1 :])
        try:
            READERS[settings.format](path, settings)
        except DataError as error:
            assert str(file) in str(error) or str(path) in str(error)

    damaged()


@pytest.mark.parametrize(
    ("name", "mark", "place", "value"),
    [("npz", b"PK\1\2", 10, 99), ("npz", b"PK\1\2", 8, 1), ("npz", b"PK\1\2", 6, 255), ("wav", b"RIFF", 17, 1)],
    ids=["compression", "password", "version", "chunk"],
)
def test_damages_that_few_bytes_bring_about(name: str, mark: bytes, place: int, value: int, tmp_path: Path) -> None:
    path, file, more = _MAKERS[name](tmp_path)
    whole = bytearray(file.read_bytes())
    whole[whole.index(mark) + place] = value
    file.write_bytes(whole)
    settings = DataSettings.model_validate({"format": name, **more})
    with pytest.raises(DataError, match=file.name):
        READERS[settings.format](path, settings)


_CELLS = st.one_of(st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False))
_TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=8).map(str.strip)


def test_what_the_csv_module_writes_is_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("csv") / "d.csv"

    @given(st.lists(st.tuples(_CELLS, _CELLS, _TEXTS.filter(bool)), min_size=1, max_size=12), st.sampled_from(",;\t"))
    def written(rows: list[tuple[Any, Any, str]], delimiter: str) -> None:
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter=delimiter).writerows([("one", "two", "kind"), *rows])
        read = read_csv(path, DataSettings(format="csv", label="kind"))
        assert read.labels.tolist() == [label for _, _, label in rows]
        assert np.array_equal(read.x.astype(float), np.array([row[:2] for row in rows], float))

    written()
