"""What a reader returns for one capture, before it becomes labelled frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.can.data.frames import Bytes, Index, Mask


@dataclass(frozen=True)
class Records:
    """n frames of one capture.

    Attributes:
        time: seconds, float64 (n,).
        identifier: uint32 (n,).
        length: uint8 (n,), 0..8.
        payload: uint8 (n, 8), zero beyond `length`.
        injected: whether the frame belongs to an attack, (n,); None where the format cannot tell.
        line: line number (or, in binary logs, message number) of each frame, from 1, (n,).
        attack: the attack that the format itself implies, else None: the capture's name tells.
        notices: what a person should know about the capture.
        label: class of each frame, uint8 (n,), where the format tells it; `injected` then holds the
            frames of an attack that it does not name.
        bus: index into `buses`, uint8 (n,).
        buses: names of the buses that the frames were on.
        timed: whether the times are the capture's own; else the frames are only put in order.
    """

    time: NDArray[np.float64]
    identifier: NDArray[np.uint32]
    length: Bytes
    payload: Bytes
    injected: Mask | None
    line: Index
    attack: str | None = None
    notices: tuple[str, ...] = ()
    label: Bytes | None = None
    bus: Bytes | None = None
    buses: tuple[str, ...] = ("",)
    timed: bool = True

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.time)


def join(parts: Sequence[Records], attack: str | None, notices: Sequence[str] = ()) -> Records:
    """Records of consecutive blocks of one file; at least one block."""
    flags = [p.injected for p in parts if p.injected is not None]
    return Records(
        np.concatenate([p.time for p in parts]),
        np.concatenate([p.identifier for p in parts]),
        np.concatenate([p.length for p in parts]),
        np.concatenate([p.payload for p in parts]),
        np.concatenate(flags) if flags else None,
        np.concatenate([p.line for p in parts]),
        attack,
        tuple(notices),
    )
