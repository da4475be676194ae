"""What a recipe file holds: the schema of `models/<model>/recipes/<recipe>.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Bits = Annotated[int, Field(ge=2, le=8)]
Positive = Annotated[int, Field(gt=0, le=10**7)]
Width = Annotated[int, Field(gt=0, le=8192)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSettings(_Strict):
    """How captures become network inputs.

    Attributes:
        encoding: name of a window encoding in `toolchain/can/data/windows.py`.
        window: consecutive frames that the network sees at once.
        seed: of the synthetic car and of the random split.
    """

    encoding: Literal["bits", "bytes", "context"]
    window: Annotated[int, Field(ge=1, le=256)]
    seed: Seed = 1


class NetworkSettings(_Strict):
    """Shape of the network: sizes of the hidden layers, and widths of weights and activations in bits."""

    hidden: Annotated[tuple[Width, ...], Field(min_length=1, max_length=16)]
    weight_bits: Bits = 2
    activation_bits: Bits = 2


class TrainingSettings(_Strict):
    """Hyper-parameters.

    Attributes:
        steps: batches with batch normalisation.
        merged_steps: batches after the normalisation is merged into the layers.
        learning_rate, merged_learning_rate: peak rates of the two phases.
        normal_limit: normal windows kept for training; the attacks' are all kept.
        weight_decay: of matrices, decoupled; it is what makes them sparse.
        rare_share: rarer attacks are repeated until each makes up this share of the windows.
        seed: of initial weights and of the order of batches.
    """

    steps: Positive
    merged_steps: Positive
    batch: Positive = 512
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 0.003
    merged_learning_rate: Annotated[float, Field(gt=0, lt=1)] = 0.0005
    normal_limit: Positive = 2_000_000
    weight_decay: Annotated[float, Field(ge=0, lt=10)] = 0.1
    rare_share: Annotated[float, Field(ge=0, le=0.1)] = 0.02
    seed: Seed = 1


class Recipe(_Strict):
    """Everything that decides a trained network, apart from the captures."""

    title: Annotated[str, Field(min_length=1, max_length=120, pattern=r"^\S")]
    data: DataSettings
    network: NetworkSettings
    training: TrainingSettings
