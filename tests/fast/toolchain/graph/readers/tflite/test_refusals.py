"""What cannot be read is refused in one line that names the file, the operator or tensor, and the mend."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.graph.readers.tflite.flat import Flat
from toolchain.errors import ModelError
from toolchain.graph.readers.tflite.reader import read_tflite
from toolchain.graph.readers.tflite.reference import run_reference


def _dense(**changes: object) -> Flat:
    flat = Flat()
    x = flat.input((1, 4), 0.05, 3)
    w = flat.constant(np.arange(12).reshape(3, 4), "INT8", 0.01)
    b = flat.constant(np.arange(3), "INT32", 0.0005)
    y = flat.tensor((1, 3), 0.09, -128)
    flat.operator("FULLY_CONNECTED", [x, w, b], [y], FusedActivationFunction=changes.pop("fused", 0))
    for name, value in changes.items():
        place, key = name.split("_")
        flat.tensors[{"x": x, "w": w, "b": b, "y": y}[place]][key] = value
    return flat.end(y)


def _pool(**options: int) -> Flat:
    flat = Flat()
    x = flat.input((1, 5, 5, 2))
    y = flat.tensor((1, 3, 3, 2))
    window = {"FilterHeight": 2, "FilterWidth": 2, "StrideH": 2, "StrideW": 2, "Padding": 0}
    flat.operator("AVERAGE_POOL_2D", [x], [y], **{**window, **options})
    return flat.end(y)


def _wired(change: Callable[[Flat], None]) -> Flat:
    flat = _dense()
    change(flat)
    return flat


def _two(kind: str, *, scale: float = 0.1, shape: tuple[int, ...] = (1, 4), **options: int) -> Flat:
    flat = Flat()
    x, z = flat.input((1, 4)), flat.input((1, 4), scale)
    y = flat.tensor(shape)
    flat.operator(kind, [x, z], [y], **options)
    return flat.end(y)


_CASES: dict[str, tuple[Flat, str]] = {
    "float": (
        _dense(x_kind="FLOAT32", y_kind="FLOAT32", x_scale=[], y_scale=[]),
        r"operator 0 \(FULLY_CONNECTED\) computes tensor 3 \(t3\) of type FLOAT32; quantise the network to full integ",
    ),
    "16 bits": (_dense(x_kind="INT16", y_kind="INT16"), "activations of 16 bits are not read; quantise them to 8"),
    "unknown": (_two("MUL"), r"operator 0 \(MUL\) is not read; fold constant factors"),
    "several graphs": (_wired(lambda f: setattr(f, "subgraphs", 3)), "3 subgraphs; control flow is not read"),
    "open shape": (_dense(x_signature=(-1, -1)), r"tensor 0 \(t0\) leaves axes \(0, 1\) open; export .* fixed shape"),
    "batch": (_dense(x_shape=(2, 4), y_shape=(2, 3)), r"shape \(2, 4\); its first axis should be a batch of 1"),
    "huge shape": (_dense(x_shape=(1, 2**30, 2**30)), "elements are expected"),
    "empty shape": (_dense(x_shape=(1, 0)), "elements are expected"),
    "negative shape": (_dense(x_shape=(1, -4)), "elements are expected"),
    "many axes": (_dense(x_shape=(1,) * 9), "9 axes; 6 at most"),
    "short data": (
        _dense(w_data=b"123"),
        r"3 bytes for shape \(3, 4\) of INT8; the file is truncated",
    ),
    "no such buffer": (_dense(w_buffer=99), "points at buffer 99"),
    "no data": (_dense(w_buffer=0), "constant INT8 of 2 axes is read"),
    "no scale": (_dense(x_scale=[]), r"tensor 0 \(t0\) has 0 scales"),
    "zero scale": (_dense(y_scale=[0.0]), "a scale that is not positive"),
    "no number": (_dense(w_scale=[float("nan")]), "a scale that is not positive"),
    "endless scale": (_dense(y_scale=[1e-40]), "overflow TFLite's 32 bits"),
    "zero point": (_dense(x_zero=[4000]), "a zero point outside -128 to 127"),
    "scales": (_dense(w_scale=[0.1, 0.2], w_zero=[0, 0]), "2 scales along axis 0; 1, or 3 along axis 0"),
    "bias type": (_dense(b_kind="INT8", b_data=b"123"), "INT32 of 3 is expected"),
    "overflow": (_dense(b_data=np.array([2**31 - 9] * 3, np.int32).tobytes()), "overflow TFLite's 32 bits"),
    "output shape": (_dense(y_shape=(1, 5)), r"declared as \(5,\), and is \(3,\): the file is broken"),
    "activation": (_dense(fused=4), "fused activation TANH; NONE, RELU"),
    "cut windows": (_pool(), "cuts windows at the border"),
    "stride": (_pool(StrideH=0), "1 to 65536 are expected"),
    "huge kernel": (_pool(FilterHeight=2**30), "1 to 65536 are expected"),
    "wide kernel": (_pool(FilterHeight=2**16, FilterWidth=2**16), "at most"),
    "scales of parts": (_two("CONCATENATION", scale=0.2, shape=(1, 8), Axis=1), "input 1, tensor 1 .* another scale"),
    "batch of parts": (_two("CONCATENATION", shape=(2, 4), Axis=0), "a batch of 1"),
    "many channels": (_two("ADD", shape=(1, 2**26)), "1,048,576 channels at most"),
    "wide input": (_dense(x_shape=(1, 2**25)), "1,048,576 channels at most"),
    "spread": (_two("ADD", shape=(1, 7)), r"shape \(4,\) cannot be spread to \(7,\)"),
    "circle": (_wired(lambda f: f.operators[0].update(inputs=[3, 1, 2])), "made by no operator before it: a circle"),
    "outside": (_wired(lambda f: f.operators[0].update(inputs=[77, 1, 2])), "tensor 77 is asked for; there are 4"),
    "left out": (_wired(lambda f: f.operators[0].update(inputs=[0])), "input 1 is left out"),
    "twice": (_wired(lambda f: f.operators.append(f.operators[0])), "which is made before"),
    "nothing made": (_wired(lambda f: f.operators.clear()), "output tensor 3 .* is made by no operator"),
    "no ends": (_wired(lambda f: f.outputs.clear()), "1 inputs and 0 outputs"),
}


@pytest.mark.parametrize(("flat", "said"), _CASES.values(), ids=_CASES)
def test_it_is_refused_by_name(tmp_path: Path, flat: Flat, said: str) -> None:
    path = flat.save(tmp_path / "bad.tflite")
    with pytest.raises(ModelError, match=said) as caught:
        read_tflite(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_all_that_is_wrong_is_listed_at_once(tmp_path: Path) -> None:
    flat = Flat()
    x = flat.input((1, 4))
    for kind in ("MUL", "ABS", "MUL"):
        y = flat.tensor((1, 4))
        flat.operator(kind, [x, x] if kind == "MUL" else [x], [y])
        x = y
    with pytest.raises(ModelError, match=r"operator 0, 2 \(MUL\) is not read; .*; operator 1 \(ABS\) is not read"):
        read_tflite(flat.end(x).save(tmp_path / "bad.tflite"))


def test_what_follows_from_a_fault_is_not_told(tmp_path: Path) -> None:
    flat = _dense(w_data=b"123")
    z = flat.tensor((1, 3), 1 / 256, -128)
    flat.operator("SOFTMAX", [3], [z], Beta=1.0)
    with pytest.raises(ModelError) as caught:
        read_tflite(flat.end(z).save(tmp_path / "bad.tflite"))
    assert "operator 0" in str(caught.value) and "operator 1" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x1c\0\0\0TFL3", b"\xff" * 4 + b"TFL3" + b"\xff" * 60, b"PK" * 40])
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"bad\.tflite: "):
        read_tflite(path)
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        read_tflite(tmp_path / "gone.tflite")


def test_broken_bytes_end_in_one_error_soon(tmp_path: Path) -> None:
    """Every cut, and bytes and offsets set to what leads astray."""
    content = _dense().content()
    random = np.random.default_rng(0)
    path = tmp_path / "bad.tflite"
    start = time.monotonic()
    for round_ in range(150):
        broken = bytearray(content[: random.integers(1, len(content))] if round_ % 4 == 0 else content)
        for place in random.integers(0, len(broken), random.integers(0, 4)):
            broken[place] = random.choice([0, 1, 127, 128, 255, random.integers(256)])
        path.write_bytes(broken)
        try:
            read_tflite(path)
        except ModelError as error:
            assert str(error).startswith(f"{path}: ")
    assert time.monotonic() - start < 60


def test_the_reference_says_what_it_does_not_take(tmp_path: Path) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="LiteRT does not take it"):
        run_reference(path, {})
    with pytest.raises(ModelError, match="LiteRT does not run it"):
        run_reference(_dense().save(path), {"t0": np.zeros((2, 9), np.int8)})
