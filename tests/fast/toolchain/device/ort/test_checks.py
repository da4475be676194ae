from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolchain.device.ort.checks import choose_providers, find_library, must_be_the_device, must_be_the_runtime
from toolchain.errors import ConfigError, ToolError

DEVICE: dict[str, Any] = {
    "board": "raspberrypi4",
    "title": "Raspberry Pi 4",
    "machine": "aarch64",
    "image": "Raspberry Pi OS (64-bit), Bookworm",
    "python": "3.11",
    "onnxruntime": "1.25.1",
    "wheels": [
        {"file": "onnxruntime-1.25.1-cp311-cp311-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl", "packed": True},
        {"file": "numpy-2.4.6-cp311-cp311-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl", "packed": True},
    ],
}
WHEELS = [Path(wheel["file"]) for wheel in DEVICE["wheels"]]
FOUND = {"machine": "aarch64", "python": "3.11.2", "glibc": "2.36"}
TENSORRT, CUDA, CPU = "TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"


def test_the_right_device_passes() -> None:
    must_be_the_device(DEVICE, FOUND, WHEELS)
    must_be_the_device(DEVICE, {**FOUND, "glibc": "2.27"}, WHEELS)
    must_be_the_device(DEVICE, {**FOUND, "glibc": ""}, WHEELS)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"machine": "armv7l"}, "machine: armv7l: the package is for aarch64, Raspberry Pi 4"),
        ({"python": "3.9.18"}, r"Python 3\.9\.18: too old, .* has 3\.11; install Raspberry Pi OS"),
        ({"python": "3.13.5"}, r"Python 3\.13\.5: the wheels in this package are for 3\.11; name one by --python"),
        ({"glibc": "2.26"}, r"glibc 2\.26: too old for onnxruntime-1\.25\.1.*, which needs 2\.27"),
    ],
)
def test_another_device_is_refused_in_one_line(found: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        must_be_the_device(DEVICE, {**FOUND, **found}, WHEELS)
    assert "\n" not in str(caught.value)


def test_a_newer_python_will_do_where_no_wheels_are_installed() -> None:
    must_be_the_device(DEVICE, {**FOUND, "python": "3.13.5", "glibc": "2.17"}, [])


def test_the_oldest_glibc_that_a_wheel_is_for_counts() -> None:
    wheels, device = [Path("numpy-1.19.4-cp36-cp36m-manylinux2014_aarch64.whl")], {**DEVICE, "python": "3.6"}
    must_be_the_device(device, {**FOUND, "python": "3.6.9", "glibc": "2.27"}, wheels)
    with pytest.raises(ConfigError, match=r"needs 2\.17"):
        must_be_the_device(device, {**FOUND, "python": "3.6.9", "glibc": "2.16"}, wheels)


def test_another_onnxruntime_is_refused() -> None:
    must_be_the_runtime(DEVICE, {"onnxruntime": "1.25.1"})
    with pytest.raises(ToolError, match=r"1\.9\.0: .* install onnxruntime==1\.25\.1, numpy==2\.4\.6, use"):
        must_be_the_runtime(DEVICE, {"onnxruntime": "1.9.0"})


def test_all_providers_there() -> None:
    assert choose_providers([TENSORRT, CPU], [TENSORRT, CUDA, CPU], fallback=False) == ([TENSORRT, CPU], None)


def test_an_absent_provider_is_named_and_not_replaced() -> None:
    with pytest.raises(ToolError, match=rf"provider {TENSORRT}: absent .* \(it has {CPU}\).*--fallback to use {CPU}"):
        choose_providers([TENSORRT, CUDA, CPU], [CPU], fallback=False)


def test_it_is_replaced_where_that_is_asked_for() -> None:
    wanted = [TENSORRT, CUDA, CPU]
    assert choose_providers(wanted, [CUDA, CPU], fallback=True) == ([CUDA, CPU], TENSORRT)
    assert choose_providers([TENSORRT], ["AzureExecutionProvider"], fallback=True) == ([CPU], TENSORRT)


def test_the_library_beside_the_python_module(tmp_path: Path) -> None:
    assert find_library(tmp_path) is None
    library = tmp_path / "capi/libonnxruntime.so.1.25.1"
    library.parent.mkdir()
    library.touch()
    (tmp_path / "capi/onnxruntime_pybind11_state.so").touch()
    assert find_library(tmp_path) == library
