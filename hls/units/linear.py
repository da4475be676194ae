"""Matrix products: dense layers, and convolutions together with a window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hls import pack
from hls.netlist import Wire, Wiring
from hls.plan import divisors
from hls.units import unrolled
from hls.units import window as windows
from hls.units.product import BIPOLAR, INTEGER, TERNARY, Packing, Product
from hls.units.scale import Scale
from hls.units.stage import Option, Stage, chained
from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens, every, last_of
from hls.units.unit import Needs, Rom, Unit
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Linear, Window

Integers = NDArray[np.int64]

Multiplier = Literal["dsp", "lut"]

Place = Literal["block", "logic", "loaded"]

_ROMS: tuple[Place, ...] = ("block", "logic")
_ALL_ROMS: tuple[Place, ...] = (*_ROMS, "loaded")

# All that the source names, whatever its parameters leave of it: other tools than ours look for each.
_USES = ("mac_sum", "mac_product", "mac_packed", "weight_memory", "adder_tree", "loop_end")


@dataclass(frozen=True)
class Choice:
    """How a product is folded.

    Attributes:
        pe: neurons at a time.
        simd: inputs of each at a time; where each channel is for itself, channels at a time, and `pe` is the same.
        multiplier: what multiplies weights of more than 2 bits; a packing: neurons share the device's.
        rom: where the weights lie; "loaded": in large RAMs, which are written at the chip's start.
    """

    pe: int
    simd: int
    multiplier: Multiplier | Packing = "dsp"
    rom: Place = "block"

    @property
    def packing(self) -> Packing | None:
        """How neurons share multipliers, if they do."""
        return self.multiplier if isinstance(self.multiplier, Packing) else None

    @property
    def name(self) -> str:
        """What a person reads of it."""
        return f"PE {self.pe}, SIMD {self.simd}, {self.multiplier}, {self.rom}"

    @property
    def multipliers(self) -> int:
        """That one element needs, with one for each neuron or with one for several."""
        return -(-self.pe // (self.packing.count if self.packing else 1))


def stage(graph: Graph, node: Node, weight_bits: int | None = None, loads: bool = False) -> Stage:
    """The stage of a `Linear`, with the window before it; estimated as if no weight had more than `weight_bits`.

    Args:
        loads: whether weights may be loaded into large RAMs.
    """
    assert isinstance(node.op, Linear)
    before = graph[node.inputs[0]]
    fused = isinstance(before.op, Window)
    takes = before.inputs if fused else node.inputs
    window = before.op if isinstance(before.op, Window) else None
    product = Product(node.op, window, graph.types[takes[0]], weight_bits)
    folded = (_option(product, choice) for choice in options(product, loads))
    return Stage(node.name, takes, (*folded, *unrolled.options(product)))


def _option(product: Product, choice: Choice) -> Option:
    def added(name: str, wiring: Wiring, wires: Sequence[Wire]) -> Wire:
        return chained(wiring, wires, build(name, product, choice))

    factor_bits = choice.packing.bits if choice.packing else 0
    takes, yields = (choice.simd,), choice.pe
    return Option(choice.name, cycles(product, choice), needs(product, choice), takes, yields, added, factor_bits)


def options(product: Product, loads: bool = False) -> Iterator[Choice]:
    """All ways to fold it."""
    for pe, simd in _shapes(product):
        for rom in _ALL_ROMS if loads else _ROMS:
            yield from (Choice(pe, simd, multiplier, rom) for multiplier in _own_multipliers(product))
            yield from (Choice(pe, simd, packing, rom) for packing in _packings(product, pe))


def _own_multipliers(product: Product) -> tuple[Multiplier, ...]:
    """What multiplies for one neuron alone."""
    return ("dsp", "lut") if product.kind == INTEGER else ("lut",)


def _packings(product: Product, pe: int) -> Iterator[Packing]:
    """Those that leave fewer multipliers to so many neurons than narrower ones do."""
    least = pe
    for packing in product.packings:
        if -(-pe // packing.count) < least:
            least = -(-pe // packing.count)
            yield packing


def _shapes(product: Product) -> Iterator[tuple[int, int]]:
    if product.depthwise:
        yield from ((lanes, lanes) for lanes in divisors(product.linear.groups))
        return
    for simd in divisors(product.group_inputs):
        yield from ((pe, simd) for pe in divisors(product.group_outputs))


def folds(product: Product, choice: Choice) -> int:
    """Times that the inputs of a group are gone through for one position."""
    return 1 if product.depthwise else product.group_outputs // choice.pe


def groups(product: Product, choice: Choice) -> int:
    """Groups that come one after the other: where each channel is for itself, `simd` of them are one."""
    return product.linear.groups // choice.simd if product.depthwise else product.linear.groups


def beats(product: Product, choice: Choice) -> int:
    """Beats of one fold."""
    return product.linear.taps * (1 if product.depthwise else product.group_inputs // choice.simd)


def cycles(product: Product, choice: Choice) -> int:
    """Clocks between inferences at least."""
    operations = product.positions * groups(product, choice) * folds(product, choice) * beats(product, choice)
    walk = walked(product, choice)
    return max(operations, windows.cycles(walk)) if walk else operations


def walked(product: Product, choice: Choice) -> windows.Walk | None:
    """How the inputs are read for the product; None where they come as they are needed."""
    again = folds(product, choice)
    if product.window is None and again == 1:
        return None
    parts = groups(product, choice)
    return windows.walk(product.x, product.window, choice.simd, parts, again)


def build(name: str, product: Product, choice: Choice) -> tuple[Unit, ...]:
    """The unit of the product, and before it the one of the window where one is needed."""
    walk, mac = walked(product, choice), _mac(name, product, choice)
    return windows.in_front(mac, name, walk, product.x.element, product.element)


def _mac(name: str, product: Product, choice: Choice) -> Unit:
    words = _weight_words(product, choice)
    lanes, beat, total = choice.pe, beats(product, choice), product.positions * len(words)
    return Unit(
        name,
        "mac",
        _parameters(product, choice, words),
        (Stream(product.element, choice.simd, total),),
        (Stream(product.accumulator, lanes, total // beat, name),),
        total,
        partial(tokens, total // beat, beat, latency(product, choice)),
        _Shape.of(product, choice).needs(),
        _roms(product, choice, words),
        uses=_USES,
        loaded="WEIGHT_FILE" if choice.rom == "loaded" else "",
        shareable="WEIGHT_FILE" if choice.rom == "block" else "",
    )


def latency(product: Product, choice: Choice) -> int:
    """Clocks from a fold's last beat to its push."""
    terms = 1 if product.depthwise else choice.simd
    multiplied = (product.kind == INTEGER) + (choice.packing is not None)
    return 2 + (choice.rom != "logic") + multiplied + (terms - 1).bit_length()


