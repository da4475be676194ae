"""What a recipe may set of the network."""

from typing import Annotated

from pydantic import Field

from toolchain.training.recipe import Bits, Settings, Width


class NetworkSettings(Settings):
    """Neurons of each hidden layer, and bits of weights and activations."""

    hidden: Annotated[tuple[Width, ...], Field(min_length=1)] = (64, 32)
    weight_bits: Bits = 4
    activation_bits: Bits = 4
