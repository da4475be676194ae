"""The data that a network is calibrated, tested and tuned on, and hints where it is not what the network knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.quantise.calibrate import answers
from toolchain.quantise.float_file import FloatNetwork
from toolchain.runtime.calibration_file import read_vectors
from toolchain.runtime.proof_vectors import Feed

FEWEST = 32
"""Vectors that ranges of activations are worth anything from."""

_BYTE = 255
# Of all answers: fewer are no sign of another range or order of colours.
_MUCH_BETTER = 0.1
_LOOKED_AT = 1000


@dataclass(frozen=True)
class Data:
    """Vectors of a file.

    Attributes:
        path: the file.
        x: inputs, (N, *shape), float32.
        y: true classes, (N,), or None.
    """

    path: Path
    x: NDArray[np.float32]
    y: NDArray[np.int64] | None

    @property
    def tensor(self) -> torch.Tensor:
        """The inputs."""
        return torch.from_numpy(self.x)

    @property
    def integers(self) -> str | None:
        """The type of inputs that are whole numbers of a byte, by its qonnx name; None of others."""
        low, high = float(self.x.min()), float(self.x.max())
        if high <= 1 or not (self.x == np.rint(self.x)).all():
            return None
        return "UINT8" if low >= 0 and high <= _BYTE else "INT8" if low >= -128 and high <= 127 else None

    def share(self, wanted: NDArray[np.int64], scores: torch.Tensor) -> float:
        """Share of vectors whose greatest score is the wanted class."""
        return float((scores.argmax(1).numpy() == wanted).mean())


def read(path: Path, network: FloatNetwork, option: str, *, labelled: bool = False) -> Data:
    """Read an npz of `x` and maybe `y`.

    Args:
        option: as which it was given.
        labelled: whether classes must be there.

    Raises:
        DataError: it does not fit the network, or holds too few vectors.
    """
    try:
        found = read_vectors(path, [Feed("x", network.shape, np.float32)])
    except DataError as error:
        raise DataError(f"{option}: {error}") from None
    if len(found.x) < FEWEST:
        raise DataError(f"{option}: {path}: {len(found.x)} vectors; {FEWEST} or more are needed, hundreds are better")
    if labelled and found.truth is None:
        raise DataError(f"{option}: {path}: no `y`; true classes are needed")
    if found.truth is not None and found.truth.max() >= network.outputs:
        raise DataError(f"{option}: {path}: y reaches {found.truth.max()}; the network has {network.outputs} classes")
    return Data(path, np.asarray(found.x, np.float32), found.truth)


def must_be_of_its_world(network: FloatNetwork, data: Data) -> None:
    """Refuse data that the network would know much better in another range or with its colours turned round.

    Raises:
        DataError: says which, and the mend.
    """
    if data.y is None:
        return
    x, y = data.tensor[:_LOOKED_AT], data.y[:_LOOKED_AT]
    now = data.share(y, answers(network.module, x))
    for other, why in _others(x):
        better = data.share(y, answers(network.module, other))
        if better > now + _MUCH_BETTER:
            raise DataError(f"{data.path}: the float network labels {now:.1%} right, and {better:.1%} {why}")


def doubt_of_range(network: FloatNetwork, data: Data) -> str:
    """What to look at where nobody says the true classes, in words; empty without cause.

    Bytes are often divided by 255 by the program that trained. A network that does not care labels both alike.
    """
    x = data.tensor[:_LOOKED_AT]
    if data.y is not None or data.integers is None or x.min() < 0:
        return ""
    labels = (answers(network.module, given).argmax(1) for given in (x, x / _BYTE))
    share = float((next(labels) != next(labels)).float().mean())
    if share <= _MUCH_BETTER:
        return ""
    return (
        f"{data.path}: x has whole numbers up to {float(x.max()):.0f}, and no y tells what is right: the float network "
        f"labels {share:.0%} otherwise for x / 255; if it was trained on 0 to 1, give --divide 255"
    )


def _others(x: torch.Tensor) -> list[tuple[torch.Tensor, str]]:
    """The same inputs as another program would give them."""
    found = []
    if x.max() > 2 and x.min() >= 0:
        found.append((x / _BYTE, "of x / 255: it seems to know 0 to 1 where x has 0 to 255; give --divide 255"))
    elif x.max() <= 1 and x.min() >= 0:
        found.append((x * _BYTE, "of x * 255: it seems to know 0 to 255 where x has 0 to 1; multiply x by 255"))
    if x.ndim == 4 and x.shape[1] == 3:
        found.append((x.flip(1), "with its channels turned round: colours seem to be BGR for RGB; give x[:, ::-1]"))
    return found


def compared_with(network: FloatNetwork, data: Data) -> tuple[NDArray[Any], str]:
    """The classes that answers are held against, and what the share of equal ones is called."""
    if data.y is not None:
        return data.y, "accuracy"
    return answers(network.module, data.tensor).argmax(1).numpy(), "agreement with float"
