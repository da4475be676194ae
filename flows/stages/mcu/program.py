"""The network as a microcontroller runs it, as every stage of this part needs it."""

from __future__ import annotations

from flows.stages import files
from flows.stages.context import Context
from flows.stages.finn.reference import finn_reference
from flows.stages.identity import build_id_of
from flows.stages.network.files import INTEGER
from flows.stages.rtl.reference import GraphReference
from toolchain.board import McuBoard
from toolchain.device.link.protocol import BIPOLAR, SIGNED, UNSIGNED, Tensor, Types
from toolchain.errors import ModelError
from toolchain.graph.types import IntType
from toolchain.kernels.generate import c_source
from toolchain.microcontroller.firmware import Program

FIRMWARE = "firmware"
"""The folder of the program's sources, in the stage `compile` and in the package."""


def board_of(context: Context) -> McuBoard:
    """The board asked for, of this flow."""
    assert isinstance(context.board, McuBoard)
    return context.board


def reference(context: Context) -> GraphReference:
    """The network up to its last output: the class, where there is one."""
    return finn_reference(files.graph(context))


def program_of(context: Context) -> Program:
    """The network's C, and what the program says of itself.

    Raises:
        ModelError: a node kind has no kernel; names the network.
    """
    known = reference(context)
    try:
        made = c_source(known.graph)
    except ModelError as error:
        raise ModelError(f"{context.request.file or context.request.model}: {error}") from error
    build_id = build_id_of([files.network_file(context, INTEGER)], context)
    return Program(made, types_of(known), files.model_hash(context), build_id)


def types_of(known: GraphReference) -> Types:
    """What goes in and what comes out, as `identify` tells it."""
    kind, output = known.graph.types[known.graph.sole_input], known.output
    bits = IntType.of(known.input_type)
    meaning = BIPOLAR if known.input_type == "BIPOLAR" else SIGNED if bits.low < 0 else UNSIGNED
    sink = Tensor(output.bits, SIGNED if output.signed else UNSIGNED, output.shape or (output.elements,))
    return Types(Tensor(bits.bits, meaning, kind.shape), sink, output.classes or 0)
