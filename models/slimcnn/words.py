"""What the data are called: as LiteCNN's."""

from models.litecnn.words import WORDS

__all__ = ["WORDS"]
