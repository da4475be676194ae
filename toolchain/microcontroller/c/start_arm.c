/* Cortex-M: the vector table, what runs before `main`, and a clock cycle counter by SysTick. */
#include "board.h"
#include "config.h"

extern uint32_t link_stack_start[], link_stack_end[];
extern uint32_t link_data_start[], link_data_end[], link_data_from[], link_bss_start[], link_bss_end[];
int main(void);

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYSTICK_CONTROL REGISTER(0xe000e010)
#define SYSTICK_RELOAD REGISTER(0xe000e014)
#define SYSTICK_VALUE REGISTER(0xe000e018)
#define VECTOR_TABLE REGISTER(0xe000ed08)
#define CONFIGURATION REGISTER(0xe000ed14)
#define COPROCESSORS REGISTER(0xe000ed88)

enum { SYSTICK_SPAN = 1 << 24, UNALIGNED_TRAPS = 1 << 3 };

static volatile uint32_t spans; /* how often SysTick went round */

static void on_systick(void)
{
    spans++;
}

static void on_fault(void)
{
    for (;;) {
    }
}

void start(void);

typedef union {
    const void *stack;
    void (*handler)(void);
} vector_t;

__attribute__((section(".vectors"), used)) static const vector_t vectors[48] = {
    [0] = {.stack = link_stack_end},
    [1] = {.handler = start},
    [2 ... 14] = {.handler = on_fault},
    [15] = {.handler = on_systick},
    [16 ... 47] = {.handler = on_fault},
};

/* What is below the stack pointer, so that memory tells later how deep the stack went. */
__attribute__((always_inline)) static inline void paint_stack(void)
{
    uint32_t *sp;
    __asm__ volatile("mov %0, sp" : "=r"(sp));
    for (uint32_t *word = link_stack_start; word < sp;)
        *word++ = STACK_PAINT;
}

void start(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    /* Vector registers: before anything that a compiler may use them for. */
    COPROCESSORS |= 0xfu << 20;
    __asm__ volatile("dsb\nisb" : : : "memory");
#endif
    const uint32_t *from = link_data_from;
    for (uint32_t *to = link_data_start; to < link_data_end;)
        *to++ = *from++;
    for (uint32_t *to = link_bss_start; to < link_bss_end;)
        *to++ = 0;
    paint_stack();
    VECTOR_TABLE = (uint32_t)(uintptr_t)vectors;
#ifdef TRAPS_UNALIGNED
    /* As ARMv6-M does always: the emulator must not be more forgiving. */
    CONFIGURATION |= UNALIGNED_TRAPS;
#endif
    SYSTICK_RELOAD = SYSTICK_SPAN - 1;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 7; /* on, with its interrupt, by the processor's clock */
    main();
}

/* Ticks of SysTick since the start. */
static uint64_t ticks(void)
{
    uint32_t before, value;
    do {
        before = spans;
        value = SYSTICK_VALUE;
    } while (before != spans);
    return ((uint64_t)before + 1) * SYSTICK_SPAN - value;
}

uint64_t board_cycles(void)
{
    return ticks() * CYCLES_A_TICK_TIMES_4 / 4;
}
