"""A network's C as a folder that a person compiles: sources, a program, vectors and answers, Python, how to use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from toolchain.files import write_atomic
from toolchain.graph.types import Integers
from toolchain.kernels.c_text import c_type
from toolchain.kernels.compiled import write_sources
from toolchain.kernels.generate import CSource
from toolchain.kernels.planes import LANES, RUN
from toolchain.kernels.text import ALIGNMENT, Argument

_MAKEFILE = """\
# make: libmodel.a, libmodel.so and example. make test: vectors.bin through example, against answers.bin.
# For another machine: make CC=aarch64-linux-gnu-gcc CFLAGS=-O3
CFLAGS ?= -O3 -march=native
RUN ?=
FLAGS = -std=c99 -Wall -Wextra $(CFLAGS)

all: libmodel.a libmodel.so example

model.o: model.c model.h
\t$(CC) $(FLAGS) -fPIC -c -o $@ model.c

libmodel.a: model.o
\t$(AR) rcs $@ model.o

libmodel.so: model.o
\t$(CC) $(FLAGS) $(LDFLAGS) -shared -o $@ model.o

example: example.c model.h libmodel.a
\t$(CC) $(FLAGS) $(LDFLAGS) -o $@ example.c libmodel.a

test: example
\t$(RUN) ./example < vectors.bin | cmp - answers.bin
\t$(RUN) ./example one < vectors.bin | cmp - answers.bin
\t@echo "all answers equal"

clean:
\trm -f model.o libmodel.a libmodel.so example

.PHONY: all test clean
"""

_CMAKE = """\
cmake_minimum_required(VERSION 3.13)
project(model C)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
include(CheckCCompilerFlag)
check_c_compiler_flag(-march=native OWN_PROCESSOR)
if(OWN_PROCESSOR AND NOT CMAKE_CROSSCOMPILING)
  add_compile_options(-march=native)
