"""ONNX Runtime's integer kernels against their arithmetic here, code by code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import helper

from toolchain.graph.readers.qdq.kernels import Scheme, added, fused, mean_factor, product_factor, requantiser
from toolchain.graph.readers.qdq.runtime import MICROSOFT, run_nodes

_DTYPES = [np.dtype(np.int8), np.dtype(np.uint8)]


def _schemes(random: np.random.Generator, dtype: Any, count: int) -> list[Scheme]:
    limits = np.iinfo(dtype)
    scales = random.uniform(0.005, 0.05, count).astype(np.float32)
    return [Scheme(float(s), int(random.integers(limits.min, limits.max + 1)), dtype) for s in scales]


def _wires(scheme: Scheme, name: str) -> dict[str, Any]:
    return {f"{name}/scale": np.array(scheme.scale, np.float32), f"{name}/zero": np.array(scheme.zero, scheme.dtype)}


@pytest.mark.parametrize("dtype", _DTYPES)
@pytest.mark.parametrize("seed", range(6))
def test_sums_of_all_pairs_of_codes(dtype: Any, seed: int) -> None:
    a, b, y = _schemes(np.random.default_rng(seed), dtype, 3)
    if seed % 2:
        # Ties: half of all sums lie between two codes.
        a, y = Scheme(b.scale, a.zero, dtype), Scheme(2 * b.scale, y.zero, dtype)
    first, second = (side.reshape(-1) for side in np.meshgrid(a.codes, b.codes))
    feeds = {"a": first, "b": second, **_wires(a, "a"), **_wires(b, "b"), **_wires(y, "y")}
    names = ["a", "a/scale", "a/zero", "b", "b/scale", "b/zero", "y/scale", "y/zero"]
    node = helper.make_node("QLinearAdd", names, ["y"], domain=MICROSOFT)
    found = run_nodes([node], feeds, "y", 17)
    np.testing.assert_array_equal(added(a, b, y, first.astype(np.int64), second.astype(np.int64)), found)


@pytest.mark.parametrize("dtype", _DTYPES)
@pytest.mark.parametrize("count", [4, 9, 64])
def test_means(dtype: Any, count: int) -> None:
    random = np.random.default_rng(count)
    x, y = _schemes(random, dtype, 2)
    codes = random.integers(*np.iinfo(dtype).min + np.array([0, 256]), (50, 40, count, 1)).astype(dtype)
    feeds = {"x": codes, **_wires(x, "x"), **_wires(x, "y")}
    names = ["x", "x/scale", "x/zero", "y/scale", "y/zero"]
    node = helper.make_node("QLinearGlobalAveragePool", names, ["y"], domain=MICROSOFT, channels_last=0)
    found = run_nodes([node], feeds, "y", 17).reshape(1, -1)
    sums = codes.astype(np.int64).sum(axis=2).reshape(1, -1) - x.zero * count
    np.testing.assert_array_equal(requantiser(mean_factor(x, count, x), x)(sums), found)
    del y


@pytest.mark.parametrize("dtype", _DTYPES)
def test_products(dtype: Any) -> None:
    random = np.random.default_rng(5)
    x, y = _schemes(random, dtype, 2)
    low, high = x.ends
    codes, weights = (random.integers(low, high + 1, shape).astype(dtype) for shape in ((400, 9, 1), (7, 9, 1)))
    scales = random.uniform(0.001, 0.02, 7).astype(np.float32)
    wide = Scheme(float(np.float32(y.scale * 40)), y.zero, dtype)
    feeds = {"x": codes, "w": weights, "w/scale": scales, "w/zero": np.zeros(7, dtype), **_wires(x, "x")}
    feeds |= _wires(wide, "y")
    names = ["x", "x/scale", "x/zero", "w", "w/scale", "w/zero", "y/scale", "y/zero"]
    found = run_nodes([helper.make_node("QLinearConv", names, ["y"])], feeds, "y", 17)[..., 0]
    sums = (codes[..., 0].astype(np.int64) - x.zero) @ weights[..., 0].astype(np.int64).T
    np.testing.assert_array_equal(requantiser(product_factor(x, scales, wide), wide)(sums.T).T, found)


def test_a_fused_sum_is_rounded_once() -> None:
    # The exact sum lies just above the middle of two float32; rounding to float64 first would put it on the middle.
    x, y = np.float32(1 + 2**-12), np.float32(1 + 2**-12)
    z = np.float32(2.0**-60)
    assert fused(x, y, z) == np.float32(1 + 2**-11 + 2**-23)
    assert fused(x, y, -z) == np.float32(1 + 2**-11)
