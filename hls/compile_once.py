"""Compiles Verilator's run-time library once: its make rules call this before the compiler, as `OBJCACHE`.

``python compile_once.py FOLDER COMPILER ... -c -o OBJECT SOURCE`` copies the object from FOLDER where the same
command has made it before, of the same sources with the same compiler, and compiles otherwise. The library is the
same for all models, and takes three quarters of the time that a small one needs. All other sources are compiled as
ever. Standard library only; a folder that cannot be written costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path


def main(folder: str, *command: str) -> int:
    """Run the compiler, or take its place; returns its exit status."""
    source, result = Path(command[-1]), _object(command)
    if result is None or not _is_library(source):
        return subprocess.call(command)
    kept = Path(folder) / f"{source.stem}-{_digest(command, source)}.o"
    if _copied(kept, result):
        return 0
    status = subprocess.call(command)
    if status == 0:
        _copied(result, kept)
    return status


def _object(command: Sequence[str]) -> Path | None:
    return Path(command[command.index("-o") + 1]) if {"-c", "-o"} <= {*command} else None


def _is_library(source: Path) -> bool:
    return source.name.startswith("verilated") and source.with_name("verilated.mk").is_file()


def _digest(command: Sequence[str], source: Path) -> str:
    """Of all that the object is made of, but for the system's own headers, which come with the compiler."""
    version = subprocess.run([command[0], "--version"], capture_output=True, check=True).stdout
    digest = hashlib.sha256("\0".join(command).encode() + b"\0" + version)
    for path in [source, *sorted(source.parent.rglob("*.h"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _copied(source: Path, target: Path) -> bool:
    """Copy a file whole or not at all; others may do the same at the same time."""
    half = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, half = tempfile.mkstemp(dir=target.parent, prefix=".half-")
        os.close(handle)
        shutil.copyfile(source, half)
        os.replace(half, target)
    except OSError:
        if half is not None:
            Path(half).unlink(missing_ok=True)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
