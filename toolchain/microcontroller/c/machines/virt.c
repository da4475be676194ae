/* The `virt` machine of qemu for RISC-V: its UART is a 16550, without a baud of its own. Behind it is no line but the
   emulator's bridge, which tells of breaks by an escape. */
#include "board.h"
#include "bridge.h"
#include "config.h"

#define UART(offset) (*(volatile uint8_t *)(0x10000000u + (offset)))
#define DATA UART(0)
#define STATE UART(5)

enum { CAME = 1, CAN_SEND = 1 << 5 };

void board_init(void)
{
    /* Nothing: switching the FIFOs on would empty them. */
}

static int raw_read(void)
{
    if (STATE & CAME)
        return DATA;
    bridge_rest();
    return BOARD_NONE;
}

int board_read(void)
{
    return bridge_read(raw_read);
}

int board_can_write(void)
{
    return (STATE & CAN_SEND) != 0;
}

void board_write(uint8_t byte)
{
    DATA = byte;
}

/* The emulator counts an instruction as a cycle. */
uint64_t board_cycles(void)
{
#if __riscv_xlen == 64
    uint64_t cycles;
    __asm__ volatile("csrr %0, mcycle" : "=r"(cycles));
    return cycles;
#else
    uint32_t high, low, again;
    do {
        __asm__ volatile("csrr %0, mcycleh\ncsrr %1, mcycle\ncsrr %2, mcycleh" : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
#endif
}
