"""A network's file: what it takes and answers, its integers, and which boards can take it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from numpy.typing import NDArray

from toolchain.api.given import AnyPath, Inputs, arrays_of
from toolchain.cli.check import checked, must_be_file
from toolchain.errors import DataError, ModelError
from toolchain.results.checked import CheckedNetwork
from toolchain.results.formats import FileFormat

if TYPE_CHECKING:
    from toolchain.graph.types import Integers
    from toolchain.runtime.network_file.opening import Opened

T = TypeVar("T")


@dataclass(frozen=True)
class Tensor:
    """An input as the file has it, or an output of the integer graph.

    Attributes:
        shape: without the batch; of an output channels come last.
        type: of one element: NumPy's name of an input's, the narrowest qonnx DataType of an output's.
        scale, offset: what an integer of an output stands for is ``scale * integer + offset``.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    scale: float = 1.0
    offset: float = 0.0

    def __str__(self) -> str:
        return f"{self.name}: {self.type}, shape ({', '.join(map(str, ('N', *self.shape)))})"


@dataclass(frozen=True)
class Network:
    """A network in a file. It is read when it is first asked for its integers; `load` makes one.

    Attributes:
        path: absolute.
    """

    path: Path
    format: FileFormat

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What `run` takes.

        Raises:
            ModelError: the file cannot be read as integers; names all that stands in the way.
        """
        return tuple(Tensor(p.name, p.shape, p.datatype or p.dtype.name) for p in self._opened.source.inputs)

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """What `run` answers; see `inputs`."""
        graph = self._opened.source.graph
        types = {end.name: graph.types[end.node] for end in graph.outputs}
        return tuple(
            Tensor(end.name, types[end.name].shape, types[end.name].element.datatype, end.scale, end.offset)
            for end in graph.outputs
        )

    def run(self, x: Inputs) -> Integers | dict[str, Integers]:
        """The integers that every stage and board answers with, by the exact interpreter.

        Args:
            x: in the file's own terms; see `inputs`.

        Returns:
            shape (N, ...) as in `outputs`; of several outputs one for each, by its name.

        Raises:
            DataError: x does not fit the network's inputs; names the first element.
            ModelError: as `inputs`.
        """
        from toolchain.graph.execute import run
        from toolchain.runtime.network_file.answer import integers_of

        source = self._opened.source
        found = run(source.graph, integers_of(source, self._rows(x)))
        return _sole({end.name: found[end.node] for end in source.graph.outputs})

    def values(self, x: Inputs) -> NDArray[Any] | dict[str, NDArray[Any]]:
        """The same in the file's own terms: its outputs, their shapes and types; see `run`."""
        from toolchain.runtime.network_file.answer import integers_of, outputs_of
        from toolchain.runtime.rows import parts_of

        source = self._opened.source
        answers = outputs_of(source, integers_of(source, self._rows(x)))
        return _sole(parts_of(answers, [port.name for port in source.outputs]))

    def check(self, board: str | None = None) -> CheckedNetwork:
        """Which boards can take it, and why not: what `gateweave check` tells.

        Args:
            board: one, whose resources are then estimated where our own RTL takes the file; all where None.

        Raises:
            ConfigError: there is no such board.
            ModelError: the file is no network.
        """
        return checked(self.path, board)

    def __repr__(self) -> str:
        return f"Network({str(self.path)!r}, {self.format})"

    @cached_property
    def _opened(self) -> Opened:
        from toolchain.runtime.network_file.opening import open_network

        return open_network(self.path)

    def _rows(self, x: Inputs) -> NDArray[Any]:
        from toolchain.runtime.calibration_file import rows_of

        feeds, arrays = self._opened.feeds, arrays_of("x", x)
        names = [feed.name for feed in feeds]
        missing = [name for name in names if name not in arrays and not (len(names) == 1 and "x" in arrays)]
        if missing:
            each = "an array" if len(names) == 1 else "a mapping of an array for each, by its name"
            raise DataError(f"x: holds {', '.join(arrays)}; the network takes {', '.join(names)}: give {each}")
        return rows_of("run", arrays, feeds)


def load(path: AnyPath) -> Network:
    """A network's file: QONNX, ONNX or TFLite.

    Raises:
        DataError: there is no such file.
        ModelError: it is no network.
    """
    from toolchain.runtime.network_file.opening import format_of

    file = Path(fspath(path)).expanduser().absolute()
    must_be_file(file)
    try:
        return Network(file, format_of(file))
    except ModelError as error:
        raise type(error)(f"{path}: {error}") from error


def _sole(parts: dict[str, T]) -> T | dict[str, T]:
    return next(iter(parts.values())) if len(parts) == 1 else parts
