"""A threshold's multiplication and shift as a processor does many at once: by 64 bits, or their high halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Threshold
from toolchain.kernels.c_text import typed_constant
from toolchain.kernels.row import one_for_all
from toolchain.kernels.variants import BLOCK

_HALF = 32


@dataclass(frozen=True)
class Scaling:
    """``clip((x * multiplier + offset) >> shift, low, high)``, the same for every `x` within its bound.

    Attributes:
        multiplier: of each channel, from 0 to 2**31 - 1; shift: 32 or more of each, or any of some.
        offset, negative: 64 bits each; of negative `x`, where they have other ones, that differ by 32 bits.
        low, high: the least and greatest result.
    """

    multiplier: NDArray[np.int64]
    shift: NDArray[np.int64]
    offset: NDArray[np.int64]
    negative: NDArray[np.int64] | None
    low: int
    high: int

    @property
    def halves(self) -> bool:
        """Whether the high half of the product is all that is needed."""
        return bool(self.shift.min() >= _HALF)

    @property
    def alike(self) -> bool:
        """Whether all channels have the same numbers."""
        parts = (self.multiplier, self.shift, self.offset, self.negative)
        return all(one_for_all(part) for part in parts if part is not None)


def scaling(op: Threshold, channels: int, reach: int) -> Scaling | None:
    """The form of a threshold node, by high halves if it can; None where 64 bits or 32 would not hold a value.

    Args:
        reach: the greatest magnitude of what comes in.
    """
    form = op.uniform
    if form is None or op.step != 1 or not op.levels or not form.found.all():
        return None
    parts = {name: np.broadcast_to(values, channels).tolist() for name, values in form.parts.items()}
    return _scaling(op, parts, reach, _HALF) or _scaling(op, parts, reach, 0)


def _scaling(op: Threshold, parts: dict[str, list[int]], reach: int, least: int) -> Scaling | None:
    """With shifts of `least` or more; in Python's numbers, which do not overflow."""
    shift = [max(by, least) for by in parts["shift"]]
    by = [2 ** (total - own) for total, own in zip(shift, parts["shift"], strict=True)]
    multiplier = [m * b for m, b in zip(parts["multiplier"], by, strict=True)]
    offsets = [
        [o * b + op.least * 2**total for o, b, total in zip(parts[name], by, shift, strict=True)]
        for name in ("offset", "negative")
        if name in parts
    ]
    most = [reach * m + max(map(abs, some)) for m, *some in zip(multiplier, *offsets, strict=True)]
    fits = max(most) < 2**63 and all(m >> s < 2**31 for m, s in zip(most, shift, strict=True))
    fits = fits and all(abs(own - other) < 2**31 for own, other in zip(offsets[0], offsets[-1], strict=True))
    if not fits or min(multiplier) < 0 or max(multiplier) >= 2**31 or not _signs(multiplier, offsets):
        return None
    wide = [np.array(values, np.int64) for values in (multiplier, shift, *offsets)]
    return Scaling(wide[0], wide[1], wide[2], wide[3] if len(wide) > 3 else None, op.least, op.least + op.levels)


def _signs(multiplier: list[int], offsets: list[list[int]]) -> bool:
    """Whether the sign of a product tells the sign of what came in, wherever that is asked."""
    return all(m or len(set(some)) == 1 for m, *some in zip(multiplier, *offsets, strict=True))


def scale_arrays(scale: Scaling, lanes: NDArray[np.int64], name: str, *, arm: bool) -> list[str]:
    """Parameters lane by lane, as `toolchain.kernels.registers` takes them on Arm, or on x86."""
    halves = lanes if arm else lanes.reshape(-1, BLOCK // 2, 2).transpose(0, 2, 1).reshape(-1)
    way = -1 if arm else 1
    made = [
        typed_constant("int32_t", f"{name}_multiplier", scale.multiplier[lanes]),
        typed_constant("int64_t", f"{name}_offset", scale.offset[halves]),
    ]
    if not scale.halves:
        made.append(typed_constant("int64_t", f"{name}_whole", way * scale.shift[halves]))
    elif _shifts(scale):
        made.append(typed_constant("int32_t", f"{name}_shift", way * (scale.shift[lanes] - _HALF)))
    if scale.negative is not None:
        negative = scale.negative - scale.offset if arm else scale.negative
        made.append(typed_constant("Negative", f"{name}_negative", negative[halves]))
    return made


def scale_of_either(scale: Scaling, lanes: NDArray[np.int64], name: str) -> list[str]:
    """The same for Arm and for x86, and a `Scale` of them."""
    x86, arm = ("".join(scale_arrays(scale, lanes, name, arm=arm)) for arm in (False, True))
    both = f"#ifdef MODEL_NEON\n{arm}#else\n{x86}#endif\n"
    return [both, f"static const Scale {name}_scale = {scale_text(scale, name)};\n"]


def scale_text(scale: Scaling, name: str) -> str:
    """The initialiser of a `Scale` of `toolchain.kernels.registers` that has these arrays."""
    negative = "0" if scale.negative is None else f"{name}_negative"
    shift = f"{name}_shift" if _shifts(scale) else "0"
    whole = "0" if scale.halves else f"{name}_whole"
    ends = f"{scale.low}, {scale.high}"
    return f"{{{name}_multiplier, {shift}, {whole}, {name}_offset, {negative}, {ends}}}"


def _shifts(scale: Scaling) -> bool:
    """Whether high halves are shifted."""
    return scale.halves and bool((scale.shift > _HALF).any())


def guarded(constants: Sequence[str]) -> str:
    """Definitions that builds with such registers alone have."""
    return f"#ifdef MODEL_DOTS\n{''.join(constants)}#endif\n"
