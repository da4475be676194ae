"""The facts of boards that run ONNX Runtime against published ones.

The tables were typed from the sources named in them, not from our files.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from tests.fast.boards.folders import BOARDS, boards_of
from toolchain.board import OrtBoard
from toolchain.layout import ROOT
from toolchain.package.pins import pinned

# Processor and cores: Raspberry Pi product briefs (BCM2711: four Cortex-A72; BCM2712: four Cortex-A76), AMD DS891 and
# DS987 (four Cortex-A53), NVIDIA Jetson Nano and Jetson Orin Nano Series data sheets (four Cortex-A57; six
# Cortex-A78AE). Python: packages.debian.org (bookworm: 3.11), packages.ubuntu.com (bionic: 3.6, jammy: 3.10); PYNQ
# 3.0 is Ubuntu 22.04, JetPack 4.6 Ubuntu 18.04, JetPack 6 Ubuntu 22.04 (NVIDIA, release notes). ONNX Runtime: the
# newest that has a wheel for this Python: PyPI's list of files (cp310: 1.23.2); Jetson Zoo (JetPack 4.6, Python 3.6:
# 1.11.0); NVIDIA's index for JetPack 6 and CUDA 12.6 (1.23.0). With 3.11, the one that the toolchain itself is pinned
# to.
_PUBLISHED: dict[str, dict[str, Any]] = {
    "host": {"machine": "x86_64", "cores": 2, "python": "3.11", "sensors": []},
    "raspberrypi4": {"machine": "aarch64", "cores": 4, "python": "3.11", "sensors": []},
    "raspberrypi5": {"machine": "aarch64", "cores": 4, "python": "3.11", "sensors": []},
    "zynqmp-ps": {
        "machine": "aarch64",
        "cores": 4,
        "python": "3.10",
        "onnxruntime": "1.23.2",
        "sensors": ["ina226", "irps5401"],
    },
    "jetson-nano": {
        "machine": "aarch64",
        "cores": 4,
        "python": "3.6",
        "onnxruntime": "1.11.0",
        "sensors": ["ina3221x"],
    },
    "jetson-orin-nano": {
        "machine": "aarch64",
        "cores": 6,
        "python": "3.10",
        "onnxruntime": "1.23.0",
        "sensors": ["ina3221"],
    },
}

# NVIDIA: JetPack 4.6.1 release notes, JetPack 6.2; TensorRT 8.2 support matrix (5.3: no INT8; 8.7: INT8); CUDA GPUs
# (Jetson products); device tree of L4T (nvidia,tegra210; nvidia,tegra234). Power modes: Jetson Linux Developer Guide,
# Supported Modes (Nano); nvpmodel_p3767_0003_super.conf of JetPack 6.2 (Orin Nano 8GB).
_JETSON: dict[str, dict[str, Any]] = {
    "jetson-nano": {
        "jetpack": "4.6",
        "tensorrt": "8.2.1",
        "cuda": "10.2",
        "soc": "tegra210",
        "compute_capability": "5.3",
        "int8": False,
        "power_modes": {0: "MAXN", 1: "5W"},
    },
    "jetson-orin-nano": {
        "jetpack": "6.2",
        "tensorrt": "10.3.0",
        "cuda": "12.6",
        "soc": "tegra234",
        "compute_capability": "8.7",
        "int8": True,
        "power_modes": {0: "15W", 1: "25W", 2: "MAXN_SUPER", 3: "7W"},
    },
}

# onnxruntime.ai, reference/compatibility: opset and IR version by release; later releases take these, too.
_COMPATIBILITY = {"1.11": (16, 8), "1.20": (21, 10)}
# The newest opset that TensorRT's parser takes: onnx-tensorrt, operators.md of release/8.2-GA; TensorRT 10.0 release
# notes.
_TENSORRT_OPSETS = {"8.2": 13, "10.3": 20}


def _raw(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load((BOARDS / name / "board.yaml").read_text())
    return raw


@pytest.fixture(params=sorted(_PUBLISHED))
def board(request: pytest.FixtureRequest) -> OrtBoard:
    return OrtBoard.model_validate(_raw(request.param))


def test_every_board_is_in_the_table() -> None:
    assert boards_of("ort") == sorted(_PUBLISHED)


@pytest.mark.parametrize("name", sorted(_PUBLISHED))
def test_name_is_the_folder(name: str) -> None:
    assert _raw(name)["name"] == name


def test_processor_and_versions_are_as_published(board: OrtBoard) -> None:
    facts, runtime = _PUBLISHED[board.name], board.runtime
    assert (runtime.machine, runtime.cores, runtime.python) == (facts["machine"], facts["cores"], facts["python"])
    assert runtime.onnxruntime == facts.get("onnxruntime", pinned(ROOT)["onnxruntime"])
    assert board.sensors == facts["sensors"]


def test_a_jetson_is_as_published(board: OrtBoard) -> None:
    assert (board.jetson.model_dump() if board.jetson else None) == _JETSON.get(board.name)


def test_the_opset_is_one_that_runtime_and_tensorrt_take(board: OrtBoard) -> None:
    opset, ir_version = _COMPATIBILITY["1.11" if board.runtime.onnxruntime == "1.11.0" else "1.20"]
    if board.jetson:
        opset = min(opset, _TENSORRT_OPSETS[".".join(board.jetson.tensorrt.split(".")[:2])])
    assert (board.runtime.opset, board.runtime.ir_version) == (opset, ir_version)


def test_the_host_runs_what_the_toolchain_is_pinned_to() -> None:
    versions = {wheel.name: wheel.version for wheel in OrtBoard.model_validate(_raw("host")).runtime.wheels}
    assert versions == {name: pinned(ROOT)[name] for name in ("onnxruntime", "numpy")}


def test_wheels_from_pypi_are_pinned_by_hash(board: OrtBoard) -> None:
    assert all(wheel.sha256 for wheel in board.runtime.wheels if not wheel.source)


def test_jetson_nano_avoids_the_numpy_that_dies_there() -> None:
    # numpy issue 18131: 1.19.5 ends by an illegal instruction on Jetsons.
    wheels = OrtBoard.model_validate(_raw("jetson-nano")).runtime.wheels
    assert [wheel.version for wheel in wheels if wheel.name == "numpy"] == ["1.19.4"]


def test_the_readme_says_what_the_yaml_says(board: OrtBoard) -> None:
    text, runtime = (BOARDS / board.name / "README.md").read_text(), board.runtime
    for words in (
        f"Python {runtime.python}",
        f"ONNX Runtime {runtime.onnxruntime}",
        runtime.image,
        f"make build BOARD={board.name}",
        *(f"`{sensor}`" for sensor in board.sensors),
        *(f"{number}: {name}" for number, name in (board.jetson.power_modes if board.jetson else {}).items()),
        *(wheel.source for wheel in runtime.wheels if wheel.source),
    ):
        assert words in text


def test_the_readme_claims_no_run_on_the_board(board: OrtBoard) -> None:
    words = " ".join((BOARDS / board.name / "README.md").read_text().split())
    if board.name != "host":
        assert "**Nothing here has been run on the board yet.**" in words


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("core",), 4, "core: 4: should be 0 to 3"),
        (("python",), "3.10", "should be for Python 3.10"),
        (("onnxruntime",), "1.23.2", "of version 1.23.2"),
        (("machine",), "x86_64", "should be for x86_64"),
        (("wheels",), [], "should be two"),
        (("wheels", 0, "file"), "onnxruntime.whl", "wheels.0.file"),
        (("providers",), ["TensorrtExecutionProvider"], "jetson"),
    ],
)
def test_what_cannot_be_is_refused(path: tuple[Any, ...], value: Any, words: str) -> None:
    raw = _raw("raspberrypi4")
    inner = raw["runtime"]
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(ValidationError, match=words):
        OrtBoard.model_validate(raw)
