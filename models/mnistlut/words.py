"""What the data of MnistLUT are called."""

from __future__ import annotations

from models.litecnn.words import WORDS

__all__ = ["WORDS"]
