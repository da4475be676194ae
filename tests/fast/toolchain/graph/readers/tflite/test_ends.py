"""Files that take and give float: the way in and out stands apart, and the whole equals LiteRT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.fast.toolchain.graph.readers.tflite.flat import Flat
from toolchain.errors import ModelError
from toolchain.graph.execute import run
from toolchain.graph.readers.tflite.reader import read_tflite
from toolchain.graph.readers.tflite.reference import run_reference


def _file(first: bool = True, last: bool = True) -> Flat:
    flat = Flat()
    q = flat.tensor((1, 3, 4), 0.05, 3) if first else flat.input((1, 3, 4), 0.05, 3)
    if first:
        flat.inputs = [flat.tensor((1, 3, 4), None, kind="FLOAT32")]
        flat.operator("QUANTIZE", flat.inputs, [q])
    y = flat.tensor((1, 3, 4), 0.02, -20)
    flat.operator("TANH", [q], [y])
    if not last:
        return flat.end(y)
    real = flat.tensor((1, 3, 4), None, kind="FLOAT32")
    flat.operator("DEQUANTIZE", [y], [real])
    return flat.end(real)


@pytest.mark.parametrize(("first", "last"), [(True, True), (True, False), (False, True)])
def test_float_ends(tmp_path: Path, first: bool, last: bool) -> None:
    flat = _file(first, last)
    path = flat.save(tmp_path / "made.tflite")
    source = read_tflite(path)
    assert (source.front is None, source.tail is None) == (not first, not last)
    random = np.random.default_rng(0)
    # Halves of codes among them: TFLite rounds them away from zero.
    halves = (random.integers(-160, 160, (200, 3, 4)) + 0.5).astype(np.float32) * np.float32(0.05)
    x = np.concatenate([halves, random.normal(0, 4, (200, 3, 4)).astype(np.float32)])
    given = x if first else random.integers(-128, 128, x.shape).astype(np.int8)
    name = source.inputs[0].name
    codes = given
    if source.front is not None:
        [codes] = onnxruntime.InferenceSession(source.front.SerializeToString()).run(["input_0"], {name: given})
    [output] = source.graph.outputs
    found = run(source.graph, {"input_0": codes})[output.node]
    if source.tail is not None:
        real = (output.scale * found + output.offset).astype(np.float32)
        [found] = onnxruntime.InferenceSession(source.tail.SerializeToString()).run(
            [source.outputs[0].name], {output.name: real}
        )
    assert np.array_equal(found, run_reference(path, {name: given})[source.outputs[0].name])
    assert (source.inputs[0].dtype == np.float32) == first and (source.outputs[0].dtype == np.float32) == last


def test_float_amid_the_network_is_refused(tmp_path: Path) -> None:
    flat = Flat()
    x = flat.input((1, 4))
    real, y = flat.tensor((1, 4), None, kind="FLOAT32"), flat.tensor((1, 4), None, kind="FLOAT32")
    flat.operator("DEQUANTIZE", [x], [real])
    flat.operator("TANH", [real], [y])
    with pytest.raises(ModelError, match=r"operator 0 \(DEQUANTIZE\) is not read; it stands amid .* type FLOAT32"):
        read_tflite(flat.end(y).save(tmp_path / "bad.tflite"))


def test_weights_of_8_bits_under_float_activations_are_refused(tmp_path: Path) -> None:
    flat = Flat()
    x = flat.tensor((1, 4), None, kind="FLOAT32")
    flat.inputs = [x]
    w = flat.constant(np.arange(12).reshape(3, 4), "INT8", 0.01)
    y = flat.tensor((1, 3), None, kind="FLOAT32")
    flat.operator("FULLY_CONNECTED", [x, w], [y])
    with pytest.raises(ModelError, match=r"of type FLOAT32; quantise the network to full integers"):
        read_tflite(flat.end(y).save(tmp_path / "bad.tflite"))
