"""Which way each node of a network's C goes: each is compiled and timed on this machine, and the fastest is taken."""

from __future__ import annotations

import hashlib
import os
import shlex
import statistics
import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from toolchain.errors import BuildError, ToolError
from toolchain.files import write_atomic, write_json
from toolchain.graph.graph import Graph
from toolchain.graph.types import Integers
from toolchain.kernels.c_text import c_type
from toolchain.kernels.compiled import FAST, ROWS, compile_c, write_sources
from toolchain.kernels.generate import CSource, c_source
from toolchain.kernels.steps import Step, steps_of
from toolchain.kernels.ways import ORDER, WHOLE, WRITTEN, Ways
from toolchain.kernels.ways import ROWS as BY_ROWS
from toolchain.progress import Progress
from toolchain.results.model import read_file
from toolchain.results.ways import MeasuredWays, NodeTimes

# Another way than the written order's first must be so much faster: less is noise.
_FASTER = 0.97

# Seconds of the rounds of one compilation, of a program that hangs or whose network is too large for this, and after
# which no further one begins: what was not timed until then goes in the written order.
_ROUNDS, _PATIENCE, _MOST = 0.5, 30.0, 60.0

Times = Mapping[tuple[int, int], float]
"""Microseconds of an inference, by the step's number and the node's place in it; of a whole step the place is 0."""


def measured(graph: Graph, cache: Path, told: Progress = lambda text: None) -> MeasuredWays:
    """The fastest way of each node, taken from `cache` where this machine measured the same C before.

    Args:
        cache: folder that outlives builds.
        told: learns what is timed.

    Raises:
        ModelError: a node has no C.
        ToolError: the compiler is missing or failed, or the network's C did.
    """
    kept = cache / f"{_key(c_source(graph, ROWS))}.json"
    try:
        return read_file(kept, MeasuredWays, "make build")
    except BuildError:
        # Not there, or no such record: it is measured anew.
        made = _Stopwatch(graph, told).run()
    write_json(kept, made.to_json())
    return made


def ways_of(found: MeasuredWays | None) -> Ways:
    """What was measured, as the generator takes it; the written order where nothing was."""
    return WRITTEN if found is None else _chosen(found.nodes)


def _chosen(times: Sequence[NodeTimes]) -> Ways:
    by_kind = [{timed.node: timed.way for timed in times if timed.step == step} for step in (False, True)]
    return Ways(*by_kind)


