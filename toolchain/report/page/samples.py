"""The power trace of a measurement, thinned to what a plot can show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from toolchain.report.page.values import number

Sample = tuple[float, float]


def read_samples(path: Path, source: int, counter: bool) -> list[Sample]:
    """Samples of one source as (seconds, watts), in the order of the file.

    Lines that are cut off or say something else are passed over: a file whose writer was killed is still worth a plot.

    Args:
        path: JSON lines; a sample is [monotonic seconds, index of the source, value].
        counter: whether values are joules that add up, whose slope is the power.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            samples = [sample for index, sample in _samples(stream) if index == source]
    except OSError:
        return []
    return list(_slope(samples)) if counter else samples


def thinned(samples: Sequence[Sample], buckets: int) -> list[Sample]:
    """At most two samples a bucket of time, its lowest and its highest: no peak is lost."""
    if len(samples) <= 2 * buckets:
        return list(samples)
    start, end = samples[0][0], samples[-1][0]
    width = (end - start) / buckets or 1.0
    parts: dict[int, list[Sample]] = {}
    for sample in samples:
        parts.setdefault(int((sample[0] - start) / width), []).append(sample)
    kept: set[Sample] = set()
    for part in parts.values():
        kept |= {min(part, key=lambda s: s[1]), max(part, key=lambda s: s[1])}
    return sorted(kept)


def _samples(lines: Iterable[str]) -> Iterator[tuple[int, Sample]]:
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, list) and len(row) == 3 and isinstance(row[1], int):
            time, value = number(row, 0), number(row, 2)
            if time is not None and value is not None:
                yield row[1], (time, value)


def _slope(samples: Sequence[Sample]) -> Iterator[Sample]:
    """Power between two readings of a counter; where it wrapped there is none."""
    for (t0, e0), (t1, e1) in pairwise(samples):
        if t1 > t0 and e1 >= e0:
            yield (t0 + t1) / 2, (e1 - e0) / (t1 - t0)
