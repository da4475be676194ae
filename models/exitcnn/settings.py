"""What a recipe of ExitCNN may set, beside what every recipe may."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from models.litecnn import settings as litecnn
from models.litecnn.settings import Channels, DataSettings
from toolchain.training.recipe import Bits, Settings

__all__ = ["DataSettings", "NetworkSettings", "TrainingSettings"]


class NetworkSettings(Settings):
    """Shape of the network.

    Attributes:
        channels: of each block, a convolution that halves height and width.
        exits: numbers of the blocks, from 1, behind which the network may stop; it always may behind the last.
    """

    channels: Annotated[tuple[Channels, ...], Field(min_length=2, max_length=6)] = (8, 24, 48)
    exits: Annotated[tuple[int, ...], Field(min_length=1, max_length=5)] = (1, 2)
    weight_bits: Bits = 4
    activation_bits: Bits = 4

    @model_validator(mode="after")
    def _must_be_inside(self) -> Self:
        last = len(self.channels)
        if sorted(set(self.exits)) != list(self.exits) or not 0 < self.exits[0] <= self.exits[-1] < last:
            raise ValueError(
                f"exits {list(self.exits)} of {last} blocks; rising numbers from 1 to {last - 1} are expected: behind "
                "the last block the network ends"
            )
        return self


class TrainingSettings(litecnn.TrainingSettings):
    """Hyper-parameters, and how far every other image of a batch is altered.

    Attributes:
        exit_weight: how much each exit counts in what is minimised, where the end counts 1.
    """

    exit_weight: Annotated[float, Field(gt=0, le=10)] = 0.5
