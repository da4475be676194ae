"""The section `data` of a recipe whose data need no code of their own."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from toolchain.training.recipe import Positive, Seed, Settings

Share = Annotated[float, Field(ge=0.01, le=0.5)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Format = Literal["npz", "csv", "idx", "images", "wav"]

_TABLES = {"npz", "csv"}
_FOLDERS = {"images", "wav"}


class SplitSettings(Settings):
    """Which rows are for training, validation and test.

    Attributes:
        by: random: dealt by the seed, as many of each class in each part; group: no group has rows in two parts;
            time: the first rows are for training, the last for the test; given: as the data say, and validation out of
            the training rows where they name none.
        key: what tells a row's group, time or given part: a column of a CSV, an array of an npz; of folders a regular
            expression whose group 1 it is, over the file's path in the folder of its class. Time without it is the
            order of the rows.
        validation, test: shares of the rows.
    """

    by: Literal["random", "group", "time", "given"] = "random"
    key: Name | None = None
    validation: Share = 0.15
    test: Share = 0.15

    @model_validator(mode="after")
    def _must_have_a_key(self) -> Self:
        if self.by == "group" and self.key is None:
            raise ValueError("split.key: missing; name what tells the group of a row")
        if self.by == "random" and self.key is not None:
            raise ValueError("split.key: goes with by: group, time or given; leave it out")
        return self


class WindowSettings(Settings):
    """Rows are steps of time: `length` of them are one input, and the next begins `step` later."""

    length: Annotated[int, Field(ge=2, le=100_000)]
    step: Positive


class ImageSettings(Settings):
    """Size in pixels that images are brought to, where they are not of one size; and whether colours are kept."""

    height: Annotated[int, Field(ge=4, le=1024)] | None = None
    width: Annotated[int, Field(ge=4, le=1024)] | None = None
    colour: bool = False

    @model_validator(mode="after")
    def _must_be_whole(self) -> Self:
        if (self.height is None) != (self.width is None):
            raise ValueError("images: height and width go together; give both or neither")
        return self


class SoundSettings(Settings):
    """How recordings become features; see `toolchain.training.datasets.spectrum`.

    Attributes:
        rate: samples a second that every file must have.
        seconds: of a recording; longer ones are cut, shorter ones end in silence.
        features: log-mel energies, or their cosine transform.
        frame, hop: samples of a frame, and from one to the next; a frame is a power of two.
        bands: of the mel filter bank.
        coefficients: of the cosine transform, for mfcc.
    """

    rate: Annotated[int, Field(ge=1_000, le=192_000)] = 16_000
    seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    features: Literal["log-mel", "mfcc"] = "log-mel"
    frame: Annotated[int, Field(ge=32, le=4096)] = 512
    hop: Annotated[int, Field(ge=16, le=65_536)] = 512
    bands: Annotated[int, Field(ge=2, le=128)] = 32
    coefficients: Annotated[int, Field(ge=2, le=128)] = 13

    @field_validator("frame")
    @classmethod
    def _must_be_a_power(cls, frame: int) -> int:
        if frame & (frame - 1):
            raise ValueError("a power of two")
        return frame

    @model_validator(mode="after")
    def _must_fit(self) -> Self:
        if self.samples < self.frame:
            raise ValueError(f"sound: {self.samples} samples a recording are less than a frame of {self.frame}")
        if self.features == "mfcc" and self.coefficients > self.bands:
            raise ValueError(f"sound.coefficients: {self.coefficients} of {self.bands} bands; should be no more")
        return self

    @property
    def samples(self) -> int:
        """Samples of a recording."""
        return round(self.rate * self.seconds)


class DataSettings(Settings):
    """What the data are, and what of them is input and class.

    Attributes:
        path: the file or folder, from the model's folder where it is not absolute; DATA= takes its place.
        columns: the inputs: of a CSV all but label and key where none is named; the array of an npz, `x` without it.
        label: the class: a column of a CSV, an array of an npz, `y` without it; folders are named by their class.
        classes: name of the class of each label, in the order of the network's outputs; rows with other labels are left
            out. Without it every label is a class of its own name, in their order.
        missing: what to do with a row in which a value is missing.
        bits: of the inputs of the network. Whole numbers that fit stay as they are.
        range: what becomes the least and the greatest input; without it that of the training rows, of each column for
            itself.
        seed: of what is dealt.
    """

    format: Format
    path: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    columns: tuple[Name, ...] = ()
    label: Name | None = None
    classes: dict[str, Name] = Field(default_factory=dict)
    missing: Literal["refuse", "skip"] = "refuse"
    bits: Annotated[int, Field(ge=1, le=8)] = 8
    range: tuple[float, float] | None = None
    split: SplitSettings = SplitSettings()
    windows: WindowSettings | None = None
    images: ImageSettings = ImageSettings()
    sound: SoundSettings = SoundSettings()
    seed: Seed = 1

    @field_validator("classes", mode="before")
    @classmethod
    def _as_words(cls, classes: Any) -> Any:
        """YAML reads `0: walking` as a number."""
        return {str(label): str(name) for label, name in classes.items()} if isinstance(classes, dict) else classes

    @field_validator("range")
    @classmethod
    def _must_rise(cls, span: tuple[float, float] | None) -> tuple[float, float] | None:
        if span is not None and not span[0] < span[1]:
            raise ValueError("the lower end, then the upper one")
        return span

    @model_validator(mode="after")
    def _must_suit_the_format(self) -> Self:
        suits = {"columns": _TABLES, "label": _TABLES, "windows": _TABLES, "images": {"images"}, "sound": {"wav"}}
        for key in sorted(suits.keys() & self.model_fields_set):
            if self.format not in suits[key]:
                raise ValueError(f"{key}: goes with format: {' or '.join(sorted(suits[key]))}; leave it out")
        if self.format == "npz" and len(self.columns) > 1:
            raise ValueError("columns: an npz has one array of inputs; name one")
        self._must_split()
        return self

    def _must_split(self) -> None:
        split, windows = self.split, self.windows
        if split.by == "given" and split.key is None and self.format == "csv":
            raise ValueError("split.key: missing; name the column that says train, validation or test")
        if split.key is not None and self.format == "idx":
            raise ValueError("split.key: IDX files hold images and labels only; use by: given, random or time")
        if split.key is not None and self.format in _FOLDERS:
            _must_have_a_group(split.key)
        if windows is not None and split.by == "random" and windows.step < windows.length:
            raise ValueError(
                "split.by: random would put steps of overlapping windows into training and test; use time or group, or "
                f"windows.step: {windows.length}"
            )


def _must_have_a_group(key: str) -> None:
    try:
        groups = re.compile(key).groups
    except re.error as error:
        raise ValueError(f"split.key: {key!r}: no regular expression: {error}") from None
    if groups < 1:
        raise ValueError(f"split.key: {key!r}: should be a regular expression with a group, such as ^([^_]+)_")
