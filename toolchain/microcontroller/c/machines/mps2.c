/* Arm's MPS2 as qemu plays it: the UART is a CMSDK APB UART, without a baud of its own. Behind it is no line but
   the emulator's bridge, which tells of breaks by an escape. */
#include "board.h"
#include "config.h"
#include "bridge.h"

#define UART(offset) (*(volatile uint32_t *)(UART_BASE + (offset)))
#define DATA UART(0x00)
#define STATE UART(0x04)
#define CONTROL UART(0x08)
#define DIVIDER UART(0x10)

enum { TRANSMITTER_FULL = 1, RECEIVER_FULL = 2, ENABLED = 3 };

void board_init(void)
{
    DIVIDER = 16; /* the least; qemu sends at once */
    CONTROL = ENABLED;
}

static int raw_read(void)
{
    if (STATE & RECEIVER_FULL)
        return (int)(DATA & 0xff);
    bridge_rest();
    return BOARD_NONE;
}

int board_read(void)
{
    return bridge_read(raw_read);
}

int board_can_write(void)
{
    return !(STATE & TRANSMITTER_FULL);
}

void board_write(uint8_t byte)
{
    DATA = byte;
}
