"""A network's C as one operator of ONNX Runtime: what stands between its tensors and ONNX Runtime's, as C."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolchain.kernels.c_text import Whole, c_type
from toolchain.kernels.generate import CSource
from toolchain.kernels.text import NEVER, Argument, Stops, threshold_array

DOMAIN = "gateweave"
"""Of the operator, in a graph and in ONNX Runtime."""

# Vectors converted at once, and bytes that stay near a core.
_MOST_TOGETHER, _NEAR = 512, 2**17

# Numbers of ONNX's element types, and C's names.
_ELEMENTS = {
    "float32": (1, "float"),
    "float64": (11, "double"),
    **{
        name: (number, f"{name}_t")
        for name, number in (
            ("uint8", 2), ("int8", 3), ("uint16", 4), ("int16", 5), ("int32", 6), ("int64", 7), ("uint32", 12)
        )
    },
}  # fmt: skip


@dataclass(frozen=True)
class End:
    """A tensor of the operator.

    Attributes:
        tensor: what it is in C.
        dtype: of its elements in ONNX.
        shape: of one vector in ONNX.
        scaled: whether an output is ``(integer - zero) * scale + offset`` in float32; else it is the integer.
        zero, scale, offset: those numbers.
    """

    tensor: Argument
    dtype: Whole
    shape: tuple[int, ...]
    scaled: bool = False
    zero: int = 0
    scale: float = 1.0
    offset: float = 0.0

    @property
    def c(self) -> str:
        """C's name of an element in ONNX."""
        return _ELEMENTS[self.dtype.name][1]

    @property
    def element(self) -> int:
        """ONNX's number of it."""
        return _ELEMENTS[self.dtype.name][0]

    @property
    def direct(self) -> bool:
        """Whether ONNX's elements are C's."""
        return not self.scaled and self.dtype == self.tensor.dtype


def known(dtype: Whole) -> bool:
    """Whether an operator may have elements of this dtype."""
    return dtype.name in _ELEMENTS


def operator_name(made: CSource, ends: Sequence[End]) -> str:
    """Its name, which no other network has: it ends in a hash of the C and of what stands around it."""
    told = repr([(e.tensor.c_name, e.dtype.name, e.shape, e.scaled, e.zero, e.scale, e.offset) for e in ends])
    return f"Network_{hashlib.sha256((made.header + made.source + told).encode()).hexdigest()[:16]}"


def operator_source(ends: Sequence[End], name: str, builds: Sequence[str], stops: Stops = NEVER) -> str:
    """``operator.c``: what ONNX Runtime calls.

    Args:
        ends: inputs and outputs in the order of the network's.
        builds: conditions in C under which each of several builds of ``rows.c`` may run, the fastest first; the last
            one must hold everywhere. Build `i` names its function ``rows_<i>``.
        stops: of a network of several stages; a runner may change where it stops.
    """
    inputs, outputs = _sides(ends)
    return _SOURCE.format(
        name=name,
        domain=DOMAIN,
        thresholds=_thresholds(stops),
        runs="\n".join(f"int rows_{i}(ROWS_PARAMETERS);" for i in range(len(builds))),
        choices="\n".join(f"    if ({condition})\n        return rows_{i};" for i, condition in enumerate(builds)),
        inputs=len(inputs),
        outputs=len(outputs),
        input_types=", ".join(str(end.element) for end in inputs),
        output_types=", ".join(str(end.element) for end in outputs),
        counts=", ".join(end.tensor.macro for end in inputs),
        sizes=", ".join(str(end.dtype.itemsize) for end in inputs),
        shapes="\n".join(_shape(i, end) for i, end in enumerate(outputs)),
        ranks=", ".join(str(len(end.shape) + 1) for end in outputs),
        shape_names=", ".join(f"shape{i}" for i in range(len(outputs))),
        voids="".join(_void(i, end) for i, end in enumerate(outputs)),
    )


def rows_source(ends: Sequence[End]) -> str:
    """``rows.c``: ``model.c``, and between its tensors and ONNX's; the processor matters to all of it."""
    inputs, outputs = _sides(ends)
    return _ROWS.format(
        rows="\n".join(_row(end) for end in ends if not end.direct),
        conversions="\n".join([*map(_taken, inputs), *map(_given, outputs)]),
        together=_together(ends),
        take="".join(_take(i, end) for i, end in enumerate(inputs)),
        arguments=", ".join(
            [*(_place(i, e, "x") for i, e in enumerate(inputs)), *(_place(i, e, "y") for i, e in enumerate(outputs))]
        ),
        give="".join(
            f"        give_{e.tensor.c_name}(row_{e.tensor.c_name}, {_at(i, e, 'y')}, count);\n"
            for i, e in enumerate(outputs)
            if not e.direct
        ),
    )


