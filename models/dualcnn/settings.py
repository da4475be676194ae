"""What a recipe of DualCNN may set, beside what every recipe may."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.litecnn import settings as litecnn
from models.litecnn.settings import Channels, DataSettings
from toolchain.training.recipe import Bits, Settings

__all__ = ["DataSettings", "NetworkSettings", "TrainingSettings"]

Chain = Annotated[tuple[Channels, ...], Field(min_length=1, max_length=4)]


class NetworkSettings(Settings):
    """Shape of the two networks: channels of each one's convolutions, which halve height and width."""

    first: Chain = (6, 12)
    second: Chain = (10, 20)
    weight_bits: Bits = 4
    activation_bits: Bits = 4


class TrainingSettings(litecnn.TrainingSettings):
    """Hyper-parameters, and how far every other image of a batch is altered.

    Attributes:
        doubt: how much more an image counts for the second network the less the first is sure of it: 0 for all alike.
    """

    doubt: Annotated[float, Field(ge=0, le=100)] = 4.0
