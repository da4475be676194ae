"""What a recipe of LiteCNN may set, beside what every recipe may."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from toolchain.training import recipe
from toolchain.training.recipe import Bits, Seed, Settings

Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[\w /.-]+$")]
Channels = Annotated[int, Field(ge=1, le=256)]

DIGITS: tuple[str, ...] = tuple("0123456789")


class DataSettings(Settings):
    """How images become network inputs.

    Attributes:
        classes: name of each label, from 0.
        validation: share of each class's training images, the last of them, that is kept for validation.
        drawn: images that are drawn where no folder is given; a fifth of them for the test.
        seed: of the drawn digits and of the random split.
    """

    classes: Annotated[tuple[Name, ...], Field(min_length=2, max_length=255)] = DIGITS
    validation: Annotated[float, Field(ge=0.01, le=0.5)] = 0.1
    drawn: Annotated[int, Field(ge=1_000, le=100_000)] = 12_000
    seed: Seed = 1

    @model_validator(mode="after")
    def _must_differ(self) -> Self:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("classes should have different names")
        return self


class NetworkSettings(Settings):
    """Shape of the network: channels of a stream's three convolutions, and bits of weights and activations."""

    channels: tuple[Channels, Channels, Channels] = (10, 16, 24)
    weight_bits: Bits = 4
    activation_bits: Bits = 4


class TrainingSettings(recipe.TrainingSettings):
    """Hyper-parameters; the last four say how far the images of the second stream are altered.

    Attributes:
        shift: pixels, at most, in each direction.
        zoom: share of the size, at most, to either side; height and width each by its own.
        shear: share of the size, at most, that one edge moves against the other; both axes together turn the image.
        flip: whether every other image is mirrored.
    """

    shift: Annotated[float, Field(ge=0, le=16)] = 2.0
    zoom: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    shear: Annotated[float, Field(ge=0, le=0.5)] = 0.15
    flip: bool = False
