"""From a float network and its data to the file of a quantised one, and to what is said of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from torch import nn

from toolchain.errors import ConfigError, ModelError
from toolchain.files import can_be_written
from toolchain.progress import Progress
from toolchain.quantise.calibrate import answers
from toolchain.quantise.exact import rounded
from toolchain.quantise.float_file import FloatNetwork
from toolchain.quantise.front import Scaling, entered, with_scaling
from toolchain.quantise.network import layer_names
from toolchain.quantise.search import Found, Search
from toolchain.quantise.sensitivity import costliest, costs, with_costs
from toolchain.quantise.setting import FINER, POWER_OF_TWO, Bits, Setting
from toolchain.quantise.settle import settled
from toolchain.quantise.tune import lesson, tuned
from toolchain.quantise.vectors import compared_with, doubt_of_range, must_be_of_its_world, read
from toolchain.quantise.weighed import layers_of, weight_bits_of, with_estimates
from toolchain.quantise.written import FLOATS, must_be_equal, write
from toolchain.results.checked import Reckoned
from toolchain.results.quantised import Quantised, QuantisedSetting
from toolchain.training.loop import set_up

DEFAULT_BITS = (Bits(8, 8), Bits(4, 4))
"""What is tried where no bits are asked for."""

SMALL_COST = 0.005
"""Share of answers, half a point, that powers of two may cost, and fewer bits where none were asked for."""

_SEED = 1
# Vectors that tell what each layer costs, and whether float32 is exact.
_SOME = 2000

Estimate = Callable[[Path], tuple[Reckoned | None, str]]
"""What a file takes on the board; without that, why."""


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Attributes:
        calibrate, test: npz files; what is reported is measured on `test`, else on `calibrate`.
        bits: settings to try; the narrowest that costs little is written.
        train: npz of labelled vectors to tune on for so many epochs; None: no tuning.
        out: the file to write.
    """

    calibrate: Path
    out: Path
    test: Path | None = None
    bits: Sequence[Bits] = DEFAULT_BITS
    scaling: Scaling = field(default_factory=Scaling)
    board: str | None = None
    train: Path | None = None
    epochs: int = 2


@dataclass(frozen=True)
class _Measured:
    """A quantised network and its share of right answers on the test data."""

    found: Found
    share: float
    epochs: int = 0


def quantise(network: FloatNetwork, source: str, order: Order, estimate: Estimate, progress: Progress) -> Quantised:
    """Quantise, measure, choose, write and hold against the integer graph.

    Raises:
        ConfigError: the output exists or cannot be written.
        DataError: the data do not fit the network.
        ModelError: the network cannot be quantised, float32 rounds its sums, or its file cannot be read as integers.
        VerificationError: the file's integer graph answers otherwise than PyTorch.
    """
    must_be_new(order.out)
    work = _Work(with_scaling(network, order.scaling), order, progress)
    tried = [rows for bits in order.bits if (rows := work.at(bits))]
    if not tried:
        raise ModelError(f"{source}: {work.left_out[0]}; give fewer bits by --bits, or narrower layers")
    chosen = work.chosen([_best(rows) for rows in tried])
    return work.written([row for rows in tried for row in rows], chosen, source, estimate)


def must_be_new(path: Path) -> None:
    """Refuse an output that would overwrite something, or cannot be written.

    Raises:
        ConfigError: says why.
    """
    if path.exists() or path.is_symlink():
        raise ConfigError(f"--out: {path}: is there already; take another name, or remove it")
    if not path.parent.is_dir() or not can_be_written(path.parent):
        raise ConfigError(f"--out: {path.parent}: no folder that can be written to")


def _best(rows: Sequence[_Measured]) -> _Measured:
    """Powers of two unless the other scales are better by more than a little; what is tuned if that is no worse."""
    plain, *finer = (row for row in rows if not row.epochs)
    best = finer[0] if finer and plain.share <= finer[0].share - SMALL_COST else plain
    return max((best, *(row for row in rows if row.epochs)), key=lambda measured: measured.share)