endif()
set(CMAKE_C_STANDARD 99)
add_library(model STATIC model.c)
set_target_properties(model PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_include_directories(model PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
# Beside model.py, which loads it from there.
add_library(shared SHARED model.c)
set_target_properties(shared PROPERTIES OUTPUT_NAME model LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
add_executable(example example.c)
target_link_libraries(example model)
"""

_EXAMPLE = """\
/* Reads the elements of all inputs of one vector after the other, as this machine keeps them, from standard input and
   writes those of all outputs to standard output. Many vectors go to the network at once; with any word, one by one. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

enum {{ MANY = {many} }};

{tensors}
/* One vector, into its place. */
static int taken(size_t at)
{{
    return {read};
}}

static int given(size_t at)
{{
    return {write};
}}

static int run(size_t vectors, void *work)
{{
    return model_run_batch({batch}, vectors, work, MODEL_WORK_BYTES);
}}

static int run_one(size_t at, void *work)
{{
    return model_run({one}, work, MODEL_WORK_BYTES);
}}

int main(int words, char **word)
{{
    void *work = malloc(MODEL_WORK_BYTES);
    if (!work)
        return 1;
    (void)word;
    for (size_t vectors = MANY; vectors == MANY;) {{
        int code = MODEL_OK;
        for (vectors = 0; vectors < MANY && taken(vectors);)
            vectors++;
        if (words == 1)
            code = run(vectors, work);
        for (size_t at = 0; words > 1 && at < vectors && code == MODEL_OK; at++)
            code = run_one(at, work);
        if (code != MODEL_OK) {{
            fprintf(stderr, "model_run: %d, see model.h\\n", code);
            return 1;
        }}
        for (size_t at = 0; at < vectors; at++)
            if (!given(at))
                return 1;
    }}
    free(work);
    return ferror(stdin) || fflush(stdout) ? 1 : 0;
}}
"""

_PYTHON = '''\
"""The network through libmodel.so, which `make` builds beside this file. Python 3.8 or newer, with numpy."""

import ctypes
from pathlib import Path

import numpy as np

# By name: dtype and shape; of outputs also scale and offset of what an integer stands for.
INPUTS = @INPUTS@
OUTPUTS = @OUTPUTS@

_WORK_BYTES = @WORK@
_WRONG = {-1: "a wrong number of elements", -2: "a bad work space", -3: "an input holds what its type does not"}
_library = ctypes.CDLL(str(Path(__file__).resolve().with_name("libmodel.so")))


def run(*inputs):
    """All outputs as integers, a list of arrays of shape (N, ...), for the inputs in order, each of shape (N, ...).

    All N go to the library in one call: give it many.
    """
    if len(inputs) != len(INPUTS):
        raise ValueError("%d inputs; the network takes %s" % (len(inputs), ", ".join(INPUTS)))
    given = [_rows(x, name, *INPUTS[name]) for x, name in zip(inputs, INPUTS)]
    made = [np.empty((len(given[0]), int(np.prod(shape))), dtype) for dtype, shape, _, _ in OUTPUTS.values()]
    if len({len(rows) for rows in given}) != 1:
        raise ValueError("inputs of %s vectors; as many each are expected" % " and ".join(str(len(x)) for x in given))
    _run(given + made, len(given[0]))
    return [y.reshape((len(y), *shape)) for y, (_, shape, _, _) in zip(made, OUTPUTS.values())]


def _rows(x, name, dtype, shape):
    values = np.ascontiguousarray(x, dtype)
    if values.shape[1:] != shape or (values != x).any():
        raise ValueError("input %s: %s of shape (N, %s) is expected" % (name, dtype, ", ".join(map(str, shape))))
    return values.reshape(len(values), -1)


def _run(tensors, vectors):
    work = np.zeros(_WORK_BYTES // 8 + 1, np.int64)
    sized = [part for x in tensors for part in (ctypes.c_void_p(x.ctypes.data), ctypes.c_size_t(x.size))]
    memory = ctypes.c_void_p(work.ctypes.data), ctypes.c_size_t(work.nbytes)
    code = _library.model_run_batch(*sized, ctypes.c_size_t(vectors), *memory)
    if code:
        raise ValueError(_WRONG.get(code, code))
'''

_README = """\
# @MODEL@ as a C library

The network in whole numbers, as plain C99: no allocation, no library but the C library's `memcpy`, nothing kept
between calls.

```
make          # libmodel.a, libmodel.so and example, for this machine
make test     # @COUNT@ vectors (@KIND@) through example: all answers must equal answers.bin, byte for byte
```

`cmake -B build && cmake --build build` makes the same, in `build/`, and libmodel.so here. For another machine:
`make CC=aarch64-linux-gnu-gcc CFLAGS=-O3`.

## From C

`#include "model.h"` and link `libmodel.a`. The header says for each tensor its type, range, shape and number of
elements.

```c
static int64_t work[(MODEL_WORK_BYTES + 7) / 8];
int code = model_run(@CALL@, work, sizeof work);
```

`model_run_batch` runs many inputs in one call, which is faster. `n` of them lie one behind the other without gaps, and
so do the outputs; counts are `n` times those above, and `n` stands before the work space, which is the same. Every
answer is the one that `model_run` gives.

Both return `MODEL_OK` (0), or what is wrong, before anything is computed: `MODEL_BAD_COUNT` (-1) a tensor of another
size, `MODEL_BAD_WORK` (-2) a work space that is too small or whose address is no multiple of @ALIGNMENT@,
`MODEL_BAD_VALUE` (-3) an input beyond its type. Calls with work spaces of their own may run at the same time.

The work space takes @WORK@ bytes. The busiest step needs there, in bytes: @LARGEST@.

## From Python

```python
import model                      # after `make`, in this folder
@PYTHON@
```

## Tensors

| | type | range | shape | an integer stands for |
|---|---|---|---|---|
@TENSORS@

Tensors lie channels last. `vectors.bin` and `answers.bin` hold them as a little-endian machine does, one vector behind
the other.

The build compiled this C on its own machine and compared every output of @PROVED@ vectors (@KIND@) with the integer
graph: all equal.
"""


def write_library(
    made: CSource,
    folder: Path,
    name: str,
    vectors: Mapping[str, Integers],
    answers: Mapping[str, Integers],
    *,
    proved: int,
    kind: str,
) -> None:
    """Write a library's folder.

    Args:
        name: of the network.
        vectors, answers: of `make test`, shape (N, ...), by the names of inputs and outputs.
        proved: how many vectors were compared.
        kind: which vectors those are, in words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_sources(made, folder)
    texts = {
        "Makefile": _MAKEFILE,
        "CMakeLists.txt": _CMAKE,
        "example.c": _example(made),
        "model.py": _filled(_PYTHON, _python_facts(made)),
        "README.md": _filled(_README, _told(made, name, len(next(iter(vectors.values()))), proved, kind)),
    }
    for file, text in texts.items():
        write_atomic(folder / file, text)
    write_atomic(folder / "vectors.bin", _raw(vectors, [t for t in made.tensors if not t.output]))
    write_atomic(folder / "answers.bin", _raw(answers, [t for t in made.tensors if t.output]))


def _filled(text: str, facts: Mapping[str, str]) -> str:
    for word, value in facts.items():
        text = text.replace(f"@{word}@", value)
    return text


def _raw(values: Mapping[str, Integers], tensors: Sequence[Argument]) -> bytes:
    """All tensors of one vector, then those of the next."""
    rows = [values[t.name].astype(t.dtype.newbyteorder("<")).reshape(len(values[t.name]), -1) for t in tensors]
    return b"".join(part.tobytes() for parts in zip(*rows, strict=True) for part in parts)


def _example(made: CSource) -> str:
    """It gives the network as many vectors at once as go by their bits, where they do."""
    tensors = made.tensors

    def moved(way: str, stream: str) -> str:
        sides = [t for t in tensors if bool(t.output) == (way == "fwrite")]
        calls = [f"{way}({_at(t)}, sizeof(*{t.c_name}), {t.macro}, {stream}) == {t.macro}" for t in sides]
        return "\n        && ".join(calls)

    return _EXAMPLE.format(
        many=LANES if RUN in made.source else 64,
        tensors="".join(f"static {c_type(t.dtype)} {t.c_name}[MANY * {t.macro}];\n" for t in tensors),
        read=moved("fread", "stdin"),
        write=moved("fwrite", "stdout"),
        batch=", ".join(f"{t.c_name}, vectors * {t.macro}" for t in tensors),
        one=", ".join(f"{_at(t)}, {t.macro}" for t in tensors),
    )


def _at(tensor: Argument) -> str:
    return f"{tensor.c_name} + at * {tensor.macro}"


def _arguments(tensors: Sequence[Argument]) -> str:
    return ", ".join(f"{t.c_name}, {t.macro}" for t in tensors)


def _python_facts(made: CSource) -> dict[str, str]:
    inputs = {t.name: (t.dtype.name, t.type.shape) for t in made.tensors if not t.output}
    outputs = {t.name: (t.dtype.name, t.type.shape, t.output.scale, t.output.offset) for t in made.tensors if t.output}
    return {"INPUTS": repr(inputs), "OUTPUTS": repr(outputs), "WORK": str(made.memory.size)}


def _told(made: CSource, name: str, count: int, proved: int, kind: str) -> dict[str, str]:
    largest = ", ".join(f"{b.size:,} for {b.name}" for b in made.memory.largest) or "nothing"
    outputs = [t.c_name for t in made.tensors if t.output]
    inputs = [t.c_name for t in made.tensors if not t.output]
    python = f"{', '.join(outputs)}{',' if len(outputs) == 1 else ''} = model.run({', '.join(inputs)})"
    return {
        "MODEL": name,
        "COUNT": f"{count:,}",
        "PROVED": f"{proved:,}",
        "KIND": kind,
        "CALL": _arguments(made.tensors),
        "ALIGNMENT": str(ALIGNMENT),
        "WORK": f"{made.memory.size:,}",
        "LARGEST": largest,
        "PYTHON": f"{python:<33} # integers, shape (N, ...); see INPUTS and OUTPUTS",
        "TENSORS": "\n".join(map(_row, made.tensors)),
    }


def _row(tensor: Argument) -> str:
    kind, output = tensor.type, tensor.output
    low, high = kind.element.ends
    worth = f"{output.scale!r} * it + {output.offset!r}" if output else ""
    way = "output" if output else "input"
    shape = " x ".join(map(str, kind.shape))
    return f"| {way} `{tensor.c_name}` | `{c_type(tensor.dtype)}` | {low} to {high} | {shape} | {worth} |"