def _key(made: CSource) -> str:
    """Of the C, the compiler and the processor."""
    compiler = shlex.split(os.environ.get("CC", "gcc"))
    parts = [made.source, *FAST, _answer([*compiler, "--version"]), _processor()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _answer(command: Sequence[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError as error:
        raise ToolError(f"{command[0]}: not on the PATH; install gcc, or name a compiler by CC=") from error


def _processor() -> str:
    """What the system tells of the kind of processor, the same on each start."""
    words = ("model name", "flags", "Features", "CPU part")
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return "\n".join(sorted({line for line in lines if line.startswith(words)}))


class _Stopwatch:
    def __init__(self, graph: Graph, told: Progress) -> None:
        self._graph, self._told, self._steps = graph, told, steps_of(graph)
        self._feeds, self._start = _feeds(graph), time.monotonic()

    def run(self) -> MeasuredWays:
        nodes = self._nodes()
        steps = self._whole_steps(_chosen(nodes))
        return MeasuredWays(seconds=round(time.monotonic() - self._start, 1), nodes=(*nodes, *steps))

    def _nodes(self) -> list[NodeTimes]:
        """Nodes by themselves, row by row: all of them in their first way, then in their second, and so on."""
        several = {node: ways for node, ways in self._several().items() if len(ways) > 1}
        found: dict[str, dict[str, float]] = {node: {} for node in several}
        for turn in range(max(map(len, several.values()), default=0)):
            chosen = {node: ways[min(turn, len(ways) - 1)] for node, ways in several.items()}
            times = self._timed(self._source(chosen), "NODE", f"nodes, way {turn + 1}")
            for (step, place), us in times.items():
                node = self._steps[step].nodes[place].name
                if node in found:
                    found[node].setdefault(chosen[node], us)
        return [_fastest(node, us, step=False) for node, us in found.items() if several[node][0] in us]

    def _several(self) -> Mapping[str, Sequence[str]]:
        """The ways that each node has, in order."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for turn in range(max(map(len, ORDER.values()))):
            ways = {n.name: order[min(turn, len(order) - 1)] for n in self._graph if (order := ORDER.get(type(n.op)))}
            for node, way in self._source(ways).ways.items():
                found[node][way] = None
        return {node: tuple(ways) for node, ways in found.items()}

    def _source(self, ways: Mapping[str, str]) -> CSource:
        by_rows = {step.result: BY_ROWS for step in self._steps}
        return c_source(self._graph, ROWS, Ways(ways, by_rows), timed=True)

    def _whole_steps(self, ways: Ways) -> list[NodeTimes]:
        """Whole steps, against their nodes in the ways that were chosen."""
        whole = c_source(self._graph, ROWS, ways, timed=True)
        if not whole.whole:
            return []
        rows = c_source(self._graph, ROWS, Ways(ways.nodes, dict.fromkeys(whole.whole, BY_ROWS)), timed=True)
        first, second = (self._timed(made, "STEP", f"steps {how}") for made, how in ((whole, WHOLE), (rows, BY_ROWS)))
        return [
            _fastest(name, {WHOLE: us, BY_ROWS: second[at]}, step=True)
            for at, us in first.items()
            if at in second and (name := self._steps[at[0]].result) in whole.whole
        ]

    def _timed(self, made: CSource, what: str, told: str) -> Times:
        """Microseconds of an inference that each step or node takes; nothing if the time is over."""
        if time.monotonic() - self._start > _MOST:
            return {}
        self._told(f"timing the C: {told}")
        with TemporaryDirectory(prefix="gateweave-") as temporary:
            folder = Path(temporary)
            write_sources(made, folder)
            write_atomic(folder / "clock.c", _program(made, self._steps, what))
            compile_c(["-D_GNU_SOURCE", *FAST, "-o", "clock", "clock.c"], folder)
            given = b"".join(self._feeds[t.name].astype(t.dtype).tobytes() for t in made.tensors if not t.output)
            return _medians(_run(folder / "clock", given))


def _run(program: Path, given: bytes) -> str:
    """What it prints, pinned to the last core, since interrupts gather on the first; nothing if it takes too long."""
    core = max(os.sched_getaffinity(0))
    try:
        done = subprocess.run([program, str(core)], input=given, capture_output=True, timeout=_PATIENCE, check=True)
    except subprocess.TimeoutExpired:
        return ""
    except subprocess.CalledProcessError as error:
        raise ToolError(f"the network's C cannot be timed: {error}") from error
    return done.stdout.decode()


def _medians(text: str) -> Times:
    rounds: dict[tuple[int, int], list[float]] = defaultdict(list)
    for line in text.splitlines():
        step, place, us = line.split()
        rounds[int(step), int(place)].append(float(us))
    return {at: statistics.median(some) for at, some in rounds.items()}


def _fastest(name: str, us: Mapping[str, float], *, step: bool) -> NodeTimes:
    """The first way, unless another is clearly faster."""
    first, best = next(iter(us)), min(us, key=lambda way: us[way])
    way = best if us[best] < _FASTER * us[first] else first
    return NodeTimes(
        node=name, step=step, written=first, way=way, us={key: round(value, 3) for key, value in us.items()}
    )


def _feeds(graph: Graph) -> dict[str, Integers]:
    """One random vector: that values are any does not change how long kernels take, but for how they branch."""
    random = np.random.default_rng(1)
    return {
        name: kind.low
        + kind.element.step * random.integers(0, (kind.high - kind.low) // kind.element.step + 1, kind.shape)
        for name in graph.inputs
        for kind in (graph.types[name],)
    }


def _program(made: CSource, steps: Sequence[Step], what: str) -> str:
    """C that runs a network over and over, with each timed call many times: all are of the same result again."""
    tensors = "".join(f"static {c_type(t.dtype)} {t.c_name}[{t.macro}];\n" for t in made.tensors)
    inputs = [t for t in made.tensors if not t.output]
    return _PROGRAM.format(
        timed=what,
        plain="STEP" if what == "NODE" else "NODE",
        steps=len(steps),
        most=max((len(step.nodes) for step in steps), default=1),
        tensors=tensors,
        read="".join(
            f"    if (fread({t.c_name}, sizeof(*{t.c_name}), {t.macro}, stdin) != {t.macro})\n        return 1;\n"
            for t in inputs
        ),
        given=", ".join(f"{t.c_name}, {t.macro}" for t in made.tensors),
        seconds=_ROUNDS,
    )


_PROGRAM = """\
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of this thread alone, whatever else the machine does. */
static double now(void)
{{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}}

static int repeats = 1;
static double reading = 0;
static double spent[{steps}][{most}];

#define MEASURED(step, place, ...)                              \\
    do {{                                                        \\
        const double begun = now();                             \\
        for (int again = 0; again < repeats; again++) {{         \\
            __VA_ARGS__                                         \\
            __asm__ volatile("" ::: "memory");                  \\
        }}                                                       \\
        spent[step][place] += now() - begun - reading;          \\
    }} while (0);
#define MODEL_{plain}(step, ...) MODEL_{plain}_CALL(__VA_ARGS__)
#define MODEL_STEP_CALL(...) __VA_ARGS__
#define MODEL_NODE_CALL(place, ...) __VA_ARGS__
#define MODEL_{timed}(step, ...) MODEL_{timed}_TIMED(step, __VA_ARGS__)
#define MODEL_STEP_TIMED(step, ...) MEASURED(step, 0, __VA_ARGS__)
#define MODEL_NODE_TIMED(step, place, ...) MEASURED(step, place, __VA_ARGS__)
#include "model.c"

{tensors}static int64_t work[MODEL_WORK_BYTES / 8 + 1];

static double inference(void)
{{
    const double start = now();
    if (model_run({given}, work, sizeof(work)) != MODEL_OK)
        return -1;
    return now() - start;
}}

int main(int words, char **word)
{{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(atoi(word[words - 1]), &cores);
    sched_setaffinity(0, sizeof(cores), &cores);
{read}    double once = inference();
    for (int i = 0; i < 3; i++) {{
        const double more = inference();
        once = more < once ? more : once;
    }}
    if (once < 0)
        return 1;
    /* About 30 milliseconds a round. */
    repeats = once > 30000 ? 1 : once < 30 ? 1000 : (int)(30000 / once);
    for (int i = 0; i < 100; i++) {{
        const double begun = now(), more = now() - begun;
        reading = i == 0 || more < reading ? more : reading;
    }}
    const double start = now();
    for (int round = 0; round < 15 && (round < 3 || now() - start < {seconds} * 1e6); round++) {{
        for (int i = 0; i < {steps}; i++)
            for (int k = 0; k < {most}; k++)
                spent[i][k] = 0;
        inference();
        for (int i = 0; i < {steps}; i++)
            for (int k = 0; k < {most}; k++)
                if (spent[i][k] > 0)
                    printf("%d %d %f\\n", i, k, spent[i][k] / repeats);
    }}
    return 0;
}}
"""
