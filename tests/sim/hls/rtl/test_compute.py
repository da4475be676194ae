"""Sums and the matrix-vector unit against numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.pack import pack, words, write_rom
from tests.sim.hls.rtl.bench import run_text, stream

BENCH = """module bench (
    input clk, input rst, input [63:0] in_data, input in_valid, output in_ready,
    output [63:0] out_data, output out_valid, input out_ready
);
    assign in_ready = out_ready;
    assign out_valid = in_valid;
    assign out_data[63:12] = 0;
    %s
endmodule
"""


@pytest.mark.parametrize(("simd", "bits"), [(7, 1), (5, 3)])
def test_masked_sum(simd: int, bits: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(simd)
    x, enable, invert = rng.integers(0, 1 << bits, (200, simd)), *rng.integers(0, 2, (2, 200, simd))
    packed = words(np.concatenate([_split(x, bits), enable, invert], axis=1), 1)
    top = simd * bits
    instance = f"""masked_sum #(.SIMD({simd}), .IN_BITS({bits}), .SUM_BITS(12)) dut (
        .x(in_data[{top - 1}:0]), .enable(in_data[{top} +: {simd}]), .invert(in_data[{top + simd} +: {simd}]),
        .total(out_data[11:0]));"""
    expected = (np.where(invert, (1 << bits) - 1 - x, x) * enable).sum(1)
    assert run_text(BENCH % instance, ["masked_sum"], packed, tmp_path, (0,)) == expected.tolist()


@pytest.mark.parametrize(("simd", "bits", "weight_bits"), [(5, 3, 4), (3, 8, 8)])
def test_weighted_sum(simd: int, bits: int, weight_bits: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(simd)
    half = 1 << (weight_bits - 1)
    x, w = rng.integers(0, 1 << bits, (200, simd)), rng.integers(-half, half, (200, simd))
    total_bits = bits + weight_bits + 3
    top = simd * bits
    packed = words(np.concatenate([_split(x, bits), _split(w & (2 * half - 1), weight_bits)], axis=1), 1)
    instance = f"""wire [{total_bits - 1}:0] total;
    assign out_data[11:0] = total[11:0];
    weighted_sum #(.SIMD({simd}), .IN_BITS({bits}), .WEIGHT_BITS({weight_bits}), .SUM_BITS({total_bits})) dut (
        .x(in_data[{top - 1}:0]), .weights(in_data[{top} +: {simd * weight_bits}]), .total(total));"""
    if total_bits < 12:
        instance = instance.replace("total[11:0]", f"{{{12 - total_bits}'b0, total}}")
    expected = (x * w).sum(1) & ((1 << min(12, total_bits)) - 1)
    assert run_text(BENCH % instance, ["weighted_sum"], packed, tmp_path, (0,)) == expected.tolist()


def _split(values, bits):  # type: ignore[no-untyped-def]
    """Elements as single bits, lowest first."""
    return np.unpackbits(pack(values, bits), axis=1, count=values.shape[1] * bits, bitorder="little")


@pytest.mark.parametrize(("pe", "simd", "beats", "folds", "bias"), [(2, 3, 4, 3, 0), (3, 2, 1, 2, 1)])
def test_matrix_vector_unit(pe: int, simd: int, beats: int, folds: int, bias: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(pe)
    negative, used = rng.integers(0, 2, (2, folds, beats, pe, simd))
    biases = rng.integers(0, 100, (folds, pe))
    write_rom(
        tmp_path / "w.hex",
        words(np.concatenate([used, negative], axis=3).reshape(folds * beats, -1), 1),
        pe * simd * 2,
    )
    write_rom(tmp_path / "b.hex", words(biases, 10), pe * 10)
    x = rng.integers(0, 4, (20, 1, beats, 1, simd))
    terms = np.where(negative, 3 - x, x) * used
    expected = terms.sum((2, 4)) * (1 + bias) + (biases if bias else 5)
    played = np.repeat(x[:, :, :, 0], folds, axis=1).reshape(-1, simd)
    last = np.tile(np.arange(beats) == beats - 1, 20 * folds)
    stream_in = [word | int(mark) << 40 for word, mark in zip(words(played, 2), last, strict=True)]
    parameters = {
        "PE": pe, "SIMD": simd, "IN_BITS": 2, "BEATS": beats, "FOLDS": folds, "WEIGHT_FILE": '"w.hex"',
        "SUM_BITS": 6, "ACC_BITS": 10, "INIT": 5, "SCALE": 1 + bias, "HAS_BIAS": bias, "BIAS_FILE": '"b.hex"',
    }  # fmt: skip
    out = stream(
        "mvu",
        parameters,
        (simd * 2, pe * 10),
        stream_in,
        tmp_path,
        seeds=(0, 3),
        in_last="in_data[40]",
        helpers=["masked_sum", "weighted_sum"],
    )
    assert out == words(expected.reshape(-1, pe), 10)
