"""What a recipe may set of the network."""

from typing import Annotated

from pydantic import Field

from toolchain.training.recipe import Bits, Settings, Width


class NetworkSettings(Settings):
    """Channels of each stage, and bits of weights and activations."""

    channels: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)] = (4, 8)
    weight_bits: Bits = 4
    activation_bits: Bits = 4
