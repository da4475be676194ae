"""Frames become a `Dataset`: windows are encoded, labelled and dealt to both splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from toolchain.can.data.attacks import CLASSES, NORMAL
from toolchain.can.data.frames import Bytes, Frames, Index
from toolchain.can.data.splits import DEFAULT_SEGMENTS, blocked_split
from toolchain.can.data.windows import Encoding, confused, encoding_named, window_ends
from toolchain.errors import DataError
from toolchain.training.dataset import Dataset
from toolchain.training.inputs import pack
from toolchain.training.splits import PARTS, random_split

# Windows encoded at once; bounds the memory of their unpacked vectors.
_CHUNK = 1 << 15


def windows_dataset(
    frames: Frames,
    captures: Sequence[Mapping[str, Any]],
    *,
    kind: str,
    encoding: str,
    window: int,
    seed: int,
    segments: int = DEFAULT_SEGMENTS,
    notices: Sequence[str] = (),
) -> Dataset:
    """All windows of the frames, with both splits.

    Args:
        frames: of all captures.
        captures: provenance of each capture, in the order of ``frames.captures``.
        kind: ``"synthetic"`` or ``"captures"``.
        encoding: a name in `windows.ENCODINGS`.
        window: frames per window.
        seed: of both splits.
        segments: of the blocked split.
        notices: to carry over.

    Raises:
        DataError: the captures are too short for an attack window or for three parts.
        ConfigError: the encoding is unknown.
    """
    encoder, ends = encoding_named(encoding), window_ends(frames, window)
    present = np.unique(np.append(frames.label[ends], NORMAL))
    if len(present) < 2:
        raise DataError(f"no window of {window} frames ends in an attack; add longer captures")
    splits = {
        "blocked": blocked_split(frames, ends, window, seed, segments),
        "random": random_split(len(ends), seed),
    }
    dataset = Dataset(
        packed=_encode_all(encoder, frames, ends, window),
        y=np.searchsorted(present, frames.label[ends]).astype(np.uint8),
        splits=splits,
        classes=tuple(CLASSES[label] for label in present),
        input_type=encoder.input_type,
        shape=(encoder.inputs(window),),
        kind=kind,
        columns={"identifier": frames.identifier[ends], "capture": frames.capture[ends]},
        provenance={"encoding": encoding, "window": window, "seed": seed, "captures": list(captures)},
    )
    return _with_notices(dataset, (*notices, *confused(frames.identifier)))


def _encode_all(encoder: Encoding, frames: Frames, ends: Index, window: int) -> Bytes:
    parts = np.split(ends, range(_CHUNK, len(ends), _CHUNK))
    return np.concatenate([pack(encoder.encode(frames, e, window), encoder.input_type) for e in parts])


def _with_notices(dataset: Dataset, notices: Sequence[str]) -> Dataset:
    counts = dataset.counts("blocked")
    if not all(sum(counts[part].values()) for part in PARTS):
        raise DataError(
            f"the captures are too short to be cut into train, validation and test: {len(dataset)} "
            f"windows of {dataset.provenance['window']} frames; add longer captures"
        )
    lacking = [
        f"no {name} window in the {part} part of the blocked split: too few bursts"
        for part in PARTS
        for name in dataset.classes
        if not counts[part][name]
    ]
    return replace(dataset, notices=(*notices, *lacking))
