"""A float network is quantised from arrays, and its file goes on into `load`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.slow.toolchain.quantise.networks import data, made, written
from toolchain.api import load, quantise
from toolchain.errors import ConfigError

SHAPE = (2, 8, 8)


def test_arrays_quantise_a_float_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path / "build"))
    source = written(made("cnn"), SHAPE, tmp_path / "net.onnx")
    x = data(SHAPE, 40, seed=2)
    how = {"calibrate": data(SHAPE), "test": x, "bits": "W8A8", "out": tmp_path / "out.onnx", "board": None}
    found = quantise(source, show=False, **how)  # type: ignore[arg-type]
    assert capsys.readouterr() == ("", "")
    assert {setting.bits for setting in found.settings} == {"W8A8"}
    assert (found.measure, found.vectors) == ("agreement with float", 40)
    net = load(found.file)
    integers, values = net.run(x), net.values(x)
    assert isinstance(integers, np.ndarray) and isinstance(values, np.ndarray)
    assert np.array_equal(integers.argmax(1), values.argmax(1))
    with pytest.raises(ConfigError, match=r"out\.onnx"):
        quantise(source, show=False, **how)  # type: ignore[arg-type]
