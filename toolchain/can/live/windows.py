"""The training's windows from frames that come in batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolchain.can.data.frames import Bytes, Frames, concatenate
from toolchain.can.data.windows import encoding_named
from toolchain.can.live.batch import EMPTY

_ONE_CAPTURE = ("",)


class WindowStream:
    """The very vectors that training would make of the same frames, however they are cut into batches.

    The last `window - 1` frames are kept and stand before the next batch.

    Raises:
        ConfigError: there is no such encoding.
    """

    def __init__(self, encoding: str, window: int) -> None:
        self._encoding, self._window = encoding_named(encoding), window
        self._kept = EMPTY

    def restart(self) -> None:
        """Forget the frames so far: what follows does not follow them."""
        self._kept = EMPTY

    def push(self, frames: Frames) -> Bytes:
        """Vectors, uint8 (m, inputs), of the last m of these frames, which end a full window."""
        new = replace(frames, capture=np.zeros_like(frames.capture), captures=_ONE_CAPTURE)
        joined = concatenate([self._kept, new])
        ends = np.arange(max(len(self._kept), self._window - 1), len(joined))
        self._kept = joined.slice(max(0, len(joined) - self._window + 1), len(joined))
        return self._encoding.encode(joined, ends, self._window)
