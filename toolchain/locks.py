"""Locks on files, which the kernel lets go of however their holders end; a lock is never stale."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain.files import unwritten

_POLL_SECONDS = 0.05


@contextmanager
def locked(path: Path, *, shared: bool = False, waiting: Callable[[str], None] | None = None) -> Iterator[int]:
    """Hold a lock, however long it takes to get it; yields its file descriptor, for children to hold it too.

    Args:
        path: file that stands for what is locked; made where it is missing.
        shared: let others hold it as well that ask for a shared one.
        waiting: called once with the holder's process number, if another holds it.

    Raises:
        BuildError: the file cannot be written.
    """
    descriptor = _open(path)
    try:
        _acquire(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, waiting)
        if not shared:
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


def _acquire(descriptor: int, kind: int, waiting: Callable[[str], None] | None) -> None:
    told = False
    while not _try(descriptor, kind):
        if waiting and not told:
            waiting(os.pread(descriptor, 32, 0).decode().strip() or "unknown")
        told = True
        time.sleep(_POLL_SECONDS)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
