"""Buffer, width converter, thresholds and argmax: no beat lost, changed or out of order under stalls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.pack import words, write_rom
from tests.sim.hls.rtl.bench import stream

# Without stalls, and with.
SEEDS = (0, 1)


@pytest.mark.parametrize(("beats", "repeats"), [(5, 3), (1, 4)])
def test_buffer_plays_each_vector_in_turn(beats: int, repeats: int, tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 256, (30, beats))
    parameters = {"WIDTH": 8, "BEATS": beats, "REPEATS": repeats}
    out = stream("vector_buffer", parameters, (8, 8), data.ravel().tolist(), tmp_path, seeds=SEEDS)
    marks = np.where(np.arange(beats) == beats - 1, 256, 0)
    assert out == np.repeat((data + marks)[:, None], repeats, axis=1).ravel().tolist()


@pytest.mark.parametrize(("narrow", "ratio"), [(3, 4)])
def test_width_converter_up_and_down(narrow: int, ratio: int, tmp_path: Path) -> None:
    elements = np.random.default_rng(1).integers(0, 1 << narrow, (40, ratio))
    wide, thin = words(elements, narrow), elements.ravel().tolist()
    for name, widths, sent, expected in (
        ("up", (narrow, narrow * ratio), thin, wide),
        ("down", (narrow * ratio, narrow), wide, thin),
    ):
        (tmp_path / name).mkdir()
        parameters = {"IN_WIDTH": widths[0], "OUT_WIDTH": widths[1]}
        assert stream("width_converter", parameters, widths, sent, tmp_path / name, seeds=SEEDS) == expected


def sorted_thresholds(neurons: int, levels: int) -> np.ndarray:
    """Sorted, some equal, some never reached by 6-bit accumulators and some always."""
    rng = np.random.default_rng(levels)
    return np.sort(rng.choice([0, 64, *range(1, 64, 5)], (neurons, levels)), axis=1)


@pytest.mark.parametrize(("lanes", "levels"), [(3, 1), (2, 6)])
def test_thresholds(lanes: int, levels: int, tmp_path: Path) -> None:
    table = sorted_thresholds(6, levels)
    write_rom(tmp_path / "t.hex", words(table.reshape(6 // lanes, -1), 7), lanes * levels * 7)
    accumulators = np.random.default_rng(2).integers(0, 64, (20, 6))
    counts = (accumulators[:, :, None] >= table).sum(2)
    bits = levels.bit_length()
    parameters = {"PE": lanes, "ACC_BITS": 6, "BITS": 7, "LEVELS": levels, "OUT_BITS": bits, "FOLDS": 6 // lanes,
                  "THRESHOLD_FILE": '"t.hex"'}  # fmt: skip
    beats = words(accumulators.reshape(-1, lanes), 6)
    out = stream("thresholds", parameters, (lanes * 6, lanes * bits), beats, tmp_path, seeds=SEEDS)
    assert out == words(counts.reshape(-1, lanes), bits)


@pytest.mark.parametrize(("neurons", "bits"), [(5, 2), (1, 1)])
def test_threshold_search(neurons: int, bits: int, tmp_path: Path) -> None:
    table = sorted_thresholds(neurons, (1 << bits) - 1)
    padded = np.concatenate([np.zeros((neurons, 1), dtype=int), table], axis=1)
    write_rom(tmp_path / "t.hex", padded.ravel().tolist(), 7)
    accumulators = np.random.default_rng(2).integers(0, 64, (20, neurons))
    parameters = {"ACC_BITS": 6, "BITS": 7, "OUT_BITS": bits, "NEURONS": neurons, "THRESHOLD_FILE": '"t.hex"'}
    out = stream("threshold_search", parameters, (6, bits), accumulators.ravel().tolist(), tmp_path, seeds=SEEDS)
    assert out == (accumulators[:, :, None] >= table).sum(2).ravel().tolist()


@pytest.mark.parametrize("classes", [5])
def test_argmax_takes_the_first_of_equal_logits(classes: int, tmp_path: Path) -> None:
    logits = np.random.default_rng(classes).integers(-3, 3, (200, classes))
    index_bits = (classes - 1).bit_length()
    parameters = {"CLASSES": classes, "BITS": 4, "INDEX_BITS": index_bits}
    out = stream("argmax", parameters, (4, index_bits), (logits & 15).ravel().tolist(), tmp_path, seeds=SEEDS)
    assert out == logits.argmax(1).tolist()
