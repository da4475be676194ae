"""`gateweave split`: a network in two parts, one for a device and the other for its host."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.text import Text

from toolchain.board import SerialBoard
from toolchain.catalog import load_board
from toolchain.cli.following import after_split, tell_next
from toolchain.cli.listing import table_of
from toolchain.console import out
from toolchain.errors import ConfigError, ModelError, VerificationError
from toolchain.files import why_absent
from toolchain.graph.cutting import Cut, cut, cuts_of
from toolchain.graph.file.store import save_graph
from toolchain.graph.graph import Graph
from toolchain.kernels.quick import run
from toolchain.results.split import HOST_PART, Split, SplitPlace
from toolchain.runtime.network_file.answer import integers_of
from toolchain.runtime.network_file.opening import Opened, open_network
from toolchain.runtime.network_file.proof import vectors_for
from toolchain.runtime.proof_vectors import Vectors

DEVICE, TEST, HOST_TEST = "device.onnx", "device.npz", "host.npz"
_LINE_BITS = 10
"""Of a byte on a serial line: a start bit, eight of its own, a stop bit."""


@dataclass(frozen=True)
class Asked:
    """The command's options, as they were typed."""

    file: Path
    at: str | None
    folder: Path
    test: Path | None
    board: str | None


def split(asked: Asked, as_json: bool) -> None:
    """Say where a network can be cut; cut it where that was asked for; raises as `made`."""
    found = made(asked)
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        _tell(found)


def made(asked: Asked) -> Split:
    """The places, and the files that were written.

    Raises:
        ConfigError: there is no such board or file, or the parts would replace others.
        DataError: the test file does not fit the network.
        ModelError: the network cannot be read as integers, or not be cut there.
        VerificationError: the two parts answer otherwise than the whole.
    """
    for path in (asked.file, asked.test):
        if path is not None and not path.is_file():
            raise ConfigError(f"{path}: {'is no file' if path.exists() else why_absent(path, 'file')}")
    baud = _baud(asked.board)
    opened = open_network(asked.file)
    graph = opened.source.graph
    entered = graph.types[graph.inputs[0]]
    into = -(-entered.size * entered.element.bits // 8)
    found = Split(
        file=str(asked.file), board=asked.board, places=tuple(_place(one, into, baud) for one in cuts_of(graph))
    )
    return found if asked.at is None else _written(asked, asked.at, opened, found)


def _baud(board: str | None) -> int | None:
    target = None if board is None else load_board(board)
    return target.host_link.baud if isinstance(target, SerialBoard) else None


def _place(one: Cut, into: int, baud: int | None) -> SplitPlace:
    return SplitPlace(
        node=one.node,
        shape=one.type.shape,
        type=one.type.element.datatype,
        bytes=one.bytes,
        device=one.before,
        host=one.behind,
        per_second=None if baud is None else baud / _LINE_BITS / (into + one.bytes),
    )


def _written(asked: Asked, at: str, opened: Opened, found: Split) -> Split:
    graph, folder = opened.source.graph, asked.folder
    try:
        first, rest = cut(graph, at)
    except ModelError as error:
        raise ModelError(f"{asked.file}: {error}") from error
    if taken := [name for name in (DEVICE, HOST_PART, TEST, HOST_TEST) if (folder / name).exists()]:
        raise ConfigError(f"{folder / taken[0]}: is there already; choose another folder by --out, or remove it")
    vectors = vectors_for(opened, asked.test)
    integers = integers_of(opened.source, vectors.x)
    carried = run(first, integers, [at])[at]
    _must_be_whole(graph, rest, at, integers, carried)
    folder.mkdir(parents=True, exist_ok=True)
    save_graph(first, folder / DEVICE)
    save_graph(rest, folder / HOST_PART)
    _save(folder / TEST, integers[graph.inputs[0]], None)
    _save(folder / HOST_TEST, carried, vectors)
    names = {key: str(folder / name) for key, name in (("device", DEVICE), ("host", HOST_PART), ("test", TEST))}
    told = {"at": at, "compared": len(carried), "kind": vectors.kind, "host_test": str(folder / HOST_TEST)}
    return found.model_copy(update={**names, **told})


def _must_be_whole(graph: Graph, rest: Graph, at: str, integers: dict[str, np.ndarray], carried: np.ndarray) -> None:
    """Hold the outputs of both parts, one behind the other, against those of the whole, every element.

    Raises:
        VerificationError: one differs.
    """
    ends = list(dict.fromkeys(output.node for output in graph.outputs))
    whole, parts = run(graph, integers, ends), run(rest, {at: carried}, ends)
    for name in ends:
        if not np.array_equal(whole[name], parts[name]):
            raise VerificationError(f"split at {at}: the two parts answer otherwise than the whole network, at {name}")


def _save(path: Path, x: np.ndarray, vectors: Vectors | None) -> None:
    if vectors is None or vectors.truth is None:
        np.savez(path, x=x.astype(np.float32))
    else:
        np.savez(path, x=x.astype(np.float32), y=vectors.truth)


def _tell(found: Split) -> None:
    line = f"rate on {found.board}'s line" if found.board else "rate of a line"
    columns = ("cut behind", "shape", "type", "bytes an input", "operations, device", "host", line)
    table = table_of(*columns, numbers=columns[3:])
    for place in found.places:
        rate = "" if place.per_second is None else f"{place.per_second:,.0f}/s"
        shape = "x".join(map(str, place.shape))
        counts = (f"{place.bytes:,}", f"{place.device:,}", f"{place.host:,}", rate)
        table.add_row(*map(Text, (place.node, shape, place.type, *counts)))
    console = out()
    console.print(table)
    if found.at is not None:
        vectors = f"{found.compared:,} {'random vectors' if found.kind == 'random' else 'test vectors'}"
        console.print(f"cut behind {found.at}: device then host = the whole network, every output, on {vectors}")
    tell_next(console, after_split(found))
