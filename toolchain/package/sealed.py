"""A package's seal: the SHA-256 of every file, and of the manifest itself, so that a damaged copy is noticed.

Standard library only, Python 3.8 or newer: it also runs on the machine with Vivado and on the board.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from toolchain.errors import BuildError
from toolchain.record import sha256, write_json

MANIFEST = "manifest.json"
HANDOFF, BITSTREAM = "handoff", "bitstream"
_SHOWN = 5


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a package but its manifest, by name; Python's own caches do not count.

    Raises:
        BuildError: a file cannot be read.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    names = {path.relative_to(folder).as_posix(): path for path in files}
    try:
        return {name: sha256(path) for name, path in names.items() if name != MANIFEST}
    except OSError as error:
        raise BuildError(f"{error.filename}: cannot be read ({error.strerror}); copy the package again") from error


def seal(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Write `manifest.json` over all files that the folder holds now; returns it.

    Raises:
        BuildError: it cannot be written.
    """
    # As it will be read again: JSON knows no tuples, and no keys but texts.
    whole: dict[str, Any] = json.loads(json.dumps({**manifest, "files": file_hashes(folder)}))
    whole["seal"] = _seal(whole)
    write_json(folder / MANIFEST, whole)
    return whole


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a package, not yet held against its files.

    Raises:
        BuildError: there is none, or it is damaged.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text())
    except FileNotFoundError:
        raise BuildError(f"{folder}: no {MANIFEST}; this is no package, or it was not copied whole") from None
    except (OSError, ValueError) as error:
        raise BuildError(f"{path}: cannot be read ({error}); copy the package again") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict) or "seal" not in manifest:
        raise BuildError(f"{path}: is no sealed manifest; build or copy the package again")
    if manifest["seal"] != _seal(manifest):
        raise BuildError(f"{path}: was altered after packing (its own SHA-256 differs); copy the package again")
    return manifest


def verify_package(folder: Path) -> dict[str, Any]:
    """Hold every file of a package against its manifest; returns the manifest.

    Raises:
        BuildError: a file is altered, missing or extra, or the manifest itself is damaged.
    """
    manifest = read_manifest(folder)
    packed, found = manifest["files"], file_hashes(folder)
    faults = {
        "altered": [name for name in packed if name in found and found[name] != packed[name]],
        "missing": [name for name in packed if name not in found],
        "extra": [name for name in found if name not in packed],
    }
    if any(faults.values()):
        named = "; ".join(f"{fault}: {_some(names)}" for fault, names in faults.items() if names)
        raise BuildError(f"{folder}: not as it was packed: {named}; copy the package again")
    return manifest


def must_be_bitstream(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Refuse a hand-off, and say what turns it into a bitstream.

    Raises:
        BuildError: the package holds no bitstream.
    """
    if manifest.get("status") != BITSTREAM:
        raise BuildError(
            f"{folder}: is a hand-off, it holds no bitstream yet; copy it to a machine with Vivado and run "
            f"`python3 finish.py` in it, then use the package that this makes"
        )


def _seal(manifest: Mapping[str, Any]) -> str:
    content = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
