"""A package's checksums: the SHA-256 of every file, and of the manifest itself, so that a damaged copy is noticed.

Standard library only, Python 3.8 or newer: it also runs on the machine with Vivado and on the board. What is checked
stands in `toolchain.device.intact`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar, cast

from toolchain.device import intact
from toolchain.device.packed import PackedManifest
from toolchain.errors import BuildError
from toolchain.files import write_json

MANIFEST = intact.MANIFEST
HANDOFF, BITSTREAM = "handoff", "bitstream"
_Result = TypeVar("_Result")


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a package but its manifest, by name.

    Raises:
        BuildError: a file cannot be read, or something else than files and folders lies there.
    """
    return _told(intact.hashes, str(folder), MANIFEST)


def write_manifest(folder: Path, manifest: Mapping[str, object]) -> PackedManifest:
    """Write `manifest.json` over all files that the folder holds now; returns it. Empty folders do not stay.

    Raises:
        BuildError: it cannot be written.
    """
    _drop_empty_folders(folder)
    # As it will be read again: JSON knows no tuples, and no keys but texts.
    whole: PackedManifest = json.loads(json.dumps({**manifest, "files": file_hashes(folder)}))
    whole["content_digest"] = intact.digest_of(whole)
    write_json(folder / MANIFEST, whole)
    return whole


def read_manifest(folder: Path) -> PackedManifest:
    """The manifest of a package, not yet held against its files.

    Raises:
        BuildError: there is none, or it is damaged.
    """
    return cast("PackedManifest", _told(intact.read, str(folder)))


def verify_package(folder: Path) -> PackedManifest:
    """Hold all that lies below a package against its manifest; returns the manifest.

    Raises:
        BuildError: a file is altered, missing or extra, or the manifest itself is damaged.
    """
    return cast("PackedManifest", _told(intact.verify, str(folder)))


def package_name(manifest: PackedManifest) -> str:
    """The package's folder on another machine.

    Raises:
        BuildError: board or model is no plain name.
    """
    names = (("board", manifest.get("board")), ("model", manifest.get("model")))
    return "-".join(_told(intact.checked_name, key, name) for key, name in names)


def must_be_plain(name: str, what: str = "folder") -> None:
    """Refuse a name that could lead elsewhere than into one folder.

    Args:
        what: what messages call it.

    Raises:
        BuildError: it is no plain name.
    """
    _told(intact.checked_name, what, name)


def must_be_bitstream(folder: Path, manifest: PackedManifest) -> None:
    """Refuse a hand-off, and say what turns it into a bitstream.

    Raises:
        BuildError: the package holds no bitstream.
    """
    if manifest.get("status") != BITSTREAM:
        raise BuildError(
            f"{folder}: is a hand-off, it holds no bitstream yet; copy it to a machine with Vivado and run "
            f"`python3 finish.py` in it, then use the package that this makes"
        )


def _drop_empty_folders(folder: Path) -> None:
    """A folder that no packed file lies in would count as planted."""
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()


def _told(check: Callable[..., _Result], *words: object) -> _Result:
    try:
        return check(*words)
    except intact.DamagedError as error:
        raise BuildError(str(error)) from None
