"""Files written whole or not at all, and their SHA-256. Standard library only: devices have it, too."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from toolchain.errors import BuildError

_FULL, _FORBIDDEN = "; free some disk space", "; mend the permissions of its folder"
_MENDS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: "; take a folder on another disk",
}


def why_absent(path: Path, kind: str) -> str:
    """Why nothing can be found at a path, for people: "no such file" where `kind` is "file", or what hinders."""
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "a loop of links"
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            return str(error.strerror).lower()
    return f"no such {kind}"


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write a file so that a kill or a full disk leaves the old one or the new one, never half of it.

    Raises:
        BuildError: the file cannot be written.
    """
    raw = data.encode() if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(raw)
            Path(name).chmod(0o644)
            os.replace(name, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(name)
    except OSError as error:
        raise unwritten(path, error) from error


def unwritten(path: Path, error: Exception) -> BuildError:
    """The error of a file or folder that cannot be written, with the mend where one is known."""
    mend = _MENDS.get(getattr(error, "errno", None) or 0, "")
    return BuildError(f"{path}: cannot write: {getattr(error, 'strerror', None) or error}{mend}")


def can_be_written(folder: Path) -> bool:
    """Whether files can be put into a folder, which may have to be made first."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, so that equal values give equal bytes."""
    write_atomic(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def hash_outputs(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """SHA-256 of each file, by its path relative to `root`."""
    return {str(p.relative_to(root)): sha256(p) for p in sorted(paths)}
