from __future__ import annotations

from typing import Any

import pytest

from toolchain.device.ort.tensorrt import engine_key, provider_options
from toolchain.errors import ModelError, ToolError

NANO: dict[str, Any] = {"tensorrt": "8.2.1", "onnxruntime": "1.11.0", "int8": False, "cache": "/c"}
ORIN: dict[str, Any] = {"tensorrt": "10.3.0", "onnxruntime": "1.23.0", "int8": True, "cache": "/c"}
ENGINES = {"device_id": "0", "trt_engine_cache_enable": "True", "trt_engine_cache_path": "/c"}
TIMINGS = {"trt_timing_cache_enable": "True", "trt_timing_cache_path": "/c"}


def test_jetpack_4_gets_no_option_that_its_runtime_does_not_know() -> None:
    flags = {"trt_fp16_enable": "True", "trt_int8_enable": "False"}
    assert provider_options("fp16", **NANO) == {**ENGINES, **flags}


def test_jetpack_6_computes_in_int8_and_keeps_timings() -> None:
    flags = {"trt_fp16_enable": "False", "trt_int8_enable": "True"}
    assert provider_options("int8", **ORIN) == {**ENGINES, **flags, **TIMINGS}


def test_the_float_version_stays_in_floats() -> None:
    options = provider_options("fp32", **ORIN)
    assert (options["trt_fp16_enable"], options["trt_int8_enable"]) == ("False", "False")


def test_tensorrt_11_takes_the_precision_from_the_graph() -> None:
    options = provider_options("int8", **{**ORIN, "tensorrt": "11.0.0", "onnxruntime": "1.27.0"})
    assert options == {**ENGINES, **TIMINGS}


def test_the_path_of_timings_came_later_than_timings() -> None:
    options = provider_options("fp32", **{**ORIN, "onnxruntime": "1.15.1"})
    assert "trt_timing_cache_enable" in options and "trt_timing_cache_path" not in options


@pytest.mark.parametrize("tensorrt", ["8.2.1", "10.3.0", "11.0.0"])
@pytest.mark.parametrize("precision", ["int8", "fp16", "fp32"])
def test_a_calibration_table_is_never_given(tensorrt: str, precision: str) -> None:
    assert not any("calibration" in key for key in provider_options(precision, **{**ORIN, "tensorrt": tensorrt}))


def test_int8_is_refused_where_the_gpu_has_none() -> None:
    with pytest.raises(ModelError, match="no INT8; use the fp16 or fp32"):
        provider_options("int8", **NANO)


def test_q_dq_nodes_are_refused_before_tensorrt_8() -> None:
    with pytest.raises(ModelError, match=r"7\.1\.3 takes no Q/DQ nodes"):
        provider_options("int8", **{**ORIN, "tensorrt": "7.1.3"})


FACTS = {"tensorrt": "10.3.0.30", "soc": "tegra234", "compute_capability": "8.7"}
KEY = ("ab" * 32, "1.23.0", FACTS, "int8")


def test_equal_devices_share_an_engine() -> None:
    assert engine_key(*KEY) == engine_key("ab" * 32, "1.23.0", dict(reversed(FACTS.items())), "int8")
    assert len(engine_key(*KEY)) == 16


@pytest.mark.parametrize(
    "other",
    [
        ("cd" * 32, "1.23.0", FACTS, "int8"),
        ("ab" * 32, "1.23.1", FACTS, "int8"),
        ("ab" * 32, "1.23.0", {**FACTS, "tensorrt": "10.3.0.31"}, "int8"),
        ("ab" * 32, "1.23.0", {**FACTS, "soc": "tegra210"}, "int8"),
        ("ab" * 32, "1.23.0", {**FACTS, "compute_capability": "7.2"}, "int8"),
        ("ab" * 32, "1.23.0", FACTS, "fp16"),
    ],
)
def test_an_engine_is_good_for_one_graph_runtime_tensorrt_and_gpu(other: tuple[Any, ...]) -> None:
    assert engine_key(*other) != engine_key(*KEY)


def test_no_engine_is_kept_on_a_device_that_does_not_say_what_it_is() -> None:
    with pytest.raises(ToolError, match="tensorrt, gpu of this device unknown"):
        engine_key("ab" * 32, "1.23.0", {"compute_capability": "8.7"}, "int8")