class _Work:
    """One run of the command."""

    def __init__(self, network: FloatNetwork, order: Order, progress: Progress) -> None:
        set_up(_SEED)
        self.network, self.order, self.progress = network, order, progress
        self.left_out: list[str] = []
        self.calibration = read(order.calibrate, network, "--calibrate")
        self.test = read(order.test, network, "--test") if order.test else self.calibration
        train = read(order.train, network, "--train", labelled=True) if order.train else None
        must_be_of_its_world(network, self.calibration)
        self.doubt = doubt_of_range(network, self.calibration) if order.scaling == Scaling() else ""
        if self.doubt:
            progress(self.doubt)
        self.lesson = lesson(train, network.module) if train else None
        self.wanted, self.measure = compared_with(network, self.test)
        self.float_share = self._share(network.module)
        self.entered, self.entry = entered(network, [self.calibration, self.test, *([train] if train else [])])
        self.search = Search(self.entered.module, self.entry, self.calibration.tensor)

    def _share(self, module: nn.Module) -> float:
        return self.test.share(self.wanted, answers(module, self.test.tensor))

    def _share_of_some(self, module: nn.Module) -> float:
        some = self.test.tensor[:_SOME]
        return self.test.share(self.wanted[:_SOME], answers(module, some))

    def at(self, bits: Bits) -> list[_Measured]:
        """The network at these bits, with scales of both kinds; the better one is tuned where data are given.

        Scales with which float32 rounds sums are left out; none may be left.
        """
        found = [self.search.best(Setting(bits, kind), self.progress) for kind in (POWER_OF_TWO, FINER)]
        rows = [_Measured(one, self._share(one.network)) for one in found if self._is_exact(one)]
        return self._with_tuned(rows) if self.lesson and rows else rows

    def _is_exact(self, found: Found) -> bool:
        """Whether float32 keeps its sums; where it does not, that is said."""
        said = rounded(found.network, self.calibration.tensor[:_SOME])
        if said:
            self.left_out.append(f"{found.setting.bits}, scales {found.setting.scales}, left out: {said}")
            self.progress(self.left_out[-1])
        return not said

    def _with_tuned(self, rows: list[_Measured]) -> list[_Measured]:
        tuned = self._tuned(_best(rows))
        return [*rows, tuned] if self._is_exact(tuned.found) else rows

    def _tuned(self, before: _Measured) -> _Measured:
        assert self.lesson is not None
        found, epochs = before.found, self.order.epochs
        self.progress(
            f"{found.setting.bits}, scales {found.setting.scales}: fine-tuning on {len(self.lesson):,} vectors"
        )
        network = settled(tuned(found.network, self.lesson, epochs, self.progress), self.calibration.tensor[:1])
        after = replace(found, network=network, divergence=self.search.divergence(network))
        return _Measured(after, self._share(network), epochs)

    def chosen(self, best: Sequence[_Measured]) -> _Measured:
        """Of the best at each number of bits the narrowest that costs little, else the best."""
        cheap = [measured for measured in best if measured.share >= self.float_share - SMALL_COST]
        if cheap:
            return min(cheap, key=lambda measured: (measured.found.setting.bits.total, -measured.share))
        return max(best, key=lambda measured: measured.share)

    def written(self, kept: Sequence[_Measured], chosen: _Measured, source: str, estimate: Estimate) -> Quantised:
        """Write the chosen network, and tell of all."""
        settings = [self._told(measured, estimate, measured is chosen) for measured in kept]
        network, out = chosen.found.network, self.order.out
        layers = layers_of(network, chosen.found.setting, self.network.shape)
        made = next(setting.estimate for setting in settings if setting.written)
        names = layer_names(self.search.prepared[False])
        found = costs(self.search, chosen.found, self._share_of_some, names, self.progress)
        self.progress("writing, and comparing the integer graph with PyTorch")
        write(network, self.network.shape, self.entry.input_type, out)
        try:
            parts = [self.calibration] if self.test is self.calibration else [self.calibration, self.test]
            outputs = sum(must_be_equal(network, out, data.x) for data in parts)
        except BaseException:
            out.unlink(missing_ok=True)
            raise
        return Quantised(
            file=str(out),
            source=source,
            measure=self.measure,
            float_share=self.float_share,
            vectors=len(self.test.x),
            tested=str(self.test.path),
            board=self.order.board,
            settings=tuple(settings),
            layers=with_estimates(with_costs(layers, found), made),
            costliest=costliest(found),
            compared=sum(len(data.x) for data in parts),
            outputs=outputs,
            inputs=self.entry.input_type or FLOATS,
            notices=(self.doubt,) if self.doubt else (),
        )

    def _told(self, measured: _Measured, estimate: Estimate, is_chosen: bool) -> QuantisedSetting:
        found = measured.found
        self.progress(f"{found.setting.bits}, scales {found.setting.scales}: what it takes of a board")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "network.onnx"
            write(found.network, self.network.shape, self.entry.input_type, path)
            made, why = estimate(path)
        return QuantisedSetting(
            bits=str(found.setting.bits),
            scale_bits=found.setting.scale_bits,
            way=str(found.way),
            epochs=measured.epochs,
            share=measured.share,
            divergence=found.divergence,
            weight_bits=weight_bits_of(found.network),
            estimate=made,
            why=why,
            written=is_chosen,
        )
