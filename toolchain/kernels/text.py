"""The text of `model.h` and `model.c` around the functions of a network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.graph import Output
from toolchain.graph.types import TensorType
from toolchain.kernels.c_text import Whole, c_type, constant, identifier, literal, stored
from toolchain.kernels.row import one_for_all

ALIGNMENT = 8
"""Bytes that the work space's address must be a multiple of."""

_HEADER = """\
/* A network in whole numbers. It allocates nothing, keeps nothing between calls and needs no library: calls with work
   spaces of their own may run at the same time. Tensors lie channels last, one element behind the other. */
#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

enum {{
    MODEL_OK = 0,
    MODEL_BAD_COUNT = -1, /* a tensor has another number of elements */
    MODEL_BAD_WORK = -2,  /* the work space is too small, or its address no multiple of {alignment} */
    MODEL_BAD_VALUE = -3  /* an input holds what its type does not */
}};

/* Bytes of the work space. What lies there before and after a call means nothing. */
enum {{ MODEL_WORK_BYTES = {work} }};

{tensors}
{thresholds}/* Runs one input. Counts are in elements. Returns MODEL_OK, or what is wrong: then nothing was computed. */
int model_run({parameters}, void *work, size_t work_bytes);

/* Runs many inputs, which lie one behind the other without gaps, as do the outputs. Counts are in elements of all of
   them: `vectors` times what they are in a call of model_run. The work space is that of one input. Returns MODEL_OK, or
   what is wrong with any of them: then nothing was computed. */
int model_run_batch({parameters}, size_t vectors, void *work, size_t work_bytes);

#ifdef __cplusplus
}}
#endif

#endif
"""

_THRESHOLDS = """\
/* How far the greatest score of each stage but the last must lead the second for the stage to answer. All calls read
   them: what is put there counts from the next call on. */
enum {{ MODEL_THRESHOLDS = {count} }};
extern int64_t model_thresholds[MODEL_THRESHOLDS];

"""

_WIDTHS = """\
/* Percents of the channels that the network runs at. */
enum {{ MODEL_WIDTHS = {count} }};
extern const int32_t model_widths[MODEL_WIDTHS];

/* Runs at so many percent of the channels from the next call on: {widths}.
   Returns MODEL_OK, or MODEL_BAD_WIDTH: then nothing was changed. */
enum {{ MODEL_BAD_WIDTH = -4 }};
int model_width(int32_t percent);

"""

_CHOOSES = """\
const int32_t model_widths[MODEL_WIDTHS] = {{{widths}}};

int model_width(int32_t percent)
{{
    int known = 0;
    for (int i = 0; i < MODEL_WIDTHS; i++)
        known |= model_widths[i] == percent;
    if (!known)
        return MODEL_BAD_WIDTH;
    for (int i = 0; i < MODEL_THRESHOLDS; i++)
        model_thresholds[i] = model_widths[i] < percent;
    return MODEL_OK;
}}
"""

_SOURCE = """\
/* Right shifts of negative numbers must round down, as those of all common compilers do. */
#include "model.h"

#include <string.h>

{thresholds}{functions}
int model_run_batch({parameters}, size_t vectors, void *work, size_t work_bytes)
{{
    unsigned char *const space = work;
    int bad = 0;
    if ({counts})
        return MODEL_BAD_COUNT;
    if (work_bytes < MODEL_WORK_BYTES || (uintptr_t)work % {alignment})
        return MODEL_BAD_WORK;
{checks}    (void)space, (void)bad;
{calls}
    return MODEL_OK;
}}

int model_run({parameters}, void *work, size_t work_bytes)
{{
    return model_run_batch({arguments}, 1, work, work_bytes);
}}
"""


# Words of C, what `model_run` names besides its tensors, and MODEL_BAD_COUNT.
_TAKEN = (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    "work work_bytes space memcpy bad vectors vector at given taken run run_one words word main"
)
_STEP = re.compile(r"step\d+")


@dataclass(frozen=True)
class Argument:
    """A tensor that enters or leaves.

    Attributes:
        name: as the network has it.
        c_name: as C has it.
        output: of a tensor that leaves, what its integers stand for.
    """

    name: str
    c_name: str
    type: TensorType
    output: Output | None = None

    @property
    def dtype(self) -> Whole:
        """Of its elements."""
        return stored(self.type)

    @property
    def macro(self) -> str:
        """Name of the number of its elements."""
        return f"MODEL_{self.c_name.upper()}_COUNT"

    @property
    def parameters(self) -> str:
        """Its two parameters."""
        const = "" if self.output else "const "
        return f"{const}{c_type(self.dtype)} *{self.c_name}, size_t {self.c_name}_count"

    def told(self) -> str:
        """Its description and its number of elements, for the header."""
        way, kind = "Output" if self.output else "Input", self.type
        shape = " x ".join(map(str, kind.shape))
        low, high = kind.element.ends
        step = f" in steps of {kind.element.step}" if kind.element.step > 1 else ""
        worth = f"; each stands for {self.output.scale!r} * it + {self.output.offset!r}" if self.output else ""
        text = f"{way} {self.name}: {c_type(self.dtype)} from {low} to {high}{step}, shape {shape}{worth}."
        return f"/* {text.replace('*/', '* /')} */\nenum {{ {self.macro} = {kind.size} }};\n"


