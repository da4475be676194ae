"""Instructions of MLPerf Tiny's keyword spotting on an emulated Cortex-M4: our C beside CMSIS-NN.

Run with ``make bench``. CMSIS-NN 4.0.0 comes from the wheel of `bakenn` 1.0.0 on PyPI, which carries its sources: no
registry has them by themselves. Its functions are called one behind the other, without LiteRT Micro around them, on
random weights of the network's shapes, on which the count hardly depends; the softmax is left out.
"""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from toolchain.graph.graph import Graph
from toolchain.kernels.c_text import c_type
from toolchain.kernels.compiled import write_sources
from toolchain.kernels.generate import c_source
from toolchain.runtime.network_file.opening import open_network

_GCC = ("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-std=gnu99", "-ffreestanding", "-ffunction-sections")
_LINK = ("-fno-tree-loop-distribute-patterns", "-nostdlib", "-Wl,--gc-sections", "-T", "link.ld")
_QEMU = "qemu-system-arm -M mps2-an386 -display none -monitor none -serial stdio -icount shift=0 -kernel"
_OWN = Path(__file__).parents[2] / "toolchain" / "microcontroller" / "c"

# SysTick counts 25 MHz where an instruction takes a nanosecond.
_START = """\
#include <stdint.h>
extern uint32_t stack_end[], bss_start[], bss_end[];
void prepare(void), go(void);
#define REGISTER(address) (*(volatile uint32_t *)(address))
static void halt(void) { for (;;) { } }
static void start(void)
{
    for (uint32_t *word = bss_start; word < bss_end;)
        *word++ = 0;
    REGISTER(0x40004010) = 16;
    REGISTER(0x40004008) = 3;
    prepare();
    REGISTER(0xe000e014) = 0xffffff;
    REGISTER(0xe000e018) = 0;
    REGISTER(0xe000e010) = 5;
    const uint32_t before = REGISTER(0xe000e018);
    go();
    uint32_t count = ((before - REGISTER(0xe000e018)) & 0xffffff) * 40;
    char digits[12];
    int length = 0;
    for (; count; count /= 10)
        digits[length++] = (char)('0' + count % 10);
    while (length)
        REGISTER(0x40004000) = (uint8_t)digits[--length];
    REGISTER(0x40004000) = 10;
    halt();
}
__attribute__((section(".vectors"), used)) const void *const vectors[16] = {stack_end, start, halt, halt, halt, halt};
"""

_LAYOUT = """\
MEMORY {
    FLASH (rx) : ORIGIN = 0, LENGTH = 4M
    RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 2M
}
SECTIONS {
    .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) } > FLASH
    .data : { *(.data*) } > RAM
    .bss (NOLOAD) : { . = ALIGN(8); bss_start = .; *(.bss* COMMON) . = ALIGN(8); bss_end = .; . += 65536; stack_end = .; } > RAM
    /DISCARD/ : { *(.ARM.exidx*) }
}
"""  # noqa: E501

