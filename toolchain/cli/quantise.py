"""`gateweave quantise`: from a trained float network to a QONNX file that a build takes."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from toolchain.catalog import load_board
from toolchain.cli.following import after_quantise, tell_next
from toolchain.cli.listing import table_of
from toolchain.cli.reckoning import with_estimates
from toolchain.console import out
from toolchain.errors import ConfigError
from toolchain.files import why_absent
from toolchain.progress import Progress
from toolchain.quantise.setting import POWER_OF_TWO, Bits, read_bits
from toolchain.results.checked import LayerUse, Reckoned
from toolchain.results.quantised import Quantised, QuantisedLayer, QuantisedSetting
from toolchain.runtime.network_file.checking import check_file

if TYPE_CHECKING:
    from toolchain.quantise.float_file import FloatNetwork


@dataclass(frozen=True)
class Asked:
    """The command's options, as they were typed."""

    source: Path
    model: str | None
    calibrate: Path
    test: Path | None
    bits: tuple[str, ...]
    train: Path | None
    epochs: int
    output: Path | None
    divide: float
    mean: str
    std: str
    board: str | None


def quantise(asked: Asked, as_json: bool) -> None:
    """Quantise, write the file, and print what came of it; raises as `quantised`."""
    made = quantised(asked)
    if as_json:
        print(json.dumps(made.to_json(), indent=2))
    else:
        tell(made)


def quantised(asked: Asked, show: bool = True) -> Quantised:
    """Quantise, and write the file.

    Args:
        show: whether to say on standard error what is done.

    Raises:
        ConfigError: an option cannot be used, or the output exists.
        DataError: the data cannot be used.
        ModelError: the network cannot be read or quantised.
        VerificationError: the file answers otherwise than PyTorch.
    """
    bits = tuple(read_bits(word) for word in dict.fromkeys(asked.bits))
    for path in (asked.source, asked.calibrate, asked.test, asked.train):
        if path is not None and not path.is_file():
            raise ConfigError(f"{path}: {'is no file' if path.exists() else why_absent(path, 'file')}")
    if asked.board is not None:
        load_board(asked.board)
    with warnings.catch_warnings():
        # Of Brevitas, about packages that it can do without.
        warnings.simplefilter("ignore")
        return _made(asked, bits, _progress() if show else lambda text: None)


def _made(asked: Asked, bits: tuple[Bits, ...], progress: Progress) -> Quantised:
    from toolchain.quantise.front import Scaling
    from toolchain.quantise.quantise import DEFAULT_BITS, Order, must_be_new
    from toolchain.quantise.quantise import quantise as run

    output = asked.output or Path(f"{asked.source.stem}-{str(bits[0]).lower() if len(bits) == 1 else 'quantised'}.onnx")
    must_be_new(output)
    progress(f"reading {asked.source}")
    network = _read(asked)
    scaling = Scaling(asked.divide, _numbers("--mean", asked.mean), _numbers("--std", asked.std))
    order = Order(
        calibrate=asked.calibrate,
        out=output,
        test=asked.test,
        bits=bits or DEFAULT_BITS,
        scaling=scaling,
        board=asked.board,
        train=asked.train,
        epochs=asked.epochs,
    )
    return run(network, str(asked.source), order, estimate_on(asked.board), progress)


def _read(asked: Asked) -> FloatNetwork:
    from toolchain.quantise.checkpoint import read_checkpoint
    from toolchain.quantise.float_file import must_answer_alike, read_float
    from toolchain.quantise.weight_files import SUFFIXES

    if asked.model is not None:
        return read_checkpoint(asked.source, asked.model, asked.calibrate)
    if asked.source.suffix in SUFFIXES:
        raise ConfigError(
            f"{asked.source}: a checkpoint holds weights and no network: name its model by --model FOLDER, or export "
            "it with torch.onnx.export"
        )
    network = read_float(asked.source)
    must_answer_alike(network, asked.source)
    return network


