"""What a recipe of SlimCNN may set, beside what every recipe may."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from models.litecnn import settings as litecnn
from models.litecnn.settings import Channels, DataSettings
from toolchain.training.recipe import Bits, Settings

__all__ = ["DataSettings", "NetworkSettings", "TrainingSettings"]

Percent = Annotated[int, Field(ge=1, le=100)]


class NetworkSettings(Settings):
    """Shape of the network.

    Attributes:
        channels: of each layer at full width; a layer is a convolution that halves height and width.
        widths: percents of the channels that it runs at, narrowest first; the last is 100.
    """

    channels: Annotated[tuple[Channels, ...], Field(min_length=1, max_length=6)] = (16, 32)
    widths: Annotated[tuple[Percent, ...], Field(min_length=2, max_length=8)] = (25, 50, 75, 100)
    weight_bits: Bits = 4
    activation_bits: Bits = 4

    @model_validator(mode="after")
    def _must_be_whole_channels(self) -> Self:
        if sorted(set(self.widths)) != list(self.widths) or self.widths[-1] != 100:
            raise ValueError(f"widths {list(self.widths)}: rising percents that end in 100 are expected")
        for channels in self.channels:
            if broken := [width for width in self.widths if channels * width % 100]:
                raise ValueError(f"channels {channels}: {broken[0]} % of them is no whole number; change either")
        return self

    def channels_at(self, width: int) -> tuple[int, ...]:
        """Channels of each layer at a width in percent."""
        return tuple(channels * width // 100 for channels in self.channels)


class TrainingSettings(litecnn.TrainingSettings):
    """Hyper-parameters, and how far every other image of a batch is altered.

    Attributes:
        taught: how much of a narrower width's loss is how far it is from the answers of the full one; the rest is how
            far it is from the classes.
    """

    taught: Annotated[float, Field(ge=0, le=1)] = 0.5
