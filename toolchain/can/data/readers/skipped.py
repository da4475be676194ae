"""What a capture holds beside data frames of classic CAN: skipped, counted, and said."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from toolchain.can.data.frames import PAYLOAD_BYTES

Kind = Literal["error", "remote", "long", "xl", "other"]

_NAMES: dict[Kind, str] = {
    "error": "error frames",
    "remote": "remote frames",
    "long": f"CAN-FD frames of more than {PAYLOAD_BYTES} bytes",
    "xl": "CAN XL frames",
    "other": "entries that are no CAN frames",
}


class Skipped(Counter[Kind]):
    """How many of each kind."""

    def notices(self) -> list[str]:
        """One line for each kind that there is, such as "120 error frames skipped"."""
        return [f"{self[kind]:,} {name} skipped" for kind, name in _NAMES.items() if self[kind]]
