"""Thresholds by one multiplication: the unit of `requantise.v`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hls.units.lines import Lines
from hls.units.rising import Rising
from hls.units.rom_cost import read_only
from hls.units.thresholding import Choice, Thresholding
from hls.units.tokens import Take, Tokens, first_of, last_of
from hls.units.unit import Needs, Rom, Unit
from toolchain.errors import ModelError

# Bits of a multiplier taken a clock where rows of adders multiply.
_LUT_DIGITS = (1, 2, 3, 4, 8)


def ways(node: Thresholding) -> Iterator[tuple[int, Literal["dsp", "lut"]]]:
    """Steps and multipliers that differ in cycles or resources, the fewest steps first."""
    assert node.lines is not None
    bits = node.lines.multiplier_bits
    yield from ((steps, "lut") for steps in sorted({math.ceil(bits / digit) for digit in (*_LUT_DIGITS, bits)}))
    if bits > 1:
        yield from ((steps, "dsp") for steps in sorted({1, math.ceil(bits / node.pieces.b)}))


def build(name: str, node: Thresholding, choice: Choice) -> Unit:
    """The unit; all channels of `node` have the form.

    Raises:
        ModelError: a channel has not.
    """
    layout, (stream, out) = _Layout(name, node, choice), node.streams(name, choice.lanes)
    return Unit(
        name=name,
        module="requantise",
        parameters=layout.parameters(),
        inputs=(stream,),
        outputs=(out,),
        cycles=stream.beats * choice.steps,
        tokens=partial(_tokens, stream.beats, choice.steps, layout.latency),
        needs=layout.needs(),
        roms=layout.roms(),
        uses=("product", "rom_walk"),
        shareable=layout.shareable,
    )


def needs(node: Thresholding, choice: Choice) -> Needs:
    """Estimated needs."""
    return _Layout("", node, choice).needs()


def _tokens(beats: int, steps: int, latency: int) -> Tokens:
    return Tokens((Take(first_of(beats, steps)),), last_of(beats, steps), latency)


@dataclass(frozen=True, eq=False)
class _Shape:
    """Widths of one number of steps.

    Attributes:
        form: with as many bits below the point as leave before the last step.
        digit: bits of the multiplier a step.
        shift: bits that leave after the last step.
        sum_bits: of the widest sum.
    """

    form: Lines
    digit: int
    shift: int
    offset_bits: int
    sum_bits: int

    def digits(self, steps: int) -> NDArray[Any]:
        """Of each multiplier, the lowest first, shape (steps, channels or 1)."""
        places = self.digit * np.arange(steps)
        found: NDArray[Any] = self.form.multiplier >> places[:, None] & ((1 << self.digit) - 1)
        return found


def _shape(node: Thresholding, steps: int) -> _Shape:
    """The shape, made once."""
    made: dict[int, _Shape] = node.made
    if steps not in made:
        made[steps] = _shaped(node, steps)
    return made[steps]


def _shaped(node: Thresholding, steps: int) -> _Shape:
    form, of = node.lines, node.rising
    assert form is not None
    digit = math.ceil(form.multiplier_bits / steps)
    # A multiplier that is made longer, so that enough bits leave before the last step, must still fit its digits.
    while form.multiplier_bits + max(0, digit * (steps - 1) - form.shift) > digit * steps:
        digit += 1
    kept = digit * (steps - 1)
    form = form.finer(max(0, kept - form.shift))
    shape = _Shape(form, digit, form.shift - kept, _signed(form.offset), 0)
    return replace(shape, sum_bits=max(_reach(of, shape, steps), of.out_bits + 1 + shape.shift))


def _reach(of: Rising, shape: _Shape, steps: int) -> int:
    """Bits of the widest sum of any step: they rise with the code, so both ends tell."""
    widest, digits = 1, shape.digits(steps).astype(object)
    for codes in (of.low.astype(object), of.high.astype(object)):
        for carried in shape.form.offset:
            for some in digits:
                total = carried + codes * some
                widest, carried = max(widest, _signed(total)), total >> shape.digit
    return widest


class _Layout:
    """What one choice is made of."""

    def __init__(self, name: str, node: Thresholding, choice: Choice) -> None:
        if node.lines is None:
            raise ModelError(f"{name}: thresholds of a channel are no multiplication; build a search or a comparison")
        self._of, self._choice, self._pieces = node.rising, choice, node.pieces
        self._shape = _shape(node, choice.steps)

    @property
    def latency(self) -> int:
        return 5 + (self._terms - 1).bit_length() + (self._shape.form.round > 0)

    @property
    def _terms(self) -> int:
        if not self._dsp:
            return self._shape.digit
        return math.ceil(self._of.bits / self._pieces.a) * math.ceil(self._shape.digit / self._pieces.b)

    @property
    def _multipliers(self) -> int:
        return max(1, len(self._shape.form.multiplier) // self._choice.lanes)

    @property
    def _offsets(self) -> int:
        return max(1, int(self._shape.form.offset.shape[1]) // self._choice.lanes)

    @property
    def _together(self) -> bool:
        """Whether multipliers and offsets share a ROM: in block RAM, two would waste more of it."""
        return self._choice.rom == "block"

    @property
    def shareable(self) -> str:
        """The ROM that may lie outside, if any."""
        return "MULTIPLIER_FILE" if self._together and self._beats * self._choice.steps > 1 else ""

    @property
    def _beats(self) -> int:
        """Beats with constants of their own."""
        return max(self._multipliers, self._offsets)

    @property
    def _start_bits(self) -> int:
        """Of a beat's offsets."""
        return self._choice.lanes * self._shape.offset_bits * len(self._shape.form.offset)

    @property
    def _slice(self) -> int:
        """Bits of them that are read a step."""
        return math.ceil(self._start_bits / self._choice.steps)

    @property
    def _dsp(self) -> bool:
        return self._choice.multiplier == "dsp"

    @property
    def _bent(self) -> bool:
        return len(self._shape.form.offset) > 1

    def parameters(self) -> dict[str, int | str]:
        lanes = self._choice.lanes
        return {
            "LANES": lanes,
            "IN_BITS": self._of.bits,
            "OUT_BITS": self._of.out_bits,
            "TOP": self._of.top,
            "INVERT": int(self._of.inverted),
            "STEPS": self._choice.steps,
            "DIGIT": self._shape.digit,
            "DSP": int(self._dsp),
            "A_PIECE": self._pieces.a,
            "B_PIECE": self._pieces.b,
            "MULTIPLIERS": self._beats if self._together else self._multipliers,
            "OFFSETS": 1 if self._together else self._offsets,
            "OFFSET_BITS": self._shape.offset_bits,
            "TOGETHER": int(self._together),
            "BENT": int(self._bent),
            "SPLIT": self._of.split if self._bent else 0,
            "ACC_BITS": self._shape.sum_bits,
            "SHIFT": self._shape.shift,
            "ROUND": self._shape.form.round,
            "ROM_STYLE": self._choice.rom,
        }

    def roms(self) -> tuple[Rom, ...]:
        lanes = self._choice.lanes
        digits = _beats(self._shape.digits(self._choice.steps).T, lanes).reshape(-1, lanes)
        offsets = np.concatenate([_beats(row[:, None], lanes)[:, 0] for row in self._shape.form.offset], axis=1)
        words, starts = _words(digits, self._shape.digit), _words(offsets, self._shape.offset_bits)
        width, start_bits = lanes * self._shape.digit, self._start_bits
        if not self._together:
            return Rom("MULTIPLIER_FILE", words, width), Rom("OFFSET_FILE", starts, start_bits)
        both = Rom("MULTIPLIER_FILE", self._joined(words, starts, width), width + self._slice)
        return both, Rom("OFFSET_FILE", starts[:1], start_bits)

    def _joined(self, digits: tuple[int, ...], starts: tuple[int, ...], width: int) -> tuple[int, ...]:
        """Words of digits, each with a slice of the next beat's offsets above it."""
        steps, mask = self._choice.steps, (1 << self._slice) - 1
        places = ((beat, step) for beat in range(self._beats) for step in range(steps))
        return tuple(
            digits[(beat * steps + step) % len(digits)]
            | (starts[(beat + 1) % len(starts)] >> step * self._slice & mask) << width
            for beat, step in places
        )

    def needs(self) -> Needs:
        """Fitted to `synth_ecp5 -abc9`: within a seventh."""
        of, shape, lanes = self._of, self._shape, self._choice.lanes
        adders = (self._terms - 1) * (of.bits + (shape.digit - self._pieces.a if self._dsp else 3))
        sums = shape.sum_bits * (2 if self._choice.steps > 1 else 1)
        bent = (of.bits + shape.offset_bits) / 2 if self._bent else 0
        rounds = shape.shift / 4 + of.out_bits + 2 if shape.form.round else 0
        parts = of.bits + shape.digit if self._dsp else shape.digit * of.bits
        ff = 2 * of.bits + parts * (1 + (self._terms > 1)) + shape.sum_bits + of.out_bits
        lut = lanes * (max(0, adders) + sums + bent + rounds + 16) + 14
        dsp = lanes * self._terms if self._dsp else 0
        own = Needs(lut, lanes * ff + 3 * self.latency, dsp)
        steps, digits = self._choice.steps, lanes * shape.digit
        if self._together:
            gathered = Needs(0, self._slice * (self.latency + steps))
            rom = self._rom(self._beats * steps, digits + self._slice)
            return own + gathered + replace(rom, blocks=(), roms=rom.blocks)
        return own + self._rom(self._multipliers * steps, digits) + self._rom(self._offsets, self._start_bits)

    def _rom(self, words: int, width: int) -> Needs:
        if words == 1:
            return Needs()
        counter = (words - 1).bit_length()
        registers = width if self._choice.rom == "block" else 2 * width
        return read_only(words, width, self._choice.rom) + Needs(2 * counter, registers + counter)


def _beats(rows: NDArray[Any], lanes: int) -> NDArray[Any]:
    """Rows of channels (or one of all) as those of each beat, shape (beats, entries, lanes) turned to the back."""
    if len(rows) == 1:
        rows = np.repeat(rows, lanes, axis=0)
    return rows.reshape(-1, lanes, rows.shape[1]).swapaxes(1, 2)


def _words(entries: NDArray[Any], bits: int) -> tuple[int, ...]:
    """Entries (words, n) of two's complement, the first lowest."""
    mask = (1 << bits) - 1
    return tuple(sum((int(v) & mask) << i * bits for i, v in enumerate(row)) for row in entries)


def _signed(values: NDArray[Any]) -> int:
    """Bits of the widest of two's complement numbers."""
    return max(int(values.max()).bit_length(), (~int(values.min())).bit_length()) + 1
