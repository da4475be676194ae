/* What RP2040 (data sheet build 2023) and RP2350 (data sheet build 2024) share: crystal, PLL, and UART0 on GPIO 0 and 1.
   The board's file says where the blocks lie. Registers, the boot code and the image block compared with the public
   headers and sources of the Pico SDK. Untested on hardware. */
#ifndef RP2_H
#define RP2_H

#include "board.h"
#include "config.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SET(address) REGISTER((address) + 0x2000u)
#define CLEAR(address) REGISTER((address) + 0x3000u)

#define UART(offset) REGISTER(UART0 + (offset))
#define UART_DATA UART(0x00)
#define UART_FLAGS UART(0x18)

enum { RECEIVER_EMPTY = 1 << 4, TRANSMITTER_FULL = 1 << 5 };
enum { FRAMING = 1 << 8, BREAK = 1 << 10, OVERRUN = 1 << 11 };

static void take_out_of_reset(uint32_t blocks)
{
    CLEAR(RESETS) = blocks;
    while ((REGISTER(RESETS + 8) & blocks) != blocks) {
    }
}

/* The 12 MHz crystal, times 125, by both dividers. */
static void start_clocks(uint32_t divider_1, uint32_t divider_2)
{
    REGISTER(XOSC + 0x0c) = 47; /* 1 ms, in 256 periods of the crystal */
    REGISTER(XOSC) = 0xfabu << 12 | 0xaa0u;
    while (!(REGISTER(XOSC + 4) & 1u << 31)) {
    }
    REGISTER(CLOCKS + 0x30) = 2; /* reference: crystal */
    while (REGISTER(CLOCKS + 0x38) != 1u << 2) {
    }
    CLEAR(CLOCKS + 0x3c) = 1; /* system: reference, while the PLL starts */
    while (REGISTER(CLOCKS + 0x44) != 1u) {
    }
    take_out_of_reset(PLL_BLOCK);
    REGISTER(PLL) = 1;
    REGISTER(PLL + 8) = 125;
    CLEAR(PLL + 4) = 1u << 0 | 1u << 5;
    while (!(REGISTER(PLL) & 1u << 31)) {
    }
    REGISTER(PLL + 0x0c) = divider_1 << 16 | divider_2 << 12;
    CLEAR(PLL + 4) = 1u << 3;
    REGISTER(CLOCKS + 0x3c) = 0; /* auxiliary source: PLL */
    SET(CLOCKS + 0x3c) = 1;
    while (REGISTER(CLOCKS + 0x44) != 1u << 1) {
    }
    REGISTER(CLOCKS + 0x48) = 1u << 11; /* peripherals: the system's */
}

static void start_uart(void)
{
    const uint32_t sixty_fourths = (uint32_t)(((uint64_t)CLOCK_HZ * 4 + BAUD / 2) / BAUD);
    take_out_of_reset(IO_BLOCK | PADS_BLOCK | UART_BLOCK);
    for (uint32_t pin = 0; pin < 2; pin++) {
        REGISTER(PADS + 4 + 4 * pin) = 1u << 6 | 1u << 4 | 1u << 3 | 1u << 1; /* input on, 4 mA, pulled up, not isolated */
        REGISTER(IO + 4 + 8 * pin) = 2;
    }
    UART(0x24) = sixty_fourths >> 6;
    UART(0x28) = sixty_fourths & 63;
    UART(0x2c) = 3u << 5 | 1u << 4; /* 8 bits, FIFOs */
    UART(0x30) = 1u << 9 | 1u << 8 | 1u;
}

int board_read(void)
{
    if (UART_FLAGS & RECEIVER_EMPTY)
        return BOARD_NONE;
    const uint32_t came = UART_DATA;
    if (came & BREAK)
        return BOARD_BREAK;
    return came & (FRAMING | OVERRUN) ? BOARD_ERROR : (int)(came & 0xff);
}

int board_can_write(void)
{
    return !(UART_FLAGS & TRANSMITTER_FULL);
}

void board_write(uint8_t byte)
{
    UART_DATA = byte;
}

#endif