def tokens(folds: int, beats: int, clocks: int) -> Tokens:
    """Each beat is taken; the last of each fold yields."""
    return Tokens((Take(every(folds * beats)),), last_of(folds, beats), clocks)


def _weight_words(product: Product, choice: Choice) -> Integers:
    """Weights in the order in which they are used, shape (words, pe, elements of each)."""
    taps, weights = product.linear.taps, product.linear.weights
    if product.depthwise:
        return weights.reshape(taps, -1, choice.simd).swapaxes(0, 1).reshape(-1, choice.pe, 1)
    shape = (taps, -1, choice.simd, product.linear.groups, folds(product, choice), choice.pe)
    return weights.reshape(shape).transpose(3, 4, 0, 1, 5, 2).reshape(-1, choice.pe, choice.simd)


def _fields(product: Product, words: Integers) -> tuple[Integers, int]:
    """What the weights' words are made of, lowest first, shape (words, fields), and the bits of a field."""
    if product.kind == INTEGER:
        return words.reshape(len(words), -1), product.weight_bits
    signs = (words < 0,) if product.kind == BIPOLAR else (words != 0, words < 0)
    return np.concatenate(signs, axis=-1).reshape(len(words), -1).astype(np.int64), 1


def _sum_bits(product: Product, words: Integers) -> int:
    """Of the two's complement sum of one beat."""
    most = (product.element.high - product.element.low) // product.element.step
    if product.kind != INTEGER:
        return 1 + (int(words.shape[-1]) * ((1 << product.element.bits) - 1)).bit_length()
    high, low = (int(np.clip(sign * words, 0, None).sum(axis=-1).max()) * most for sign in (1, -1))
    return 1 + max(high.bit_length(), (low - 1).bit_length() if low else 0, 1)


def _start_words(product: Product, choice: Choice) -> int:
    """One where all begin alike."""
    return 1 if len(set(product.starts)) == 1 else len(product.starts) // choice.pe


def _roms(product: Product, choice: Choice, words: Integers) -> tuple[Rom, ...]:
    fields, bits = _fields(product, words)
    if choice.packing:
        fields = fields + (1 << (bits - 1))
    width = Scale.of(product.element, product.accumulator).bits
    first = np.array(product.starts).reshape(-1, choice.pe)[: _start_words(product, choice)]
    return (
        Rom("WEIGHT_FILE", tuple(pack.words(fields, bits)), bits * fields.shape[1]),
        Rom("START_FILE", tuple(pack.words(first, width)), width * choice.pe),
    )