def arguments(names: Sequence[tuple[str, TensorType, Output | None]]) -> tuple[Argument, ...]:
    """Arguments under names that C takes, each another one."""
    taken = set(_TAKEN.split())
    made = []
    for name, kind, output in names:
        plain = identifier(name).lower()
        while plain in taken or f"{plain}_count" in taken or _STEP.fullmatch(plain):
            plain += "_"
        taken |= {plain, f"{plain}_count"}
        made.append(Argument(name, plain, kind, output))
    return tuple(made)


@dataclass(frozen=True)
class Stops:
    """Where a network of several stages may stop; nothing of another network.

    Attributes:
        thresholds: of each stage but the last, which a program may change.
        widths: percents of the channels, where a person chooses the stage.
    """

    thresholds: tuple[int, ...] = ()
    widths: tuple[int, ...] = ()


NEVER = Stops()
"""Of a network that runs to its end."""


def header(tensors: Sequence[Argument], work: int, stops: Stops) -> str:
    """``model.h``."""
    told = "\n".join(tensor.told() for tensor in tensors)
    changed = _THRESHOLDS.format(count=len(stops.thresholds)) if stops.thresholds else ""
    if stops.widths:
        changed += _WIDTHS.format(count=len(stops.widths), widths=", ".join(map(str, stops.widths)))
    words = {"tensors": told, "thresholds": changed, "parameters": _parameters(tensors)}
    return _HEADER.format(alignment=ALIGNMENT, work=work, **words)


def source(
    tensors: Sequence[Argument],
    functions: Sequence[str],
    calls: Sequence[str],
    stops: Stops,
    *,
    together: bool,
) -> str:
    """``model.c``.

    Args:
        calls: run one vector, or all `vectors` where they go together.
    """
    inputs = [tensor for tensor in tensors if tensor.output is None]
    return _SOURCE.format(
        thresholds=_defined(stops),
        functions="\n".join([*functions, *(text for tensor in inputs for text in _bounds(tensor))]),
        parameters=_parameters(tensors),
        counts=" || ".join(map(_miscounted, tensors)),
        arguments=", ".join(f"{tensor.c_name}, {tensor.c_name}_count" for tensor in tensors),
        alignment=ALIGNMENT,
        checks="".join(map(_check, inputs)),
        calls="\n".join(f"    {call}" for call in (calls if together else _one_by_one(tensors, calls))),
    )


def _defined(stops: Stops) -> str:
    """Where several builds of the source are one program, the one place lies elsewhere."""
    if not stops.thresholds:
        return ""
    chooses = f"\n{_CHOOSES.format(widths=_listed(stops.widths))}" if stops.widths else ""
    return f"#ifndef MODEL_THRESHOLDS_ELSEWHERE\n{threshold_array(stops)}{chooses}#endif\n\n"


def threshold_array(stops: Stops) -> str:
    """The definition of the thresholds in C."""
    return f"int64_t model_thresholds[MODEL_THRESHOLDS] = {{{_listed(stops.thresholds)}}};\n"


def _listed(values: Sequence[int]) -> str:
    return ", ".join(map(str, values))


def _miscounted(tensor: Argument) -> str:
    """Whether it has not as many elements as so many vectors have: in a form that no number of vectors overflows."""
    count, each = f"{tensor.c_name}_count", tensor.macro
    return f"{count} / {each} != vectors || {count} % {each}"


def _one_by_one(tensors: Sequence[Argument], calls: Sequence[str]) -> Iterator[str]:
    yield "for (size_t vector = 0; vector < vectors; vector++) {"
    yield from (f"    {call}" for call in calls)
    yield from (f"    {tensor.c_name} += {tensor.macro};" for tensor in tensors)
    yield "}"


def _parameters(tensors: Sequence[Argument]) -> str:
    return ", ".join(tensor.parameters for tensor in tensors)


def _ends(tensor: Argument) -> tuple[tuple[str, str, NDArray[np.int64]], ...]:
    """Of either end its word, the comparison of what lies beyond it, and the end of each channel."""
    return ("low", "<", tensor.type.low), ("high", ">", tensor.type.high)


def _bounds(tensor: Argument) -> Iterator[str]:
    """Arrays of ends that differ by channel."""
    for word, _, ends in _ends(tensor):
        if not one_for_all(ends):
            yield constant(f"{tensor.c_name}_{word}", ends)


def _check(tensor: Argument) -> str:
    """Refuses values that the type does not hold; nothing where C's own type holds no others."""
    name, kind, limits = tensor.c_name, tensor.type.element, np.iinfo(tensor.dtype)
    wrong = []
    for (word, beyond, ends), limit in zip(_ends(tensor), (limits.min, limits.max), strict=True):
        if not one_for_all(ends):
            wrong.append(f"{name}[i] {beyond} {name}_{word}[i % {len(ends)}]")
        elif int(ends[0]) != limit:
            wrong.append(f"{name}[i] {beyond} {literal(int(ends[0]))}")
    if kind.step > 1:
        wrong.append(f"({name}[i] - ({literal(kind.low)})) % {kind.step}")
    if not wrong:
        return ""
    # Without a way out of the loop a compiler takes many elements at once.
    loop = f"    for (size_t i = 0; i < {tensor.c_name}_count; i++)\n"
    beyond = f"        bad |= {' | '.join(f'({one})' for one in wrong)};\n"
    return f"{loop}{beyond}    if (bad)\n        return MODEL_BAD_VALUE;\n"
