"""A residual addition of two tensors of bytes by one kernel or one table, where that is proved exact."""

from __future__ import annotations

from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.maker import Maker
from toolchain.runtime.derive.regions import Region


def made(maker: Maker, region: Region) -> Held | None:
    """The sum and its thresholds; None where no such form is proved."""
    return None
