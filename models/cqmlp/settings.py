"""What a recipe of CQMLP may set, beside what every recipe may."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from toolchain.training import recipe
from toolchain.training.recipe import Bits, Positive, Seed, Settings, Width


class DataSettings(Settings):
    """How captures become network inputs.

    Attributes:
        encoding: name of a window encoding in `toolchain/can/data/windows.py`.
        window: consecutive frames that the network sees at once.
        seed: of the synthetic car and of the random split.
    """

    encoding: Literal["bits", "bytes", "context"]
    window: Annotated[int, Field(ge=1, le=256)]
    seed: Seed = 1


class NetworkSettings(Settings):
    """Shape of the network: sizes of the hidden layers, and widths of weights and activations in bits.

    Attributes:
        score_power: weights of the last layer are in steps of 2 to this power: a narrow layer needs larger ones, or its
            scores cannot differ enough for the loss to fall.
    """

    hidden: Annotated[tuple[Width, ...], Field(min_length=1, max_length=16)]
    weight_bits: Bits = 2
    activation_bits: Bits = 2
    score_power: Annotated[int, Field(ge=-8, le=4)] = -3


class TrainingSettings(recipe.TrainingSettings):
    """Hyper-parameters.

    Attributes:
        normal_limit: normal windows kept for training; the attacks' are all kept.
    """

    normal_limit: Positive = 2_000_000
