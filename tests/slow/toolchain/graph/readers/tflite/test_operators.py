"""Every operator that is read, in a file of its own, against LiteRT's reference kernels on every output element."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fast.toolchain.graph.readers.tflite.compared import equal
from tests.fast.toolchain.graph.readers.tflite.flat import Flat
from tests.properties import given, st
from toolchain.graph.ops import Repeat, Threshold

_NONE, _RELU, _N1_TO_1, _RELU6 = range(4)
_SAME, _VALID = 0, 1


def _convolution(random: np.random.Generator, kind: str) -> Flat:
    """A convolution of random shape, stride, dilation, padding, groups, scales and zero points."""
    sizes, kernel, stride = random.integers(3, 9, 2), random.integers(1, 4, 2), random.integers(1, 4, 2)
    dilation = random.integers(1, 3, 2) if max(stride) == 1 else (1, 1)
    own, groups = random.integers(1, 4), random.integers(1, 3)
    padding = _SAME if random.random() < 0.5 else _VALID
    extent = (kernel - 1) * dilation + 1
    if (extent > sizes).any():
        padding = _SAME
    channels = own * groups
    outputs = groups * random.integers(1, 4) if kind == "CONV_2D" else channels * random.integers(1, 3)
    each = np.ceil(sizes / stride) if padding == _SAME else (sizes - extent) // stride + 1
    shape = (outputs, *kernel, own) if kind == "CONV_2D" else (1, *kernel, outputs)
    flat = Flat()
    x = flat.input((1, *sizes, channels), 0.05, int(random.integers(-128, 128)))
    scales = random.uniform(0.002, 0.02, outputs if random.random() < 0.7 else 1)
    weights = random.integers(-127, 128, shape)
    w = flat.constant(weights, "INT8", scales, axis=0 if kind == "CONV_2D" else 3)
    bias = flat.constant(random.integers(-5000, 5000, outputs), "INT32", (0.05 * scales).tolist())
    result = 10 ** random.uniform(-2.3, -0.7)
    y = flat.tensor((1, *each.astype(int), outputs), result, int(random.integers(-128, 128)))
    more = {"DepthMultiplier": int(outputs // channels)} if kind != "CONV_2D" else {}
    flat.operator(
        kind,
        [x, w, bias],
        [y],
        Padding=padding,
        StrideH=int(stride[0]),
        StrideW=int(stride[1]),
        DilationHFactor=int(dilation[0]),
        DilationWFactor=int(dilation[1]),
        FusedActivationFunction=int(random.integers(0, 4)),
        **more,
    )
    return flat.end(y)


@given(st.integers(0, 2**31), st.sampled_from(["CONV_2D", "DEPTHWISE_CONV_2D"]))
def test_convolutions(tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str) -> None:
    equal(_convolution(np.random.default_rng(seed), kind), tmp_path_factory.mktemp("tflite"))


@given(st.integers(0, 2**31))
def test_dense_layers(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    random = np.random.default_rng(seed)
    inputs, outputs = random.integers(1, 40, 2).tolist()
    flat = Flat()
    x = flat.input((1, inputs), 0.05, int(random.integers(-128, 128)))
    scales = random.uniform(0.002, 0.02, outputs if random.random() < 0.5 else 1)
    zero = int(random.integers(-5, 5)) if len(scales) == 1 else 0
    w = flat.constant(random.integers(-127, 128, (outputs, inputs)), "INT8", scales, zero)
    bias = flat.constant(random.integers(-5000, 5000, outputs), "INT32", (0.05 * scales).tolist())
    y = flat.tensor((1, outputs), 10 ** random.uniform(-2.3, -0.7), int(random.integers(-128, 128)))
    used = [x, w, bias] if random.random() < 0.8 else [x, w]
    flat.operator("FULLY_CONNECTED", used, [y], FusedActivationFunction=int(random.integers(0, 4)))
    equal(flat.end(y), tmp_path_factory.mktemp("tflite"))


@given(st.integers(0, 2**31), st.sampled_from(["ADD", "SUB"]), st.sampled_from(["same", "spread", "constant"]))
def test_sums(tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str, second: str) -> None:
    random = np.random.default_rng(seed)
    shape = (1, *random.integers(1, 5, 3).tolist())
    scales, zeros = 10 ** random.uniform(-2, 0, 3), random.integers(-128, 128, 3).tolist()
    flat = Flat()
    a = flat.input(shape, scales[0], zeros[0])
    if second == "constant":
        other = shape[-1:] if random.random() < 0.5 else shape
        b = flat.constant(random.integers(-128, 128, other), "INT8", scales[1], zeros[1])
    else:
        b = flat.input(shape if second == "same" else (1, 1, 1, shape[-1]), scales[1], zeros[1])
    y = flat.tensor(shape, scales[2], zeros[2])
    order = [a, b] if random.random() < 0.5 else [b, a]
    flat.operator(kind, order, [y], FusedActivationFunction=int(random.integers(0, 2)))
    equal(flat.end(y), tmp_path_factory.mktemp("tflite"), 20)


@pytest.mark.parametrize("padding", [_SAME, _VALID])
@pytest.mark.parametrize("fused", [_NONE, _RELU, _RELU6])
@pytest.mark.parametrize("kind", ["MAX_POOL_2D", "AVERAGE_POOL_2D"])
def test_pooling(tmp_path: Path, kind: str, fused: int, padding: int) -> None:
    whole = kind == "AVERAGE_POOL_2D" and padding == _SAME
    size, kernel, stride = ((6, 6), (2, 3), (2, 3)) if whole else ((7, 5), (3, 2), (2, 2))
    each = [-(-n // s) if padding == _SAME else (n - k) // s + 1 for n, k, s in zip(size, kernel, stride, strict=True)]
    flat = Flat()
    x = flat.input((1, *size, 3), 0.1, -7)
    y = flat.tensor((1, *each, 3), 0.1, -7)
    window = {"FilterHeight": kernel[0], "FilterWidth": kernel[1], "StrideH": stride[0], "StrideW": stride[1]}
    flat.operator(kind, [x], [y], Padding=padding, FusedActivationFunction=fused, **window)
    equal(flat.end(y), tmp_path, 40)


@pytest.mark.parametrize(
    ("shape", "axes"), [((5, 7, 3), [1, 2]), ((9, 4), [1]), ((4, 3, 2), [-2]), ((4, 5, 2), [2, 1])]
)
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("scale", [0.1, 0.03, 0.31])
def test_means_over_space(tmp_path: Path, shape: tuple[int, ...], axes: list[int], keep: bool, scale: float) -> None:
    flat = Flat()
    x = flat.input((1, *shape), 0.1, 11)
    gone = {axis % (len(shape) + 1) for axis in axes}
    left = [1 if i in gone else n for i, n in enumerate((1, *shape)) if keep or i not in gone]
    y = flat.tensor(left, scale, -3)
    flat.operator("MEAN", [x, flat.constant(axes)], [y], KeepDims=keep)
    equal(flat.end(y), tmp_path, 60)


@pytest.mark.parametrize("classes", [1, 2, 10, 300])
@pytest.mark.parametrize("scale", [0.003, 0.09, 0.7, 6.0])
@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_softmax(tmp_path: Path, classes: int, scale: float, beta: float) -> None:
    flat = Flat()
    x = flat.input((1, classes), scale, 5)
    y = flat.tensor((1, classes), 1 / 256, -128)
    flat.operator("SOFTMAX", [x], [y], Beta=beta)
    equal(flat.end(y), tmp_path, 40)


@pytest.mark.parametrize("scale", [0.011, 0.05, 0.4])
@pytest.mark.parametrize(
    ("kind", "result", "zero", "options"),
    [
        ("RELU", 0.03, -128, {}),
        ("RELU", 0.3, 4, {}),
        ("RELU6", 0.024, -128, {}),
        ("RELU_N1_TO_1", 0.008, 0, {}),
        ("LEAKY_RELU", 0.04, -20, {"Alpha": 0.1}),
        ("LEAKY_RELU", 0.04, -20, {"Alpha": -0.4}),
        ("HARD_SWISH", 0.05, -100, {}),
        ("HARD_SWISH", 0.3, 7, {}),
        ("LOGISTIC", 1 / 256, -128, {}),
        ("TANH", 1 / 128, 0, {}),
        ("QUANTIZE", 0.07, 9, {}),
    ],
)
def test_functions_of_one_code(
    tmp_path: Path, kind: str, result: float, zero: int, options: dict[str, Any], scale: float
) -> None:
    flat = Flat()
    x = flat.input((1, 64), scale, 13)
    y = flat.tensor((1, 64), result, zero)
    flat.operator(kind, [x], [y], **options)
    equal(flat.end(y), tmp_path, 40)


@pytest.mark.parametrize(("before", "after"), [("UINT8", "INT8"), ("INT8", "UINT8")])
@pytest.mark.parametrize(("scale", "zero"), [(0.1, 128), (0.1, 3), (0.07, 128)])
def test_signs_change_at_the_ends(tmp_path: Path, before: str, after: str, scale: float, zero: int) -> None:
    zeros = {"UINT8": zero, "INT8": zero - 128}
    flat = Flat()
    x = flat.input((1, 40), scale, zeros[before], before)
    y = flat.tensor((1, 40), 0.1, zeros[after], after)
    flat.operator("QUANTIZE", [x], [y])
    equal(flat.end(y), tmp_path, 40)


@pytest.mark.parametrize("paddings", [[(1, 2), (0, 1), (0, 0)], [(0, 0), (0, 0), (2, 1)], [(1, 0), (2, 2), (1, 1)]])
@pytest.mark.parametrize("value", [None, -128, 17])
def test_padding(tmp_path: Path, paddings: list[tuple[int, int]], value: int | None) -> None:
    flat = Flat()
    x = flat.input((1, 4, 3, 2), 0.1, -9)
    y = flat.tensor((1, *(n + sum(p) for n, p in zip((4, 3, 2), paddings, strict=True))), 0.1, -9)
    inputs = [x, flat.constant([(0, 0), *paddings])]
    if value is not None:
        inputs.append(flat.constant([value], "INT8", 0.1, -9))
    flat.operator("PAD" if value is None else "PADV2", inputs, [y])
    equal(flat.end(y), tmp_path)


def _moved(kind: str, wanted: tuple[int, ...], *constants: list[int], **options: int) -> Flat:
    flat = Flat()
    x = flat.input((1, 4, 6, 5))
    y = flat.tensor((1, *wanted))
    flat.operator(kind, [x, *map(flat.constant, constants)], [y], **options)
    return flat.end(y)


@pytest.mark.parametrize(
    "flat",
    [
        _moved("RESHAPE", (8, 15), [1, 8, 15]),
        _moved("RESHAPE", (120,), [-1, 120]),
        _moved("TRANSPOSE", (5, 4, 6), [0, 3, 1, 2]),
        _moved("SLICE", (2, 6, 3), [0, 1, 0, 2], [1, 2, -1, 3]),
        _moved("STRIDED_SLICE", (4, 6, 2), [0, 0, 0, 1], [1, 4, 6, 5], [1, 1, 1, 2], BeginMask=7, EndMask=7),
        _moved("STRIDED_SLICE", (2, 6, 5), [0, -1, 0, 0], [0, -5, 0, 0], [1, -2, 1, 1], BeginMask=13, EndMask=15),
        _moved("STRIDED_SLICE", (4, 5), [0, 0, 2, 0], [1, 4, 3, 5], [1, 1, 1, 1], EndMask=11, ShrinkAxisMask=4),
        _moved("RESIZE_NEAREST_NEIGHBOR", (8, 18, 5), [8, 18]),
        _moved("RESIZE_NEAREST_NEIGHBOR", (7, 5, 5), [7, 5]),
        _moved("RESIZE_NEAREST_NEIGHBOR", (7, 9, 5), [7, 9], HalfPixelCenters=1),
        _moved("RESIZE_NEAREST_NEIGHBOR", (7, 9, 5), [7, 9], AlignCorners=1),
    ],
    ids=lambda flat: flat.operators[0]["kind"],
)
def test_moves(tmp_path: Path, flat: Flat) -> None:
    equal(flat, tmp_path)


def test_whole_factors_of_a_resize_repeat(tmp_path: Path) -> None:
    source = equal(_moved("RESIZE_NEAREST_NEIGHBOR", (8, 18, 5), [8, 18]), tmp_path)
    assert [node.op for node in source.graph][1:] == [Repeat((2, 3))]


def test_axes_of_one_come_and_go(tmp_path: Path) -> None:
    flat = Flat()
    x = flat.input((1, 1, 6, 5))
    squeezed, grown = flat.tensor((1, 6, 5)), flat.tensor((1, 6, 5, 1))
    flat.operator("SQUEEZE", [x], [squeezed], SqueezeDims=[1])
    flat.operator("EXPAND_DIMS", [squeezed, flat.constant([3])], [grown])
    equal(flat.end(grown), tmp_path)


@pytest.mark.parametrize("axis", [1, 3, -1])
def test_parts_apart_and_together(tmp_path: Path, axis: int) -> None:
    flat = Flat()
    x = flat.input((1, 4, 3, 6))
    shape = (1, 2, 3, 6) if axis == 1 else (1, 4, 3, 3)
    first, second = flat.tensor(shape), flat.tensor(shape)
    swapped = flat.tensor((1, 4, 3, 6))
    flat.operator("SPLIT", [flat.constant([axis]), x], [first, second], NumSplits=2)
    flat.operator("CONCATENATION", [second, first], [swapped], Axis=axis)
    equal(flat.end(swapped, first), tmp_path)


@pytest.mark.parametrize("kind", ["INT32", "INT64"])
def test_a_label_ends_it(tmp_path: Path, kind: str) -> None:
    flat = Flat()
    x = flat.input((1, 12))
    y = flat.tensor((1,), None, kind=kind)
    output = {"INT32": 2, "INT64": 4}[kind]
    flat.operator("ARG_MAX", [x, flat.constant([1])], [y], OutputType=output)
    source = equal(flat.end(y), tmp_path, 40)
    assert (source.graph.outputs[0].scale, source.graph.outputs[0].offset) == (1, 0)


def test_thresholds_carry_their_uniform_form(tmp_path: Path) -> None:
    flat = Flat()
    x = flat.input((1, 8), 0.05, -128)
    w = flat.constant(np.arange(-32, 32).reshape(8, 8), "INT8", 0.01)
    y = flat.tensor((1, 8), 0.09, -128)
    flat.operator("FULLY_CONNECTED", [x, w], [y], FusedActivationFunction=_RELU)
    source = equal(flat.end(y), tmp_path, 100)
    forms = [node.op.uniform for node in source.graph if isinstance(node.op, Threshold)]
    assert len(forms) == 1 and forms[0] is not None and forms[0].found.all()
    assert source.graph.outputs[0].scale == np.float32(0.09)
    assert source.graph.outputs[0].offset == np.float64(np.float32(0.09)) * 128
