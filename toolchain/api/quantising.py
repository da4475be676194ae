"""Quantising from Python: a trained float network becomes a file that `load` and `build` take."""

from __future__ import annotations

from collections.abc import Sequence
from os import fspath
from pathlib import Path

from toolchain.api.given import AnyPath, Data, file_of
from toolchain.api.spoken import spoken
from toolchain.cli.quantise import Asked, quantised, tell
from toolchain.errors import ConfigError
from toolchain.results.quantised import Quantised


@spoken
def quantise(
    source: AnyPath,
    *,
    calibrate: Data,
    model: AnyPath | None = None,
    test: Data | None = None,
    bits: Sequence[str] = (),
    train: Data | None = None,
    epochs: int = 2,
    out: AnyPath | None = None,
    divide: float = 1.0,
    mean: float | Sequence[float] = 0.0,
    std: float | Sequence[float] = 1.0,
    board: str | None = "ulx3s",
    show: bool = True,
) -> Quantised:
    """Quantise a trained float network, as `gateweave quantise` does; the file that it writes is the result's `file`.

    Args:
        source: a float ONNX file, or a checkpoint of the float network of `model`, which is read as weights only.
        calibrate: inputs that set the ranges of activations; 32 rows or more.
        test: what is measured on; `calibrate` where None.
        bits: of weights and activations, such as "W4A4"; W8A8 and W4A4 are tried where none are given.
        train: inputs with classes to fine-tune on, `epochs` times.
        out: the QONNX file to write, which must not be there yet.
        divide, mean, std: what the training program does to inputs: `(x / divide - mean) / std`.
        board: whose LUTs and rate are estimated; None leaves that out.
        show: whether to print how far it is and what came of it.

    Raises:
        ConfigError: an argument cannot be used, or the output exists.
        DataError: the data cannot be used.
        ModelError: the network cannot be read or quantised.
        VerificationError: the file answers otherwise than PyTorch.
    """
    asked = Asked(
        Path(fspath(source)),
        None if model is None else fspath(model),
        _path("calibrate", calibrate),
        _path("test", test) if test is not None else None,
        (bits,) if isinstance(bits, str) else tuple(bits),
        _path("train", train) if train is not None else None,
        epochs,
        None if out is None else Path(fspath(out)),
        divide,
        _words(mean),
        _words(std),
        board,
    )
    made = quantised(asked, show)
    if show:
        tell(made)
    return made


def _path(what: str, data: Data) -> Path:
    file = file_of(what, data)
    if file is None:
        raise ConfigError(f"{what}: missing; give an npz file, an array, or (x, y)")
    return Path(file)


def _words(values: float | Sequence[float]) -> str:
    return ",".join(map(repr, map(float, values))) if isinstance(values, Sequence) else repr(float(values))
