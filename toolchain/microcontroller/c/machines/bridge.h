/* A break, and a byte with a low stop bit, are told by an escape on the emulator's UART; see toolchain/microcontroller/bridge.py. */
#ifndef BRIDGE_H
#define BRIDGE_H

#include "board.h"

enum { ESCAPE = 0xdb, ESCAPED_ITSELF = 0, ESCAPED_BREAK = 1, ESCAPED_ERROR = 2 };

/* The emulator takes bytes in while the program leaves the devices alone. */
static void bridge_rest(void)
{
    for (int i = 0; i < 2000; i++)
        __asm__ volatile("");
}

static int bridge_read(int (*raw_read)(void))
{
    static int is_escaped;
    const int byte = raw_read();
    if (byte < 0)
        return byte;
    if (!is_escaped) {
        is_escaped = byte == ESCAPE;
        return is_escaped ? BOARD_NONE : byte;
    }
    is_escaped = 0;
    return byte == ESCAPED_BREAK ? BOARD_BREAK : byte == ESCAPED_ERROR ? BOARD_ERROR : ESCAPE;
}

#endif
