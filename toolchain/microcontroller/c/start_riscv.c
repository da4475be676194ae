/* RISC-V: what runs before `main`. Whoever loads the program has put all but zeros where they belong. */
#include "board.h"

extern uint32_t link_stack_start[], link_bss_start[], link_bss_end[];
int main(void);
void begin(void);
void start(void);
void on_fault(void);

__attribute__((naked, section(".vectors"), used)) void start(void)
{
    __asm__ volatile(
        "la sp, link_stack_end\n"
        "la t0, on_fault\n"
        "csrw mtvec, t0\n"
#ifdef __riscv_vector
        "li t0, 0x2200\n" /* vector and floating-point registers: as after reset, in use */
        "csrs mstatus, t0\n"
#endif
        "j begin\n");
}

__attribute__((aligned(256), used)) void on_fault(void)
{
    for (;;) {
    }
}

__attribute__((used)) void begin(void)
{
    for (uint32_t *to = link_bss_start; to < link_bss_end;)
        *to++ = 0;
    /* What is below the stack pointer, so that memory tells later how deep the stack went. */
    uint32_t *sp;
    __asm__ volatile("mv %0, sp" : "=r"(sp));
    for (uint32_t *word = link_stack_start; word < sp;)
        *word++ = STACK_PAINT;
    main();
}
