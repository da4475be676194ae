"""One build at a time in one folder of builds."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain.errors import BuildError
from toolchain.files import unwritten

# A killed build's helpers need a moment to end and let go.
_PATIENCE_SECONDS = 3.0


@contextmanager
def build_lock(root: Path) -> Iterator[int]:
    """Hold the lock of a folder of builds; yields its file descriptor, for children to hold it too.

    The kernel lets go of it however its holders end, so a lock is never stale.

    Raises:
        BuildError: another build runs, or the folder cannot be written.
    """
    path = root / ".lock"
    descriptor = _open(path)
    try:
        _acquire(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise unwritten(path, error) from error


def _acquire(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _try(descriptor):
        holder = os.pread(descriptor, 32, 0).decode().strip() or "unknown"
        alive = holder.isdigit() and Path(f"/proc/{holder}").exists()
        if alive or time.monotonic() > deadline:
            raise BuildError(
                f"another build (pid {holder}) runs in {path.parent}; wait for it, or end it with `kill {holder}`"
            )
        time.sleep(0.05)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
