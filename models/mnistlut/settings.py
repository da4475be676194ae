"""What a recipe of MnistLUT may set, beside what every recipe may."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.litecnn import settings as images
from toolchain.training.recipe import Positive, Settings, Width


class DataSettings(images.DataSettings):
    """How images become network inputs: as those of LiteCNN, and of each pixel the upper `bits`."""

    bits: Annotated[int, Field(ge=1, le=8)] = 2


class NetworkSettings(Settings):
    """Shape of the network, and how its connections are learnt.

    Attributes:
        levels: thresholds a pixel, learnt.
        neurons: of the hidden layer, each of one bit.
        fan_in: encoded bits that a neuron sees; up to six are one LUT6.
        choosing: batches in which every neuron sees all bits.
        pruning: batches behind them in which it comes down to `fan_in`.
        sharpening: batches behind these in which a neuron's sigmoid becomes a step.
        score_power: scores count neurons in steps of 2 to this power.
    """

    levels: Annotated[int, Field(ge=1, le=8)] = 1
    neurons: Width = 400
    fan_in: Annotated[int, Field(ge=1, le=16)] = 6
    choosing: Positive = 100
    pruning: Positive = 200
    sharpening: Positive = 300
    score_power: Annotated[int, Field(ge=-8, le=4)] = -3
