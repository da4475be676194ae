"""Settings that a run gives a chip: what a person may say, and the answers that are right with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.graph.staged_graphs import CLASSES, decides, staged, vectors
from toolchain.device.link.golden import Golden, read_golden
from toolchain.device.link.protocol import AnswerLayout, pack_vector
from toolchain.device.link.settings import Setting
from toolchain.errors import ConfigError, ModelError
from toolchain.graph.deciding import deciding, thresholds_of, with_thresholds
from toolchain.graph.execute import run_one
from toolchain.graph.file.store import save_graph
from toolchain.graph.graph import Graph
from toolchain.package.vectors import VectorFormat, write_vectors
from toolchain.run.given import NETWORK, golden_with, thresholds_given, width_given

FIRST = Setting("threshold1", 9, False, 0, 300, 20, "", 0)
SECOND = Setting("threshold2", 9, False, 0, 400, 30, "", 1)
WIDTH = Setting("width", 2, False, 0, 3, 3, "", 2)
COUNT = 70


def test_thresholds_are_given_by_stage() -> None:
    assert thresholds_given(["2=400", "1=0"], [FIRST, SECOND, WIDTH]) == {SECOND: 400, FIRST: 0}
    assert thresholds_given([], []) == {}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("1", "should be STAGE=LEAD, whole numbers, such as 1=300"),
        ("1=x", "should be STAGE=LEAD"),
        ("3=5", "stages 1 to 2 have a threshold"),
        ("1=301", "the scores of stage 1 lead by 0 to 300"),
        ("1=-1", "the scores of stage 1 lead by 0 to 300"),
    ],
)
def test_what_cannot_be_is_refused(word: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"--threshold {word}: {said}"):
        thresholds_given([word], [FIRST, SECOND, WIDTH])


def test_a_width_is_given_by_what_is_narrower() -> None:
    settings = [FIRST, SECOND]
    assert width_given(None, (25, 50, 100), settings) == {}
    assert width_given(50, (25, 50, 100), settings) == {FIRST: 1, SECOND: 0}
    assert width_given(100, (25, 50, 100), settings) == {FIRST: 1, SECOND: 1}
    with pytest.raises(ConfigError, match="--width 60: the network was trained for 25, 50, 100 %"):
        width_given(60, (25, 50, 100), settings)
    with pytest.raises(ConfigError, match="--width 50: the package's network has no widths to choose from"):
        width_given(50, (), settings)


def test_a_chip_without_thresholds_says_so() -> None:
    with pytest.raises(ConfigError, match="the package's chip has no thresholds that can be set"):
        thresholds_given(["1=3"], [WIDTH])


def package(folder: Path, made: Graph, played: bytes = b"") -> Golden:
    """The golden vectors of a package whose network decides."""
    save_graph(made, folder / NETWORK)
    x = vectors(made, COUNT).reshape(COUNT, -1)
    layout = AnswerLayout(CLASSES + 1, 16, True, 0)
    packed = b"".join(pack_vector(row, "INT3") for row in x.tolist())
    format_ = VectorFormat(COUNT, x.shape[1], "INT3", len(packed) // COUNT, layout, None)
    write_vectors(folder, format_, packed, answers(made, x, layout), played)
    return read_golden(folder)


def answers(made: Graph, x: np.ndarray, layout: AnswerLayout) -> bytes:
    (end,) = made.outputs
    return b"".join(map(layout.encode, run_one(made, x, [end.node])[end.node].tolist()))


def test_the_packages_network_says_what_is_right(tmp_path: Path) -> None:
    graph = staged(3, 4)
    golden = package(tmp_path, decides(graph, vectors(graph, COUNT)))
    other = package(tmp_path, deciding(graph, CLASSES, [7, 0]))
    made = golden_with(tmp_path, golden, {FIRST: 7, SECOND: 0})
    assert made.answers(COUNT) == other.answers(COUNT) != golden.answers(COUNT)
    assert made.vectors(COUNT) == golden.vectors(COUNT)
    assert golden_with(tmp_path, golden, {FIRST: 7, SECOND: 0}, 65).answers(65) == other.answers(65)


def test_so_it_does_of_what_a_bench_plays(tmp_path: Path) -> None:
    graph = staged(3, 4)
    layout = AnswerLayout(CLASSES + 1, 16, True, 0)
    golden = package(tmp_path, decides(graph, vectors(graph, COUNT)), bytes(layout.size))
    first = np.resize(vectors(graph, COUNT).reshape(COUNT, -1)[0][:16], (1, 60))
    made = golden_with(tmp_path, golden, {FIRST: 7, SECOND: 0}, part_bytes=6)
    assert made.played is not None
    assert layout.encode(made.played) == answers(deciding(graph, CLASSES, [7, 0]), first, layout)


def test_thresholds_of_a_graph_change_and_nothing_else() -> None:
    made = deciding(staged(3, 4), CLASSES, [7, 3])
    assert thresholds_of(with_thresholds(made, {2: 5})) == (7, 5)
    assert [node.name for node in with_thresholds(made, {2: 5})] == [node.name for node in made]
    with pytest.raises(ModelError, match="threshold of stage 3: the network has none there"):
        with_thresholds(made, {3: 5})
