"""IDX files, MNIST's format: a magic number, the size of each axis, then bytes; packed by gzip or not.

Format: yann.lecun.com/exdb/mnist, "FILE FORMATS FOR THE MNIST DATABASE".
"""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import DataError

_GZIP = b"\x1f\x8b"
_UNSIGNED_BYTES = 0x08


def read_idx(path: Path, *, axes: int, most: int) -> NDArray[np.uint8]:
    """The array of an IDX file of unsigned bytes.

    Args:
        axes: number of axes it should have.
        most: elements, at most; no more than these are unpacked, whatever the file says.

    Raises:
        DataError: it cannot be read, is no such file, is cut short or has bytes behind its end.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            if not packed:
                return _read(path, raw, axes, most)
            with gzip.GzipFile(fileobj=raw) as stream:
                return _read(path, cast(BinaryIO, stream), axes, most)
    except EOFError as error:
        raise DataError(f"{path}: the packed file is cut short; get it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: damaged: {error}; get it again") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _read(path: Path, stream: BinaryIO, axes: int, most: int) -> NDArray[np.uint8]:
    shape = _shape(path, stream, axes)
    count = prod(shape)
    if count > most:
        raise DataError(f"{path}: says it holds {_by(shape)} bytes: should be {most:,} at most")
    content = stream.read(count)
    if len(content) < count:
        raise DataError(
            f"{path}: cut short: says it holds {_by(shape)} bytes, and has {len(content):,} of {count:,}; get it again"
        )
    if stream.read(1):
        raise DataError(f"{path}: says it holds {_by(shape)} bytes, and has more; get it again")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _shape(path: Path, stream: BinaryIO, axes: int) -> tuple[int, ...]:
    magic = stream.read(4)
    wanted = bytes([0, 0, _UNSIGNED_BYTES, axes])
    if magic != wanted:
        raise DataError(
            f"{path}: begins with {magic.hex() or 'nothing'}: should be {wanted.hex()}, "
            f"an IDX file of unsigned bytes with {axes} {'axis' if axes == 1 else 'axes'}"
        )
    sizes = stream.read(4 * axes)
    if len(sizes) < 4 * axes:
        raise DataError(f"{path}: cut short within its sizes; get it again")
    return tuple(int(size) for size in np.frombuffer(sizes, ">u4"))


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{size:,}" for size in shape)
