"""The simulation of a core between AXI4-Streams catches and names what is broken, and measures what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.simulate_stream import CoreSimulation, simulate_stream
from hls.stream import StreamCore
from toolchain.errors import ModelError, ToolError
from toolchain.results.core import Tap

SOURCE = Path(__file__).parent / "pairs.v"
ODD, STUCK, SURPLUS, UNSTABLE = 1, 2, 4, 8
CORE = StreamCore(
    top="pairs",
    sources=("pairs.v",),
    input=Tap("input", "s_axis", 4, 3, False, 2, 8),
    layers=(Tap("twice", "twice", 4, 4, False, 2, 8), Tap("sum", "m_axis", 2, 5, True, 1, 8)),
    initiation_interval=2,
)
OFFSET = -14
X = np.random.default_rng(3).integers(0, 8, (200, 4))
TWICE = 2 * X
SUM = TWICE.reshape(-1, 2, 2).sum(axis=2) + OFFSET


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by all tests: the model is built once."""
    folder = tmp_path_factory.mktemp("stream")
    (folder / "rtl").mkdir()
    (folder / "rtl" / "pairs.v").write_text(SOURCE.read_text())
    (folder / "rtl" / "offset.hex").write_text(f"{OFFSET & 31:02x}\n")
    return folder


def simulate(
    work: Path,
    fault: int = 0,
    *,
    x: np.ndarray = X,
    expected: tuple[np.ndarray, np.ndarray] = (TWICE, SUM),
    backpressure_seed: int | None = None,
) -> CoreSimulation:
    (work / "rtl" / "fault.hex").write_text(f"{fault:x}\n")
    seed = backpressure_seed
    return simulate_stream(CORE, work / "rtl", x, expected, work, backpressure_seed=seed, optimise=False)


def test_correct_core(work: Path) -> None:
    result = simulate(work)
    assert (result.compared, result.equal, result.first_difference) == (200, 200, None)
    assert (result.initiation_interval, result.latency_cycles) == (2, 3)


def test_back_pressure_stalls_and_changes_nothing(work: Path) -> None:
    free = simulate(work)
    stalled = simulate(work, backpressure_seed=1)
    assert (stalled.equal, stalled.first_difference) == (200, None)
    assert stalled.cycles > 1.5 * free.cycles
    assert simulate(work, backpressure_seed=1).cycles == stalled.cycles
    assert simulate(work, backpressure_seed=2).cycles != stalled.cycles


@pytest.mark.parametrize("vectors", [1, 2, 3])
def test_few_vectors(work: Path, vectors: int) -> None:
    result = simulate(work, x=X[:vectors], expected=(TWICE[:vectors], SUM[:vectors]))
    assert (result.compared, result.equal, result.initiation_interval) == (vectors, vectors, 2)


def test_a_wrong_layer_is_named(work: Path) -> None:
    result = simulate(work, ODD)
    assert result.equal == 0
    assert result.first_difference == (
        f"input 0: layer 0 (twice), element 1: expected {TWICE[0, 1]}, got {TWICE[0, 1] + 1}"
    )


def test_a_wrong_output_is_named_with_its_sign(work: Path) -> None:
    expected = SUM.copy()
    expected[7, 1] = -16
    result = simulate(work, expected=(TWICE, expected))
    assert result.equal == 199
    assert result.first_difference == f"input 7: layer 1 (sum), element 1: expected -16, got {SUM[7, 1]}"


def test_a_hung_core_ends(work: Path) -> None:
    result = simulate(work, STUCK)
    assert result.equal == 0
    assert result.first_difference == "input 0: simulation hung: layer 0 (twice) stopped after 0 vectors"


def test_more_results_than_inputs(work: Path) -> None:
    result = simulate(work, SURPLUS)
    assert result.equal == 199
    assert result.first_difference == "layer 1 (sum): more results than inputs"


def test_an_output_that_changes_while_it_waits(work: Path) -> None:
    """The element is right when it is taken, but another one was offered before."""
    assert simulate(work, UNSTABLE).first_difference is None  # nothing waits
    result = simulate(work, UNSTABLE, backpressure_seed=1)
    assert result.equal == 199
    assert result.first_difference == "layer 1 (sum): data or valid changed while ready was low"


def test_a_missing_data_file_is_an_error(work: Path) -> None:
    path = work / "rtl" / "offset.hex"
    text = path.read_text()
    path.unlink()
    try:
        with pytest.raises(ToolError, match=r"simulation of pairs failed.*offset\.hex"):
            simulate(work)
    finally:
        path.write_text(text)


def test_values_that_do_not_fit_their_stream(work: Path) -> None:
    with pytest.raises(ModelError, match="input: value 8 does not fit its stream of 3 unsigned bits"):
        simulate(work, x=X + 1)
    with pytest.raises(ModelError, match="sum: value 16 does not fit its stream of 5 signed bits"):
        simulate(work, expected=(TWICE, np.full_like(SUM, 16)))
    with pytest.raises(ModelError, match=r"input: values of shape \(200, 3\), expected \(vectors, 4\)"):
        simulate(work, x=X[:, :3])