_THEIRS = """\
#include "arm_nnfunctions.h"
static int8_t x[490], a[8000], b[8000], first[2560], depthwise[4][576], pointwise[4][4096], dense[768], mean[64], y[12];
static int32_t bias[64], multiplier[64], shift[64], buffer[16384];
static uint32_t seed = 1;
static void fill(int8_t *values, int count)
{
    for (int i = 0; i < count; i++)
        values[i] = (int8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
}
void prepare(void)
{
    seed = 1;
    fill(x, 490), fill(first, 2560), fill(depthwise[0], 2304), fill(pointwise[0], 16384), fill(dense, 768);
    for (int i = 0; i < 64; i++)
        bias[i] = i * 37 - 900, multiplier[i] = 1500000000 + i * 1000, shift[i] = -8 - (i & 1);
}
void go(void)
{
    cmsis_nn_context context = {buffer, sizeof buffer};
    cmsis_nn_per_channel_quant_params scales = {multiplier, shift};
    cmsis_nn_dims in = {1, 49, 10, 1}, taps = {64, 10, 4, 1}, biases = {1, 1, 1, 64}, wide = {1, 25, 5, 64};
    cmsis_nn_dims three = {1, 3, 3, 64}, one = {64, 1, 1, 64}, all = {1, 25, 5, 64}, sums = {1, 1, 1, 64};
    cmsis_nn_dims inputs = {64, 1, 1, 12}, classes = {1, 1, 1, 12};
    cmsis_nn_conv_params begin = {128, -128, {2, 2}, {1, 4}, {1, 1}, {-128, 127}};
    cmsis_nn_dw_conv_params each = {128, -128, 1, {1, 1}, {1, 1}, {1, 1}, {-128, 127}};
    cmsis_nn_conv_params mix = {128, -128, {1, 1}, {0, 0}, {1, 1}, {-128, 127}};
    cmsis_nn_pool_params pool = {{5, 25}, {0, 0}, {-128, 127}};
    cmsis_nn_fc_params end = {128, 0, -10, {-128, 127}};
    cmsis_nn_per_tensor_quant_params scale = {1500000000, -8};
    int bad = arm_convolve_wrapper_s8(&context, &begin, &scales, &in, x, &taps, first, &biases, bias, &wide, a);
    for (int i = 0; i < 4; i++) {
        bad |= arm_depthwise_conv_wrapper_s8(
            &context, &each, &scales, &wide, a, &three, depthwise[i], &biases, bias, &wide, b);
        bad |= arm_convolve_wrapper_s8(&context, &mix, &scales, &wide, b, &one, pointwise[i], &biases, bias, &wide, a);
    }
    bad |= arm_avgpool_s8(&context, &pool, &wide, a, &all, &sums, mean);
    bad |= arm_fully_connected_s8(&context, &end, &scale, &sums, mean, &inputs, dense, &classes, bias, &classes, y);
    while (bad) { }
}
"""


def _ours(graph: Graph, folder: Path) -> str:
    made = c_source(graph)
    write_sources(made, folder)
    x, y = made.tensors
    return f"""\
#include "model.h"
static {c_type(x.dtype)} x[{x.macro}];
static {c_type(y.dtype)} y[{y.macro}];
static int64_t work[MODEL_WORK_BYTES / 8 + 1];
void prepare(void)
{{
    uint32_t seed = 1;
    for (int i = 0; i < {x.macro}; i++)
        x[i] = (int8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
}}
void go(void)
{{
    while (model_run(x, {x.macro}, y, {y.macro}, work, sizeof work)) {{ }}
}}
"""


def _counted(main: str, folder: Path, level: str, options: Sequence[str], sources: Sequence[Path]) -> int:
    """Instructions of `go`, to 40."""
    for name, text in (("start.c", _START), ("link.ld", _LAYOUT), ("main.c", main), ("math.h", "")):
        (folder / name).write_text(text)
    flags = [*_GCC, level, *_LINK, "-I.", f"-I{_OWN}", *options]
    files = ["start.c", "main.c", str(_OWN / "memory.c"), *map(str, sources)]
    subprocess.run([*flags, "-o", "program.elf", *files, "-lgcc"], cwd=folder, check=True)
    with subprocess.Popen([*_QEMU.split(), "program.elf"], cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        count = int(process.stdout.readline())
        process.kill()
    return count


@pytest.mark.parametrize("level", ["-O2", "-O3"])
def test_keyword_spotting_beside_cmsis_nn(level: str, shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "tflite" / "mlperf-tiny" / "kws_ref_model.tflite"
    found = importlib.util.find_spec("bakenn")
    if not path.exists() or found is None or not found.submodule_search_locations:
        pytest.skip(f"{path} or the package bakenn is absent; `pip install --no-deps bakenn==1.0.0` brings CMSIS-NN")
    vendor = Path(found.submodule_search_locations[0]) / "backend" / "cmsis_nn" / "vendor"
    includes = [f"-I{vendor / name / 'Include'}" for name in ("cmsis_nn", "cmsis_core")]
    sources = sorted((vendor / "cmsis_nn" / "Source").rglob("arm_*.c"))
    theirs = _counted(_THEIRS, tmp_path, level, ["-w", "-DBAKENN_CMSIS_NN_BUILTIN_MEMORY", *includes], sources)
    main = _ours(open_network(path).source.graph, tmp_path)
    ours = _counted(main, tmp_path, level, [], [Path("model.c")])
    told = f"ours {ours:,}, CMSIS-NN 4.0.0 {theirs:,} ({ours / theirs:.2f})"
    print(f"keyword spotting, Cortex-M4, {level}, emulated: {told}")
    assert ours <= theirs
