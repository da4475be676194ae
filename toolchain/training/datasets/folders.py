"""Folders of files, one folder a class, of which some formats are made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolchain.errors import DataError
from toolchain.files import sha256
from toolchain.training.datasets.rows import Texts
from toolchain.training.datasets.settings import DataSettings
from toolchain.training.splits import PARTS


@dataclass(frozen=True)
class Labelled:
    """Files with their classes, in the order of their paths.

    Attributes:
        key: of each file, if the recipe asks for it.
        skipped: files that are of no format that is read.
    """

    files: tuple[Path, ...]
    labels: Texts
    key: Texts | None
    skipped: int


def labelled_files(root: Path, settings: DataSettings, suffixes: Collection[str]) -> Labelled:
    """All files of these suffixes in `root/<class>/`; with `by: given` and no key, in `root/<part>/<class>/`.

    Hidden files count for nothing; others that have another suffix are counted.

    Raises:
        DataError: there is no folder of a class, one holds no such file, or a path has no key.
    """
    if not root.is_dir():
        raise DataError(f"{root}: is a file; give the folder that holds one folder a class")
    in_parts = settings.split.by == "given" and settings.split.key is None
    classes = [folder for part in _parts(root, in_parts) for folder in _folders(part)]
    if not classes:
        raise DataError(f"{root}: holds no folder; every class should have one of its name")
    found: list[tuple[Path, str, str]] = []
    skipped = 0
    for folder in classes:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
        mine = [path for path in files if path.suffix.lower() in suffixes]
        if not mine:
            raise DataError(f"{folder}: no {' or '.join(sorted(suffixes))} in it; fill the folder, or remove it")
        skipped += len(files) - len(mine)
        found += [(path, folder.name, _key(folder, path, settings, in_parts)) for path in mine]
    paths, labels, keys = zip(*found, strict=True)
    with_key = in_parts or settings.split.key is not None
    return Labelled(tuple(paths), np.array(labels), np.array(keys) if with_key else None, skipped)


def digest_of(root: Path, files: Collection[Path]) -> dict[str, str]:
    """One SHA-256 for all files with their names, under the folder's name."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(root)}\0{sha256(path)}\n".encode())
    return {root.name: digest.hexdigest()}


def _parts(root: Path, in_parts: bool) -> list[Path]:
    if not in_parts:
        return [root]
    parts = [root / part for part in PARTS if (root / part).is_dir()]
    if not {"train", "test"} <= {part.name for part in parts}:
        raise DataError(f"{root}: no folders train and test, which hold one folder a class; or split by another rule")
    return parts


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def _key(folder: Path, path: Path, settings: DataSettings, in_parts: bool) -> str:
    """The part, or what the expression finds in the path below the folder of the class."""
    if in_parts:
        return folder.parent.name
    if settings.split.key is None:
        return ""
    inner = str(path.relative_to(folder))
    found = re.search(settings.split.key, inner)
    if found is None or found[1] is None:
        raise DataError(f"{path}: data.split.key: {settings.split.key!r} finds nothing in {inner!r}; mend it")
    return found[1]
