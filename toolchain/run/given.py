"""Settings that a run gives a chip, and the answers that are right with them: the package's network says those."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolchain.device.link.golden import Golden
from toolchain.device.link.settings import Setting
from toolchain.errors import ConfigError
from toolchain.graph.deciding import thresholds_of_width, with_thresholds
from toolchain.graph.execute import run_one
from toolchain.graph.file.store import load_graph
from toolchain.graph.types import IntType

NETWORK = "integer.onnx"
"""The file of a package that holds its network."""

Given = Mapping[Setting, int]
"""Settings, and the values that a run gives them."""

_THRESHOLD = "threshold"
_LEAST_VECTORS = 64  # a bench plays fewer than these


def thresholds_given(words: Sequence[str], settings: Sequence[Setting]) -> Given:
    """The thresholds that a person gives, each as STAGE=LEAD.

    Args:
        settings: of the chip.

    Raises:
        ConfigError: no such stage, or a lead that its scores cannot have.
    """
    known = {setting.name: setting for setting in settings if setting.name.startswith(_THRESHOLD)}
    return dict(_threshold(word, known) for word in words)


def width_given(width: int | None, widths: Sequence[int], settings: Sequence[Setting]) -> Given:
    """The settings by which a chip runs at a width.

    Args:
        widths: percents of the channels, narrowest first, of the package's network; none where it has one width.
        settings: of the chip.

    Raises:
        ConfigError: the network was not trained for it.
    """
    if width is None:
        return {}
    known = {setting.name: setting for setting in settings if setting.name.startswith(_THRESHOLD)}
    if not widths or not known:
        raise ConfigError(f"--width {width}: the package's network has no widths to choose from")
    if width not in widths:
        raise ConfigError(f"--width {width}: the network was trained for {', '.join(map(str, widths))} %")
    values = thresholds_of_width(widths, width)
    return {known[f"{_THRESHOLD}{stage}"]: value for stage, value in enumerate(values, 1)}


def _threshold(word: str, known: Mapping[str, Setting]) -> tuple[Setting, int]:
    found = re.fullmatch(r"(\d+)=(-?\d+)", word)
    if not found:
        raise ConfigError(f"--threshold {word}: should be STAGE=LEAD, whole numbers, such as 1=300")
    if not known:
        raise ConfigError(f"--threshold {word}: the package's chip has no thresholds that can be set")
    stage, lead = map(int, found.groups())
    setting = known.get(f"{_THRESHOLD}{stage}")
    if setting is None:
        raise ConfigError(f"--threshold {word}: stages 1 to {len(known)} have a threshold")
    if not setting.low <= lead <= setting.high:
        raise ConfigError(
            f"--threshold {word}: the scores of stage {stage} lead by {setting.low:,} to {setting.high:,}"
        )
    return setting, lead


def golden_with(folder: Path, golden: Golden, given: Given, count: int | None = None, part_bytes: int = 0) -> Golden:
    """The golden vectors with the answers that are right with settings.

    Args:
        folder: the package's.
        count: how many vectors need an answer; None: all.
        part_bytes: what a bench plays over and over of a vector, of a board of the host link's streamed form.

    Raises:
        ModelError: the package's network cannot be read.
    """
    stages = {int(one.name.removeprefix(_THRESHOLD)): value for one, value in given.items()}
    graph = with_thresholds(load_graph(folder / NETWORK), stages)
    (end,) = graph.outputs
    kind, elements = IntType.of(golden.described["element_type"]), golden.described["elements"]
    wanted = golden.count if count is None else min(golden.count, max(count, _LEAST_VECTORS))
    x = _unpacked(golden.vectors(wanted), kind, elements)

    def answers(rows: NDArray[np.int64]) -> bytes:
        values = run_one(graph, rows, [end.node])[end.node].reshape(len(rows), -1)
        return b"".join(golden.layout.encode(row) for row in values.tolist())

    played = answers(np.resize(x[0, : part_bytes * 8 // kind.bits], (1, elements))) if golden.played else b""
    return golden.with_answers(answers(x), played)


def _unpacked(vectors: Sequence[bytes], kind: IntType, elements: int) -> NDArray[np.int64]:
    """The integers of packed vectors, shape (vectors, elements); the other way round than `pack_vector`."""
    rows = np.frombuffer(b"".join(vectors), np.uint8).reshape(len(vectors), -1)
    bits = np.unpackbits(rows, axis=1, bitorder="little")[:, : elements * kind.bits]
    codes: NDArray[np.int64] = bits.reshape(len(rows), elements, kind.bits).astype(np.int64) @ (
        1 << np.arange(kind.bits)
    )
    if kind.step != 1:
        return kind.low + kind.step * codes
    return np.where(codes > kind.high, codes - (1 << kind.bits), codes)
