"""What a recipe of MnistLUT may set, beside what every recipe may."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.litecnn import settings as images
from toolchain.training.recipe import Positive, Settings, Width


class DataSettings(images.DataSettings):
    """How images become network inputs: as those of LiteCNN, and of each pixel the uppermost bit."""


class TrainingSettings(images.TrainingSettings):
    """Hyper-parameters; the last four say how far every other image is altered, as those of LiteCNN."""

    shift: Annotated[float, Field(ge=0, le=16)] = 1.0
    zoom: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    shear: Annotated[float, Field(ge=0, le=0.5)] = 0.1


class NetworkSettings(Settings):
    """Shape of the network, and how its connections are learnt.

    Attributes:
        neurons: of each layer, the last one's as many for each class.
        fan_in: bits that a neuron sees; up to six are one LUT6.
        choosing: batches in which the first layer's connections learn; those of the others are drawn.
        score_power: scores count neurons in steps of 2 to this power.
    """

    neurons: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)] = (400, 200)
    fan_in: Annotated[int, Field(ge=2, le=6)] = 6
    choosing: Positive = 1000
    score_power: Annotated[int, Field(ge=-8, le=4)] = -2