def _numbers(option: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ConfigError(f"{option}: {text!r}: should be a number, or several with commas between them") from None


def estimate_on(board: str | None) -> Callable[[Path], tuple[Reckoned | None, str]]:
    """What `gateweave check --board` says of a file."""

    def estimate(path: Path) -> tuple[Reckoned | None, str]:
        if board is None:
            return None, "no board was asked for"
        verdicts = with_estimates(path, check_file(path, [load_board(board)])).boards
        made = next((verdict for verdict in verdicts if verdict.estimate is not None), verdicts[0])
        return made.estimate, made.why

    return estimate


def _progress() -> Progress:
    """Lines of what is done now, apart from what is printed in the end."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    return lambda text: console.print(f"{text} ...", style="dim" if sys.stderr.isatty() else None)


def tell(made: Quantised) -> None:
    """Print what came of it, and what comes next."""
    console = out()
    console.print(_settings(made))
    console.print(_layers(made))
    for line in _said(made):
        console.print(Text(line), soft_wrap=True)
    tell_next(console, after_quantise(made))


def _settings(made: Quantised) -> object:
    rate = f"rate on {made.board}" if made.board else "rate"
    columns = ("", "bits", "scales", "weights", "epochs", made.measure, "points", "kbit", "LUT", rate)
    table = table_of(*columns, numbers=columns[4:])
    table.add_row("", "float", "", "", "", f"{made.float_share:.2%}", "", "", "", "")
    for setting in made.settings:
        table.add_row(*map(Text, _row(made, setting)))
    return table


def _row(made: Quantised, setting: QuantisedSetting) -> tuple[str, ...]:
    estimate = setting.estimate
    return (
        ">" if setting.written else "",
        setting.bits,
        "powers of two" if setting.scale_bits == POWER_OF_TWO else f"{setting.scale_bits} bits",
        setting.way,
        str(setting.epochs or ""),
        f"{setting.share:.2%}",
        f"{100 * (setting.share - made.float_share):+.2f}",
        f"{setting.weight_bits / 1000:,.1f}",
        f"{estimate.chip.lut:,}" if estimate else "",
        f"{estimate.fps:,.0f}/s" if estimate else "",
    )


def _layers(made: Quantised) -> object:
    hertz = next((1e6 * s.estimate.clock_mhz for s in made.settings if s.written and s.estimate), 0.0)
    columns = ("layer", "weights", "bits", "operations", "points", "divergence", "LUT", "DSP", "rate")
    table = table_of(*columns, numbers=columns[1:])
    for layer in made.layers:
        table.add_row(*map(Text, (*_layer_row(layer), *_layer_use(layer.estimate, hertz))))
    return table


def _layer_use(use: LayerUse | None, hertz: float) -> tuple[str, ...]:
    """What a layer takes, and the rate that it alone would allow."""
    return ("", "", "") if use is None else (f"{use.lut:,}", f"{use.dsp:,}", f"{hertz / use.cycles:,.0f}/s")


def _layer_row(layer: QuantisedLayer) -> tuple[str, ...]:
    return (
        layer.name,
        f"{layer.weights:,}",
        f"W{layer.weight_bits}A{layer.activation_bits}",
        f"{layer.operations:,}",
        "" if layer.cost is None else f"{-layer.cost:+.2f}",
        "" if layer.divergence is None else f"{layer.divergence:.4f}",
    )


def _said(made: Quantised) -> list[str]:
    apart = ", a layer's without FIFOs and host link" if any(layer.estimate for layer in made.layers) else ""
    lines = [f"{made.measure} of {made.vectors:,} vectors; LUTs and rates are estimated{apart}"]
    why = next((setting.why for setting in made.settings if setting.written and setting.estimate is None), "")
    if why and made.board:
        lines.append(f"{made.board}: {why}")
    lines += made.notices
    if made.costliest:
        lines.append(f"{made.costliest} costs most; more bits there help first")
    lines.append(
        f"{made.file}: takes {made.inputs}; all {made.outputs:,} outputs of {made.compared:,} vectors are equal in "
        "PyTorch and in its integer graph"
    )
    return lines
