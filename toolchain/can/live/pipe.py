"""A named pipe, which can be read only once, becomes a file that can be read again."""

from __future__ import annotations

import os
import select
import shutil
import stat
import tempfile
from pathlib import Path

from toolchain.can.data.readers.limits import MOST_BYTES, PIPE_SECONDS
from toolchain.errors import DataError

_BLOCK_BYTES = 1 << 20


class Spool:
    """What a pipe holds, in a folder of its own until `close`.

    Args:
        path: any path; only a pipe is copied.
        seconds: to wait for the first byte.

    Attributes:
        path: the copy of a pipe; else the path as given.

    Raises:
        DataError: nobody writes into the pipe, or it cannot be read, or there is too much in it.
    """

    def __init__(self, path: Path, seconds: float = PIPE_SECONDS) -> None:
        self._folder: str | None = None
        self.path = path
        if not _is_pipe(path):
            return
        self._folder = tempfile.mkdtemp(prefix="gateweave-")
        self.path = Path(self._folder, path.name)
        try:
            _copy(path, self.path, seconds)
        except OSError as error:
            self.close()
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the copy."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def _is_pipe(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False


def _copy(pipe: Path, copy: Path, seconds: float) -> None:
    # Opened without waiting: one who never writes would be waited for without end.
    source = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(source, "rb", buffering=0) as stream, copy.open("wb") as target:
        if not select.select([stream], [], [], seconds)[0]:
            raise DataError(f"{pipe}: nothing was written into this pipe for {seconds:g} s; give a file")
        os.set_blocking(source, True)
        while block := stream.read(_BLOCK_BYTES):
            target.write(block)
            if target.tell() > MOST_BYTES:
                raise DataError(f"{pipe}: more than {MOST_BYTES >> 30} GiB; give a file, cut into several")
