"""Frames a second of the live detector on the host, with all of Python around it: a full 1 Mb/s bus has 9,000.

Run with ``make bench``. The network has cqmlp's shape and random weights, so that most frames count as attacks:
more work than with a trained one. The traffic is the synthetic car's under flooding. Figures are measured here and
printed; what is checked is the goal, for what judges on the host by default, and that nothing is lost.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import can
import numpy as np
import pytest

from tests.benchmarks.test_onnxruntime import cqmlp
from tests.fast.toolchain.runtime.networks import graphs_of
from toolchain.can.data.car import generate_car
from toolchain.can.data.frames import Frames
from toolchain.can.live.batch import Batch
from toolchain.can.live.bus import BusSource
from toolchain.can.live.classify import Classifier, CompiledClassifier, IntegerClassifier, OrtClassifier
from toolchain.can.live.detector import Detector
from toolchain.can.live.journal import Journal
from toolchain.can.live.live import Live
from toolchain.can.live.log import Log
from toolchain.graph.dense import DenseNetwork
from toolchain.results.options import RunOptions

GOAL = 9000
CLASSES = ("normal", "dos", "fuzzing", "gear", "rpm")
SECONDS = 5


@pytest.fixture(scope="module")
def network() -> DenseNetwork:
    return cqmlp()


@pytest.fixture(scope="module")
def traffic() -> Frames:
    frames = generate_car(5).frames
    start, stop = frames.spans()[1]
    return frames.slice(start, stop)


def judges(network: DenseNetwork) -> Iterator[Classifier]:
    yield IntegerClassifier(network)
    yield CompiledClassifier(network)
    for name in ("fp32", "qcdq"):
        yield OrtClassifier(name, graphs_of(network)[name], RunOptions())


def live(network: DenseNetwork, classifier: Classifier, folder: Path) -> Live:
    detector = Detector("cqmlp", "default", network, CLASSES, "context", 128, "BINARY", "synthetic")
    return Live(detector, classifier, (Log(Journal(folder / "log.jsonl")),))


@pytest.mark.parametrize("size", [64, 4096])
def test_frames_of_a_capture(network: DenseNetwork, traffic: Frames, tmp_path: Path, size: int) -> None:
    for classifier in judges(network):
        run = live(network, classifier, tmp_path)
        run.run(Batch(traffic.slice(a, a + size), True, a == 0) for a in range(0, len(traffic), size))
        rate = run.summary().rate
        print(f"batches of {size}: {rate:,.0f} frames/s, {classifier.name}")
        assert rate > GOAL or isinstance(classifier, IntegerClassifier)


def test_a_full_bus_through_python_can(network: DenseNetwork, traffic: Frames, tmp_path: Path) -> None:
    """The sender shares this process and its lock, so that the figure is on the safe side."""
    count = GOAL * SECONDS
    messages = [
        can.Message(arbitration_id=int(i), data=bytes(data), is_extended_id=False, check=False)
        for i, data in zip(traffic.identifier[:count], traffic.payload[:count], strict=True)
    ]

    def play() -> None:
        began = time.monotonic()
        for number, message in enumerate(messages):
            while number > (time.monotonic() - began) * GOAL:
                time.sleep(0.001)
            bus.send(message)

    with can.Bus(interface="virtual", channel="bench") as bus:
        source, player = BusSource("virtual:bench"), threading.Thread(target=play)
        run = live(network, OrtClassifier("fp32", graphs_of(network)["fp32"], RunOptions()), tmp_path)
        player.start()
        worn = time.process_time()
        run.run(source.batches(4096), count)
        worn, taken = time.process_time() - worn, run.seconds
        source.close()
        player.join()
    said = run.summary().to_json()
    print(
        f"bus: {count:,} frames in {taken:.2f} s, {worn:.2f} s of processor time with the sender's, judging "
        f"{said['busy_seconds']:.2f} s, at most {said['worst_lag_seconds'] * 1000:.0f} ms behind, {said['lost']} lost"
    )
    assert (said["frames"], said["lost"]) == (count, 0)
    assert np.isclose(said["judged"], count, atol=127)
    # As fast as they came, apart from start and end.
    assert taken < SECONDS * 1.2
