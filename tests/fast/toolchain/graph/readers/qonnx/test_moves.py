"""What moves elements answers as in the qonnx executor."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fast.toolchain.graph.readers.qonnx.models import Model, same
from tests.fast.toolchain.graph.readers.qonnx.small import image, norm, row
from toolchain.graph.ops import Linear, Threshold, Transpose, Window


def test_channels_side_by_side_keep_their_scales() -> None:
    model, x = image()
    a = model.quant(model.conv(x, 4, 3, (1, 1)), 4, 0.5)
    b = model.quant(model.conv(x, 4, 5, (1, 1)), 3, 0.125)
    joined = model.apply("Concat", [a, x, b], axis=1)
    direct = model.conv(str(joined), 12, 2, (3, 3))
    same(model.made(model.quant(str(joined), 4, 0.3), direct))


def test_flattened_maps_side_by_side_are_each_brought_into_order() -> None:
    """Both are moved alike, by nodes of one name."""
    model, x = image()
    maps = [model.quant(model.conv(x, 4, channels, (2, 2)), 4, 0.5) for channels in (3, 3)]
    joined = model.apply("Concat", [model.apply("Flatten", [one], axis=1) for one in maps], axis=1)
    same(model.made(str(joined)))


def test_channels_apart() -> None:
    model, x = image()
    first, second = model.apply("Split", [x, np.array([1, 3])], outputs=2, axis=1)
    sliced = model.apply("Slice", [x, np.array([1]), np.array([3]), np.array([1])])
    gathered = model.apply("Gather", [x, np.array([3, 0, 1])], axis=1)
    ends = [model.conv(str(t), n, 2, (2, 2)) for t, n in ((first, 1), (second, 3), (sliced, 2), (gathered, 3))]
    same(model.made(*ends))


def test_channels_apart_before_a_quantiser() -> None:
    model, x = image()
    a = norm(model, model.conv(x, 4, 6, (1, 1)), 6)
    first, second = model.apply("Split", [a, np.array([2, 4])], outputs=2, axis=1)
    same(model.made(model.quant(first, 4, 0.5), model.quant(second, 3, 0.25)))


@pytest.mark.parametrize("how", ["Flatten", "Reshape"])
def test_flat_rows_of_an_image_are_folded_into_weights(how: str) -> None:
    model, x = image()
    flat = model.apply("Flatten", [x]) if how == "Flatten" else model.apply("Reshape", [x, np.array([1, -1])])
    source = same(model.made(str(model.apply("MatMul", [flat, model.weights((4 * 7 * 6, 3))]))))
    assert not any(isinstance(n.op, Transpose) for n in source.graph)


def test_flat_rows_that_are_quantised_on_the_way() -> None:
    model, x = image()
    flat = model.apply("Flatten", [norm(model, model.conv(x, 4, 3, (2, 2)), 3)])
    added = model.apply("Add", [flat, model.rng.normal(0, 1, 3 * 6 * 5)])
    y = model.quant(str(added), 3, 0.5)
    same(model.made(y, str(model.apply("MatMul", [y, model.weights((90, 3))]))))


def test_shapes_that_come_and_go() -> None:
    model, x = image()
    pooled = model.quant(str(model.apply("GlobalAveragePool", [x])), 5, 0.125)
    squeezed = model.apply("Squeeze", [pooled, np.array([2, 3])])
    again = model.apply("Unsqueeze", [str(squeezed), np.array([2, 3])])
    same(model.made(model.conv(str(again), 4, 3, (1, 1)), str(squeezed)))


def test_rows_become_an_image() -> None:
    model, x = row(size=24)
    y = model.quant(str(model.apply("MatMul", [x, model.weights((24, 36))])), 3, 1.0)
    image = model.apply("Reshape", [y, np.array([1, 4, 3, 3])])
    same(model.made(model.conv(str(image), 4, 2, (2, 2))))


@pytest.mark.parametrize("mode", ["asymmetric", "half_pixel"])
def test_upsampling(mode: str) -> None:
    model, x = image()
    rounding = "floor" if mode == "asymmetric" else "round_prefer_floor"
    said = {"mode": "nearest", "coordinate_transformation_mode": mode, "nearest_mode": rounding}
    y = model.apply("Resize", [x, "", np.array([1.0, 1.0, 2.0, 3.0])], **said)
    same(model.made(model.conv(str(y), 4, 2, (2, 2))))


def test_padding_by_whole_units() -> None:
    model, x = image()
    y = model.apply("Pad", [x, np.array([0, 0, 1, 0, 0, 0, 0, 2]), 1.0])
    same(model.made(model.conv(str(y), 4, 2, (2, 2))))


def test_channels_last_files_need_no_transposition() -> None:
    model = Model()
    x = model.quant(model.input("x", (7, 6, 3)))
    first = model.conv(str(model.apply("Transpose", [x], perm=[0, 3, 1, 2])), 3, 4, (3, 3), pads=[1, 1, 1, 1])
    y = model.quant(str(model.apply("Transpose", [first], perm=[0, 2, 3, 1])), 4, 0.5)
    source = same(model.made(y))
    assert [type(n.op) for n in source.graph][1:] == [Window, Linear, Threshold]
    assert source.tail is None
