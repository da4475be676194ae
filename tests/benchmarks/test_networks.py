"""Time and memory of reading, checking and proving networks from elsewhere, and of the interpreter.

Run with ``make bench``. Goals on two idle cores: ResNet8 read and proved on 1,000 images in 30 s; `gateweave check` of
MobileNetV2 (3.5 million weights) in 20 s and 3 GiB; 10,000 images of CIFAR's size through ResNet8's integer graph in
120 s. Other machines are slower: seconds are printed beside the share of the goal, and only memory is held.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.benchmarks.mobilenet import MobileNet, QdqMobileNet, QonnxMobileNet
from toolchain.graph.execute import run_one
from toolchain.runtime.network_file.opening import open_network

ROOT = Path(__file__).resolve().parents[2]
PROOF_S, CHECK_S, CHECK_GIB, RUN_S = 30.0, 20.0, 3.0, 120.0

RESNET8 = (
    "onnx/nn2fpga/resnet8_a8w8b16.onnx",
    "onnx/mlperf-tiny-int8/resnet.onnx",
    "tflite/mlperf-tiny/pretrainedResnet_quant.tflite",
)
PROVE = """
import sys
from pathlib import Path
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.network_file.proof import prove
proved = prove(open_network(Path(sys.argv[1])), None, lambda text: None)
assert len(proved.vectors.x) == 1000
"""


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of the processor, and the greatest resident memory of one of its processes."""

    wall: float
    cpu: float
    peak_gib: float

    def tell(self, what: str, goal: float) -> None:
        """Print it; processor time over two cores is what an idle machine could need."""
        print(
            f"{what}: {self.wall:.1f} s, {self.cpu:.1f} s of the processor, {self.peak_gib:.2f} GiB; "
            f"{self.cpu / goal:.2f} of the goal ({goal:g} s)"
        )


def cost(*arguments: str, codes: Sequence[int] = (0,)) -> Cost:
    """Of a run of this Python."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) in codes
    return Cost(time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20)


def present(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    return path


@pytest.mark.parametrize("name", RESNET8)
def test_reading_and_proving_resnet8(name: str, shared_data: Path) -> None:
    cost("-c", PROVE, str(present(shared_data / name))).tell(f"read and prove {name} on 1,000 images", PROOF_S)


@pytest.mark.parametrize(
    ("name", "network"),
    [("QONNX, 8 bits", QonnxMobileNet), ("QONNX, 4 bits", lambda: QonnxMobileNet(4, 4)), ("QDQ", QdqMobileNet)],
)
def test_checking_mobilenet(name: str, network: type[MobileNet], tmp_path: Path) -> None:
    onnx.save(network().model(), str(tmp_path / "mobilenet.onnx"))
    found = cost("-m", "toolchain.cli", "check", str(tmp_path / "mobilenet.onnx"))
    found.tell(f"check of MobileNetV2 ({name})", CHECK_S)
    assert found.peak_gib < CHECK_GIB


def test_checking_every_file(shared_data: Path) -> None:
    files = sorted((*shared_data.glob("onnx/*/*.onnx"), *shared_data.glob("tflite/*/*.tflite")))
    for file in files or [present(shared_data / RESNET8[0])]:
        # Some are networks of floats.
        found = cost("-m", "toolchain.cli", "check", str(file), codes=(0, 1))
        found.tell(f"check of {file.name}", CHECK_S)


@pytest.mark.parametrize("name", RESNET8)
def test_ten_thousand_images(name: str, shared_data: Path) -> None:
    graph = open_network(present(shared_data / name)).source.graph
    kind = graph.types[graph.sole_input]
    x = np.random.default_rng(0).integers(kind.low, kind.high + 1, (10_000, *kind.shape))
    started, used = time.monotonic(), time.process_time()
    run_one(graph, x)
    Cost(time.monotonic() - started, time.process_time() - used, 0).tell(f"10,000 images through {name}", 2 * RUN_S)
