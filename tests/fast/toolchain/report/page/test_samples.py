from __future__ import annotations

import json
from pathlib import Path

from toolchain.report.page.latency import binned
from toolchain.report.page.samples import read_samples, thinned


def _write(path: Path, rows: list[object]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)) + "\n[3.0, 0, 2")
    return path


def test_samples_of_one_source_are_read_past_what_is_cut_off_or_nonsense(tmp_path: Path) -> None:
    rows = [{"sources": []}, [1.0, 0, 2.0], [1.1, 1, 9.0], {"event": "gone"}, [2.0, 0, "x"], [2.5, 0, 3.0], 7, [1]]
    path = _write(tmp_path / "raw.jsonl", rows)
    assert read_samples(path, 0, counter=False) == [(1.0, 2.0), (2.5, 3.0)]
    assert read_samples(tmp_path / "absent", 0, counter=False) == []


def test_the_power_of_a_counter_is_its_slope_but_not_where_it_wraps(tmp_path: Path) -> None:
    path = _write(tmp_path / "raw.jsonl", [[0.0, 0, 10.0], [2.0, 0, 14.0], [3.0, 0, 1.0], [4.0, 0, 4.0], [4.0, 0, 5.0]])
    assert read_samples(path, 0, counter=True) == [(1.0, 2.0), (3.5, 3.0)]


def test_thinning_keeps_the_one_peak_and_the_one_dip() -> None:
    samples = [(0.001 * step, 1.0) for step in range(100_000)]
    samples[55_555], samples[77_777] = (55.555, 9.0), (77.777, 0.1)
    kept = thinned(samples, 600)
    assert len(kept) <= 1201
    assert {(55.555, 9.0), (77.777, 0.1)} <= set(kept)
    assert kept == sorted(kept)


def test_a_histogram_counts_every_value_or_says_that_it_lies_beyond() -> None:
    values = [1e-3 + 1e-6 * step for step in range(1000)] + [0.5, 0.7]
    edges, counts, beyond = binned(values)
    assert sum(counts) + beyond == len(values)
    assert beyond == 2
    assert (len(edges), edges[0]) == (len(counts) + 1, 1e-3)
    edges, counts, beyond = binned([2.0] * 12)
    assert (sum(counts), beyond) == (12, 0)
    assert edges == sorted(set(edges))
