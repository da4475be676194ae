"""Holds a package against its manifest, as `toolchain.package.sealed` does where Python is newer."""

import hashlib
import json
from pathlib import Path
from typing import Any, Dict

from toolchain.errors import BuildError

WORK = "work"
"""Folder of a package that its own scripts write to; it is no part of what was packed."""

_SHOWN = 5


def verify(package: Path) -> Dict[str, Any]:
    """Hold every file of a package against `manifest.json`; returns the manifest.

    Raises:
        BuildError: a file is altered, missing or extra, or there is no intact manifest.
    """
    manifest = _manifest(package)
    packed, found = manifest["files"], _hashes(package)
    faults = {
        "altered": [name for name in packed if name in found and found[name] != packed[name]],
        "missing": [name for name in packed if name not in found],
        "extra": [name for name in found if name not in packed],
    }
    if any(faults.values()):
        named = "; ".join(f"{fault}: {_some(names)}" for fault, names in faults.items() if names)
        raise BuildError(f"{package}: not as it was packed: {named}; copy the package again")
    return manifest


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _manifest(package: Path) -> Dict[str, Any]:
    path = package / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        content = {key: value for key, value in manifest.items() if key != "seal"}
        intact = manifest["seal"] == hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        intact = intact and isinstance(manifest["files"], dict)
    except (OSError, ValueError, KeyError, AttributeError):
        raise BuildError(f"{path}: missing or damaged; copy the whole package again") from None
    if not intact:
        raise BuildError(f"{path}: was altered after packing (its own SHA-256 differs); copy the package again")
    return dict(manifest)


def _hashes(package: Path) -> Dict[str, str]:
    names = {path.relative_to(package).as_posix(): path for path in package.rglob("*") if path.is_file()}
    return {name: sha256(path) for name, path in sorted(names.items()) if _was_packed(name)}


def _was_packed(name: str) -> bool:
    parts = name.split("/")
    return name != "manifest.json" and parts[0] != WORK and "__pycache__" not in parts


def _some(names: Any) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
