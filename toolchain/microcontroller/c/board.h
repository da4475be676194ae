/* What a board, or a machine of the emulator, gives to the host link. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* What `board_read` returns where there is no byte. */
enum {
    BOARD_NONE = -1,
    BOARD_BREAK = -2, /* the line was held low */
    BOARD_ERROR = -3  /* a byte with a low stop bit, or bytes were lost */
};

/* What start-up fills the stack with. */
#define STACK_PAINT 0x57ac57acu

/* Clocks and the UART: 8 data bits, no parity, 1 stop bit, BAUD. */
void board_init(void);

/* The next byte that came, 0 to 255, or one of the above. Never waits. */
int board_read(void);

/* Whether the UART takes a byte now. */
int board_can_write(void);
void board_write(uint8_t byte);

/* A counter that counts CLOCK_HZ a second, and never goes back. */
uint64_t board_cycles(void);

#endif
