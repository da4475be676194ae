"""`gateweave quantise` refuses what it cannot use before anything slow, and tells what came of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fast.toolchain.cli.test_check import ESTIMATE
from toolchain.cli import quantise as command
from toolchain.cli.quantise import Asked, quantise, tell
from toolchain.errors import ConfigError
from toolchain.progress import Progress
from toolchain.quantise.setting import Bits
from toolchain.results.checked import LayerUse
from toolchain.results.quantised import Quantised, QuantisedLayer, QuantisedSetting

MADE = Quantised(
    file="out.onnx",
    source="net.onnx",
    measure="accuracy",
    float_share=0.9,
    vectors=1000,
    tested="my test.npz",
    board="ulx3s",
    settings=(
        QuantisedSetting(
            bits="W4A4",
            scale_bits=1,
            way="GPFQ",
            epochs=0,
            share=0.89,
            divergence=0.1,
            weight_bits=64_000,
            estimate=None,
            why="too large by 12 LUTs",
            written=True,
        ),
    ),
    layers=(
        QuantisedLayer(
            name="Conv_0", weights=16, weight_bits=4, activation_bits=4, operations=100, cost=0.5, divergence=0.02
        ),
    ),
    costliest="Conv_0",
    compared=1200,
    outputs=12_000,
    inputs="UINT8",
)


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    for name in ("net.onnx", "data.npz"):
        (tmp_path / name).write_bytes(b"")
    return Asked(
        source=tmp_path / "net.onnx",
        model=None,
        calibrate=tmp_path / "data.npz",
        test=None,
        bits=(),
        train=None,
        epochs=2,
        output=tmp_path / "out.onnx",
        divide=1.0,
        mean="0",
        std="1",
        board="ulx3s",
    )


def test_a_layer_is_told_with_what_it_takes_of_the_board(capsys: pytest.CaptureFixture[str]) -> None:
    use = LayerUse(name="Conv_0", option="PE 1, SIMD 1", cycles=1000, lut=321, bram=2, dsp=1)
    setting = MADE.settings[0].model_copy(update={"estimate": ESTIMATE})
    layer = MADE.layers[0].model_copy(update={"estimate": use})
    tell(MADE.model_copy(update={"settings": (setting,), "layers": (layer,)}))
    said = capsys.readouterr().out
    (row,) = [line.split() for line in said.splitlines() if line.strip().startswith("Conv_0 ") and "W4A4" in line]
    assert row[-3:] == ["321", "1", f"{ESTIMATE.clock_mhz * 1000:,.0f}/s"]
    assert "LUTs and rates are estimated, a layer's without FIFOs and host link" in said


def test_what_came_of_it_is_told(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def made(asked: Asked, bits: tuple[Bits, ...], progress: Progress) -> Quantised:
        return MADE

    monkeypatch.setattr(command, "_made", made)
    quantise(asked, False)
    said = capsys.readouterr().out
    for words in (
        "89.00%",
        "-1.00",
        "powers of two",
        "64.0",
        "-0.50",
        "ulx3s: too large by 12 LUTs",
        "Conv_0 costs most",
        "takes UINT8; all 12,000 outputs of 1,200 vectors are equal",
        "make build BOARD=ulx3s NETWORK=out.onnx TEST='my test.npz'",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bits": ("W9A9",)}, "--bits: 'W9A9'"),
        ({"source": Path("nowhere.onnx")}, "nowhere.onnx: no such file"),
        ({"test": Path("nowhere.npz")}, "nowhere.npz: no such file"),
        ({"source": Path("weights.pt")}, r"weights\.pt: no such file"),
        ({"board": "ulx4s"}, "ulx4s"),
    ],
)
def test_what_cannot_be_used_is_named(change: dict[str, object], said: str, asked: Asked) -> None:
    with pytest.raises(ConfigError, match=said):
        quantise(replace(asked, **change), False)  # type: ignore[arg-type]
