"""What a file or folder of data seems to be: the section `data` of a first recipe."""

from __future__ import annotations

import math
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from toolchain.errors import DataError
from toolchain.files import why_absent
from toolchain.training.datasets.image_folders import SUFFIXES
from toolchain.training.datasets.npz import arrays_of
from toolchain.training.datasets.table import header_of, numeric_columns

_INPUTS = ("x", "X", "data", "inputs", "features", "images", "samples")
_LABELS = ("y", "Y", "label", "labels", "class", "target", "targets", "species", "kind", "category")
_TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_SIDE = 32
_LOOKED_AT = 50
_FRAME_SECONDS = 0.032
_FRAMES = [2**power for power in range(5, 13)]


@dataclass(frozen=True)
class Guess:
    """A section `data`, but for its path, and what was taken for granted in it, for the person who knows better."""

    section: dict[str, Any]
    said: tuple[str, ...] = ()


def guess(path: Path, label: str | None = None) -> Guess:
    """What the data seem to be.

    Args:
        label: the column or array of the class, where the person names it.

    Raises:
        DataError: nothing is there, or nothing that is known.
    """
    if not path.exists():
        raise DataError(f"DATA: {path}: {why_absent(path, 'file or folder')}")
    if path.is_file() and path.suffix == ".npz":
        return _archive(path, label)
    if path.is_file() and path.name.lower().endswith(_TABLES):
        return _table(path, label)
    if path.is_dir() and label is None:
        found = _folder(path)
        if found is not None:
            return found
    if label is not None and path.is_dir():
        raise DataError(f"--label: {path} is a folder, whose classes are its folders; leave it out")
    raise DataError(
        f"DATA: {path}: neither an npz, a CSV ({', '.join(_TABLES)}), a folder of MNIST's IDX files, nor one that "
        "holds a folder of images or WAV files for each class"
    )


def _archive(path: Path, label: str | None) -> Guess:
    names = arrays_of(path)
    whole = {name.removesuffix("_train") for name in names}
    x = next((name for name in _INPUTS if name in whole), None)
    y = label or next((name for name in _LABELS if name in whole), None)
    if x is None or y is None:
        missing = "inputs, such as x" if x is None else "classes, such as y; name it with --label"
        raise DataError(f"{path}: holds {', '.join(names) or 'nothing'}: no array of {missing}")
    section: dict[str, Any] = {"format": "npz"}
    section |= {} if x == "x" else {"columns": [x]}
    section |= {} if y == "y" else {"label": y}
    given = f"{x}_train" in names and f"{x}_test" in names
    return Guess({**section, "split": {"by": "given" if given else "random"}}, (f"inputs {x}, classes {y}",))


def _table(path: Path, label: str | None) -> Guess:
    names = header_of(path)
    known = [name for name in names if name.lower() in _LABELS]
    column = label or (known or names)[-1]
    why = "" if label else ", by its name" if known else ", the last column"
    numbers = numeric_columns(path, _LOOKED_AT)
    texts = [name for name in names if name not in numbers and name != column]
    inputs = [name for name in numbers if name != column]
    section: dict[str, Any] = {"format": "csv", "label": column}
    section |= {"columns": inputs} if texts and inputs else {}
    left = (f"left out, being no numbers: {', '.join(texts)}",) if texts else ()
    return Guess({**section, "split": {"by": "random"}}, (f"class: column {column!r}{why}", *left))


def _folder(path: Path) -> Guess | None:
    if any("idx3-ubyte" in file.name for file in path.iterdir()):
        return Guess({"format": "idx", "split": {"by": "given"}})
    parts = {part for part in ("train", "test") if (path / part).is_dir()}
    split = {"by": "given" if len(parts) == 2 else "random"}
    files = sorted(file for file in path.rglob("*.*") if file.is_file() and not file.name.startswith("."))
    sounds = [file for file in files if file.suffix.lower() == ".wav"]
    images = [file for file in files if file.suffix.lower() in SUFFIXES]
    if not sounds and not images:
        return None
    return _sounds(sounds, split) if len(sounds) > len(images) else _images(images, split)


def _images(files: Sequence[Path], split: dict[str, Any]) -> Guess:
    sizes = set(_sizes(files[:: max(1, len(files) // _LOOKED_AT)]))
    if len(sizes) == 1 and max(next(iter(sizes))) <= 2 * _SIDE:
        return Guess({"format": "images", "split": split}, ("grey; for colours: data.images.colour",))
    said = f"grey, all brought to {_SIDE} x {_SIDE} pixels; others: data.images"
    return Guess({"format": "images", "images": {"height": _SIDE, "width": _SIDE}, "split": split}, (said,))


def _sizes(files: Iterable[Path]) -> Iterable[tuple[int, int]]:
    for file in files:
        try:
            with Image.open(file) as image:
                yield image.size
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue  # The reader names it.


def _sounds(files: Sequence[Path], split: dict[str, Any]) -> Guess:
    try:
        with wave.open(str(files[0]), "rb") as stream:
            rate, samples = stream.getframerate(), stream.getnframes()
    except (OSError, EOFError, wave.Error, RuntimeError) as error:
        raise DataError(f"{files[0]}: no WAV of PCM that can be read: {error or 'cut short'}") from error
    frame = min(_FRAMES, key=lambda size: abs(size - rate * _FRAME_SECONDS))
    seconds = min(60, math.ceil(max(samples, frame) / rate * 1000) / 1000)
    sound = {"rate": rate, "seconds": seconds, "frame": frame, "hop": frame, "bands": min(32, frame // 8)}
    like = f"{sound['seconds']:g} s at {rate:,} samples a second, as {files[0].name}"
    said = f"log-mel features of {like}; others: data.sound"
    return Guess({"format": "wav", "sound": sound, "split": split}, (said,))
