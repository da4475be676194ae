"""Files written whole or not at all, and their SHA-256. Standard library only: devices have it, too."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from toolchain.errors import BuildError


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
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
        Path(name).chmod(0o644)
        os.replace(name, path)
    except OSError as error:
        raise BuildError(
            f"{path}: cannot write: {error.strerror}; free some disk space or mend the permissions"
        ) from error


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, so that equal values give equal bytes."""
    write_atomic(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def hash_outputs(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """SHA-256 of each file, by its path relative to `root`."""
    return {str(p.relative_to(root)): sha256(p) for p in sorted(paths)}