def _sides(ends: Sequence[End]) -> tuple[list[End], list[End]]:
    """Inputs, and outputs."""
    return [e for e in ends if e.tensor.output is None], [e for e in ends if e.tensor.output is not None]


def _together(ends: Sequence[End]) -> int:
    """Vectors that are converted at once: as many as stay near a core."""
    largest = max((e.tensor.type.size * e.tensor.dtype.itemsize for e in ends if not e.direct), default=1)
    return max(1, min(_MOST_TOGETHER, _NEAR // largest))


def _row(end: End) -> str:
    return f"static __thread {c_type(end.tensor.dtype)} row_{end.tensor.c_name}[TOGETHER * {end.tensor.macro}];"


def _shape(number: int, end: End) -> str:
    return f"    int64_t shape{number}[] = {{rows, {', '.join(map(str, end.shape))}}};".replace(", }", "}")


def _at(number: int, end: End, side: str) -> str:
    const = "const " if side == "x" else ""
    return f"({const}{end.c} *){side}[{number}] + row * {end.tensor.macro}"


def _place(number: int, end: End, side: str) -> str:
    place = _at(number, end, side) if end.direct else f"row_{end.tensor.c_name}"
    return f"{place}, count * {end.tensor.macro}"


def _take(number: int, end: End) -> str:
    if end.direct:
        return ""
    return f"        wrong |= take_{end.tensor.c_name}({_at(number, end, 'x')}, row_{end.tensor.c_name}, count);\n"


def _taken(end: End) -> str:
    """Integers of ONNX's elements; 1 where one is no integer that C's type holds."""
    if end.direct:
        return ""
    kind, name = end.tensor.type, end.tensor.c_name
    low, high = int(kind.low.min()), int(kind.high.max())
    limits = np.iinfo(end.dtype) if end.dtype.kind in "iu" else None
    inside = [f"given[i] >= {low}"] if limits is None or limits.min < low else []
    inside += [f"given[i] <= {high}"] if limits is None or limits.max > high else []
    fraction = f" | (({end.c})value != given[i])" if limits is None else ""
    wide = "int32_t" if low >= -(2**31) and high < 2**31 else "int64_t"
    return f"""\
static int take_{name}(const {end.c} *restrict given, {c_type(end.tensor.dtype)} *restrict x, size_t count)
{{
    int wrong = 0;
    for (size_t i = 0; i < count * {end.tensor.macro}; i++) {{
        const int inside = {" & ".join(f"({one})" for one in inside) or "1"};
        const {wide} value = ({wide})(inside ? given[i] : 0);
        wrong |= !inside{fraction};
        x[i] = ({c_type(end.tensor.dtype)})value;
    }}
    return wrong;
}}
"""


def _given(end: End) -> str:
    """ONNX's elements of integers, in the order of operations that every graph has; see `derive.graphs.answers`."""
    if end.direct:
        return ""
    value = f"({end.c})y[i]"
    if end.scaled:
        value = f"((float)y[i] - {_float(end.zero)})" if end.zero else "(float)y[i]"
        value += f" * {_float(end.scale)}" if end.scale != 1 else ""
        value = f"({end.c})({value} + {_float(end.offset)})" if end.offset else f"({end.c})({value})"
    takes = f"const {c_type(end.tensor.dtype)} *restrict y, {end.c} *restrict given, size_t count"
    return f"""\
static void give_{end.tensor.c_name}({takes})
{{
    for (size_t i = 0; i < count * {end.tensor.macro}; i++)
        given[i] = {value};
}}
"""


def _float(value: float) -> str:
    """A float32 as C has it, to the bit."""
    return f"({float(np.float32(value)).hex()}f)"


def _thresholds(stops: Stops) -> str:
    if not stops.thresholds:
        return ""
    lines = [f"const int32_t gateweave_thresholds = {len(stops.thresholds)};\n", threshold_array(stops)]
    if stops.widths:
        lines.append(f"const int32_t gateweave_widths[] = {{{', '.join(map(str, stops.widths))}}};\n")
    return "".join(f"PUBLIC {line}" for line in lines) + "\n"


def _void(number: int, end: End) -> str:
    """What an output holds where an input was wrong and the runtime takes no status: nothing that is an answer."""
    nothing = "(0.0f / 0.0f)" if end.dtype.kind == "f" else "0"
    size = math.prod(end.shape)
    return f"    for (int64_t i = 0; i < rows * {size}; i++)\n        (({end.c} *)y[{number}])[i] = {nothing};\n"


_SOURCE = """\
/* The network as one operator of ONNX Runtime, 1.11 or newer. */
#include "ort_api.h"

#include "model.h"

#include <stdlib.h>
#include <string.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#define PUBLIC __attribute__((visibility("default")))
#define ROWS_PARAMETERS int64_t rows, void *const *x, void *const *y, void *work, size_t work_bytes

/* Runners look for it in the graph's file: a graph of another network has another name. */
PUBLIC const char gateweave_operator[] = "{name}";

{thresholds}{runs}
typedef int (*Run)(ROWS_PARAMETERS);

static Run fastest(void)
{{
{choices}
}}

/* Memory of each thread, taken on its first call. */
static __thread int64_t work[(MODEL_WORK_BYTES + 7) / 8];

enum {{ INPUTS = {inputs}, OUTPUTS = {outputs} }};

static OrtFunctions ort;
static Run run;

/* Where the runtime has it: all else that tells a tensor's size allocates memory. */
static OrtStatus *(*tensor_bytes)(const OrtValue *, size_t *);

static OrtStatus *elements_of(const OrtValue *value, size_t size, size_t *elements)
{{
    OrtTensorInfo *info;
    OrtStatus *status;
    if (tensor_bytes) {{
        status = tensor_bytes(value, elements);
        *elements /= size;
        return status;
    }}
    status = ort.GetTensorTypeAndShape(value, &info);
    if (status)
        return status;
    status = ort.GetTensorShapeElementCount(info, elements);
    ort.ReleaseTensorTypeAndShapeInfo(info);
    return status;
}}

/* `count`, `size`: elements of a row, and bytes of an element. */
static OrtStatus *rows_of(const OrtValue *value, size_t count, size_t size, int64_t *rows)
{{
    size_t elements = 0;
    OrtStatus *status = elements_of(value, size, &elements);
    if (status)
        return status;
    if (elements % count || (*rows >= 0 && elements / count != (size_t)*rows))
        return ort.CreateStatus(ORT_INVALID_ARGUMENT, "{name}: an input has another shape than the network takes");
    *rows = (int64_t)(elements / count);
    return NULL;
}}

/* Where it fails, outputs that are there hold nothing that looks like an answer: older runtimes take no status. */
static OrtStatus *compute(void *kernel, OrtKernelContext *context)
{{
    static const size_t counts[] = {{{counts}}}, sizes[] = {{{sizes}}};
    void *x[INPUTS], *y[OUTPUTS];
    int64_t rows = -1;
    (void)kernel;
    for (size_t i = 0; i < INPUTS; i++) {{
        const OrtValue *value;
        OrtStatus *status = ort.KernelContext_GetInput(context, i, &value);
        if (!status)
            status = rows_of(value, counts[i], sizes[i], &rows);
        if (!status)
            status = ort.GetTensorMutableData((OrtValue *)value, &x[i]);
        if (status)
            return status;
    }}
{shapes}
    const int64_t *const shapes[] = {{{shape_names}}};
    static const size_t ranks[] = {{{ranks}}};
    for (size_t i = 0; i < OUTPUTS; i++) {{
        OrtValue *value;
        OrtStatus *status = ort.KernelContext_GetOutput(context, i, shapes[i], ranks[i], &value);
        if (!status)
            status = ort.GetTensorMutableData(value, &y[i]);
        if (status)
            return status;
    }}
    if (run(rows, x, y, work, sizeof work) == MODEL_OK)
        return NULL;
{voids}    return ort.CreateStatus(ORT_INVALID_ARGUMENT, "{name}: an input holds what the network does not take");
}}

static void compute_silently(void *kernel, OrtKernelContext *context)
{{
    OrtStatus *status = compute(kernel, context);
    if (status)
        ort.ReleaseStatus(status);
}}

/* A kernel keeps nothing; what is handed out must only be no null pointer. */
static void *made(const OrtCustomOp *self, const void *api, const void *info)
{{
    (void)api, (void)info;
    return (void *)self;
}}

static OrtStatus *made_too(const OrtCustomOp *self, const void *api, const void *info, void **kernel)
{{
    *kernel = made(self, api, info);
    return NULL;
}}

static void destroyed(void *kernel) {{ (void)kernel; }}

static const char *name_of(const OrtCustomOp *self)
{{
    (void)self;
    return gateweave_operator;
}}

static const char *provider_of(const OrtCustomOp *self)
{{
    (void)self;
    return "CPUExecutionProvider";
}}

static int input_type(const OrtCustomOp *self, size_t index)
{{
    static const int types[] = {{{input_types}}};
    (void)self;
    return types[index];
}}

static int output_type(const OrtCustomOp *self, size_t index)
{{
    static const int types[] = {{{output_types}}};
    (void)self;
    return types[index];
}}

static size_t input_count(const OrtCustomOp *self)
{{
    (void)self;
    return INPUTS;
}}

static size_t output_count(const OrtCustomOp *self)
{{
    (void)self;
    return OUTPUTS;
}}

/* Required, ORT_MEMORY_DEFAULT: both are 0. */
static int nothing_special(const OrtCustomOp *self, size_t index)
{{
    (void)self, (void)index;
    return 0;
}}

static int no_list(const OrtCustomOp *self)
{{
    (void)self;
    return 1;
}}

static OrtCustomOp operator_of(uint32_t version)
{{
    return (OrtCustomOp){{
        .version = version,
        .CreateKernel = made,
        .GetName = name_of,
        .GetExecutionProviderType = provider_of,
        .GetInputType = input_type,
        .GetInputTypeCount = input_count,
        .GetOutputType = output_type,
        .GetOutputTypeCount = output_count,
        .KernelCompute = compute_silently,
        .KernelDestroy = destroyed,
        .GetInputCharacteristic = nothing_special,
        .GetOutputCharacteristic = nothing_special,
        .GetInputMemoryType = nothing_special,
        .GetVariadicInputMinArity = no_list,
        .GetVariadicInputHomogeneity = no_list,
        .GetVariadicOutputMinArity = no_list,
        .GetVariadicOutputHomogeneity = no_list,
        .CreateKernelV2 = made_too,
        .KernelComputeV2 = compute,
    }};
}}

/* By the version's name: an older runtime complains aloud where it is asked for a table that it lacks. */
static int has(const char *version, long least)
{{
    char *behind;
    const long major = strtol(version, &behind, 10);
    return major > 1 || (*behind == '.' && strtol(behind + 1, NULL, 10) >= least);
}}

/* What ONNX Runtime calls when the library is registered. */
PUBLIC OrtStatus *RegisterCustomOps(OrtSessionOptions *options, const OrtApiBase *base)
{{
    static OrtCustomOp operator;
    const void *const *table = base->GetApi(ORT_API_VERSION);
    if (!table)
        return NULL; /* the graph is then refused, since it names an operator that is not there */
#define LOAD(place, result, name, arguments) memcpy(&ort.name, &table[place], sizeof ort.name);
    ORT_FUNCTIONS(LOAD)
    run = fastest();
    const char *version = base->GetVersionString();
    if (has(version, ORT_WITH_SIZES))
        memcpy(&tensor_bytes, (void *const *)base->GetApi(ORT_WITH_SIZES) + ORT_TENSOR_BYTES, sizeof tensor_bytes);
    /* A runtime that takes a status is given one. */
    operator = operator_of(has(version, ORT_WITH_STATUS) ? ORT_WITH_STATUS : ORT_API_VERSION);
    OrtCustomOpDomain *domain;
    OrtStatus *status = ort.CreateCustomOpDomain("{domain}", &domain);
    if (!status)
        status = ort.CustomOpDomain_Add(domain, &operator);
    return status ? status : ort.AddCustomOpDomain(options, domain);
}}
"""

_ROWS = """\
/* One build of the network, from ONNX's tensors to ONNX's tensors. */
#include "model.c"

enum {{ TOGETHER = {together} }};

/* Memory of each thread, taken on its first call. */
{rows}

{conversions}
int rows_of_build(int64_t rows, void *const *x, void *const *y, void *work, size_t work_bytes)
{{
    for (int64_t row = 0; row < rows; row += TOGETHER) {{
        const size_t count = rows - row < TOGETHER ? (size_t)(rows - row) : TOGETHER;
        int wrong = 0;
{take}        if (wrong || model_run_batch({arguments}, count, work, work_bytes) != MODEL_OK)
            return MODEL_BAD_VALUE;
{give}    }}
    return MODEL_OK;
}}
"""
