"""How large the directory of a zip file is, told before it is read."""

from __future__ import annotations

import struct
from pathlib import Path

_SIGNATURE = b"PK\x05\x06"
_END = struct.Struct("<4s4H2LH")
_LONGEST_COMMENT = 1 << 16


def directory_bytes(path: Path) -> int:
    """Bytes of the directory as the file's end record has it; 0 where there is no such record.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _END.size - _LONGEST_COMMENT))
        tail = stream.read()
    at = len(tail) - _END.size
    if tail[max(0, at) :][:4] != _SIGNATURE:
        at = tail.rfind(_SIGNATURE)
    if at < 0 or len(tail) - at < _END.size:
        return 0
    fields = _END.unpack_from(tail, at)
    return int(fields[5])
