"""The stitched core as its simulation wants it described."""

from __future__ import annotations

from dataclasses import asdict

from flows.stages import files
from flows.stages.context import Context
from hls.stream import Stream, StreamCore
from toolchain.finn.stitch import StitchedCore


def stitched(context: Context) -> StitchedCore:
    """What the generate stage wrote."""
    return StitchedCore.from_json(files.read_json(context.file("generate", "core.json")))


def stream_core(core: StitchedCore) -> StreamCore:
    """The same, for the simulator."""
    source, *layers = (Stream(**asdict(stream)) for stream in (core.input, *core.layers))
    return StreamCore(core.top, core.sources, source, tuple(layers), core.initiation_interval)