def _parameters(product: Product, choice: Choice, words: Integers) -> dict[str, int | str]:
    scale = Scale.of(product.element, product.accumulator)
    beat = beats(product, choice)
    return {
        "PE": choice.pe,
        "SIMD": choice.simd,
        "DEPTHWISE": int(product.depthwise),
        "IN_BITS": product.element.bits,
        "BEATS": beat,
        "FOLDS": len(words) // beat,
        "WEIGHT_KIND": product.kind,
        "WEIGHT_BITS": product.weight_bits,
        "ROM_STYLE": choice.rom,
        "MULTIPLIER": "packed" if choice.packing else str(choice.multiplier),
        "SHARED": choice.packing.count if choice.packing else 1,
        "SPACING": choice.packing.spacing if choice.packing else 1,
        "SUM_BITS": min(_sum_bits(product, words), scale.bits),
        "ACC_BITS": product.accumulator.bits,
        "DROP": scale.drop,
        "FACTOR": scale.factor,
        "STARTS": _start_words(product, choice),
    }


def needs(product: Product, choice: Choice) -> Needs:
    """Estimated needs of the product and of the window before it, if any; fitted to what ECP5 synthesis takes."""
    return _Shape.of(product, choice).needs() + windows.needs(walked(product, choice), product.element.bits)


@dataclass(frozen=True)
class _Shape:
    """What the size of a unit follows from.

    Attributes:
        terms: products of one neuron and beat.
        words, starts: of the ROM of weights and of that of what sums begin at.
        in_bits, weight_bits, total_bits: of an element, of a weight and of an accumulator.
    """

    choice: Choice
    kind: int
    terms: int
    words: int
    starts: int
    in_bits: int
    weight_bits: int
    total_bits: int

    @staticmethod
    def of(product: Product, choice: Choice) -> _Shape:
        terms = 1 if product.depthwise else choice.simd
        fold = folds(product, choice) * groups(product, choice)
        scale = Scale.of(product.element, product.accumulator)
        words = fold * beats(product, choice)
        weight_bits = min(product.weight_bits, product.most_bits or product.weight_bits)
        starts, bits = _start_words(product, choice), (product.element.bits, weight_bits, scale.bits)
        return _Shape(choice, product.kind, terms, words, starts, *bits)

    @property
    def term_bits(self) -> int:
        """Bits of a product."""
        return min(self.total_bits, self.in_bits + (self.weight_bits if self.kind == INTEGER else 0))

    def needs(self) -> Needs:
        """All of them."""
        return self.memory() + self.products() + self.sums() + self.control()

    def memory(self) -> Needs:
        """Weights and what the sums begin at."""
        bits = self.choice.pe * self.terms * self.weight_bits
        # Functions of two address bits are few, and so are shared.
        starts = self.choice.pe * self.total_bits if self.starts > 4 else 0
        lut, ff = 16 + _rom_luts(self.starts) * starts, bits + starts
        if self.choice.rom == "logic":
            return Needs(lut + 1.3 * _rom_luts(self.words) * bits, ff)
        memory = ((self.words, bits),)
        return Needs(lut, ff, one_port=memory) if self.choice.rom == "loaded" else Needs(lut, ff, roms=memory)

    def products(self) -> Needs:
        """Products and their registers."""
        count = self.choice.pe * self.terms
        if self.kind != INTEGER:
            return Needs(count * self.in_bits * (self.kind == TERNARY))
        ff = count * self.term_bits
        if packing := self.choice.packing:
            # Each field behind the multiplier, the elements once more, and what is taken off.
            whole = self.in_bits + self.weight_bits
            ff += count * whole + self.terms * self.in_bits
            lut = self.in_bits + 1 if packing.spacing == whole else whole + 3
            return Needs(count * lut, ff, self.terms * self.choice.multipliers)
        if self.choice.multiplier == "dsp":
            return Needs(0, ff, count * -(-self.weight_bits // 18) * -(-(self.in_bits + 1) // 18))
        return Needs(count * max(2.0, 2.5 * self.weight_bits * self.in_bits - 7), ff)

    def sums(self) -> Needs:
        """Trees, and accumulators with the choice of what they begin at."""
        lut, ff = 2.0 * self.total_bits, self.total_bits
        terms, bits = self.terms, self.term_bits
        while terms > 1:
            bits = min(bits + 1, self.total_bits)
            lut += terms // 2 * bits
            terms = -(-terms // 2)
            ff += terms * bits
        return Needs(self.choice.pe * lut, self.choice.pe * ff)

    def control(self) -> Needs:
        """Counters, and the inputs' registers."""
        places = (self.words - 1).bit_length() * 2 + (self.starts - 1).bit_length()
        stages = 1 if self.choice.rom == "logic" else 2
        lanes = self.choice.simd
        return Needs(8 + 0.8 * places, lanes * self.in_bits * stages + places + 2 * self.terms.bit_length() + 12)


def _rom_luts(words: int) -> float:
    """LUTs of one bit of a ROM in logic: most bits differ, a few are alike."""
    tables = -(-words // 16)
    return 0.9 * (tables + 0.8 * (tables - 1))
