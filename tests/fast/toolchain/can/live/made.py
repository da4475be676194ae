"""A network that can be checked by eye, frames for it, and a build that never ran."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.fast.toolchain.fabricated import data_facts, record
from toolchain.can.data.frames import Frames, one_capture
from toolchain.can.data.windows import FRAME_BITS, IDENTIFIER_BITS
from toolchain.can.live.detector import Detector
from toolchain.files import hash_outputs, write_atomic
from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of
from toolchain.graph.file.store import save_graph
from toolchain.layout import Layout
from toolchain.results.record import token_of, write_record

WINDOW = 2
CLASSES = ("normal", "dos", "rpm")
DOS, RPM = 0x000, 0x316


def network() -> DenseNetwork:
    """Calls a window dos or rpm by the identifier of its newest frame alone."""
    bits = (np.array([DOS, RPM])[:, None] >> np.arange(IDENTIFIER_BITS)) & 1
    weights = np.zeros((WINDOW * FRAME_BITS, 2), np.int64)
    weights[:IDENTIFIER_BITS] = (2 * bits - 1).T
    hit = DenseLayer("hit", weights, "BINARY", "BINARY", bits.sum(axis=1, keepdims=True))
    return network_of((hit, DenseLayer("class", np.eye(3, dtype=np.int64)[1:], "BINARY", "INT32")))


def detector() -> Detector:
    return Detector("cqmlp", "default", network(), CLASSES, "bits", WINDOW, "BINARY", "synthetic")


def frames(identifiers: Sequence[int], label: Sequence[int] | None = None, step: float = 0.001) -> Frames:
    """Frames `step` seconds apart, with a payload that counts."""
    count = len(identifiers)
    payload = np.arange(8 * count).reshape(count, 8).astype(np.uint8)
    return one_capture(
        "made",
        np.arange(count, dtype=np.float64) * np.float64(step),
        np.array(identifiers, np.uint32),
        np.full(count, 8, np.uint8),
        payload,
        np.zeros(count, np.uint8) if label is None else np.array(label, np.uint8),
    )


def write_hcrl(path: Path, table: Frames) -> Path:
    """As a capture of the Hacking and Countermeasure Research Lab: with flags, without the attack's name."""
    rows = [
        f"{t:.6f},{i:04x},8,{','.join(f'{byte:02x}' for byte in data)},{'T' if label else 'R'}"
        for t, i, data, label in zip(table.time, table.identifier, table.payload, table.label, strict=True)
    ]
    path.write_text("\n".join(rows) + "\n")
    return path


def build(layout: Layout, *, wrong: float = 0.0, trained_on: str = "00") -> None:
    """The network's stages, as if they had been built; `wrong` is added to every golden logit.

    `trained_on` is the SHA-256 of a capture.
    """
    made, golden = layout.stage("streamline") / "integer.onnx", layout.stage("export") / "golden.npz"
    save_graph(network().graph, made)
    golden.parent.mkdir(parents=True)
    x = np.random.default_rng(1).integers(0, 2, (50, network().inputs)).astype(np.uint8)
    np.savez(golden, x=x, logits=network().run(x).logits.astype(np.float32) + wrong)
    facts = data_facts(CLASSES, inputs=network().inputs, window=WINDOW, trained_on=trained_on)
    for stage, outputs, said in (("data", [], facts), ("streamline", [made], None), ("export", [golden], None)):
        left = record(stage, hash_outputs(outputs, layout.root), said)
        write_record(layout.record(stage), left)
        write_atomic(layout.token(stage), token_of(left) + "\n")
