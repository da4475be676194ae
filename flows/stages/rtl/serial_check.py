"""How a chip behind a serial port is asked, by the form of its host link."""

from __future__ import annotations

from flows.stages import files
from flows.stages.clocking import clock_hz
from flows.stages.context import Context
from flows.stages.rtl.core_check import spread
from flows.stages.rtl.reference import Reference
from flows.stages.rtl.streamed_check import StreamedCheck
from flows.stages.rtl.uart_check import UartCheck


def serial_check(context: Context, made: files.Chip, reference: Reference, most: int) -> UartCheck | StreamedCheck:
    """The check of a chip with golden vectors spread over all.

    Args:
        most: of the vectors; fewer where they take long.
    """
    kind = StreamedCheck if made.streamed else UartCheck
    count = kind.vectors(made.core, clock_hz(context), context.open_board.host_link.baud, most)
    x, stored = spread(files.golden_inputs(context), count), files.bench_inputs(context)
    return kind(context, made, reference, x, stored[: 0 if made.streamed else None])
