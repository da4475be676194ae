/* Raspberry Pi Pico 2: RP2350, its Arm cores. 150 MHz. UART0: GPIO 0 sends, GPIO 1 receives. Untested on hardware. */
#define RESETS 0x40020000u
#define CLOCKS 0x40010000u
#define XOSC 0x40048000u
#define PLL 0x40050000u
#define IO 0x40028000u
#define PADS 0x40038000u
#define UART0 0x40070000u
#define PLL_BLOCK (1u << 14)
#define IO_BLOCK (1u << 6)
#define PADS_BLOCK (1u << 9)
#define UART_BLOCK (1u << 26)
#include "rp2.h"

/* The block by which the boot ROM knows a program for its Arm cores, secure state (RP2350 data sheet, 5.9.5.1). It stands
   behind the vector table, in the first 4 KiB. */
__attribute__((section(".vectors.image"), used)) static const uint32_t image_definition[5] = {
    0xffffded3u, 0x10210142u, 0x000001ffu, 0x00000000u, 0xab123579u,
};

void board_init(void)
{
    start_clocks(5, 2);
    start_uart();
}
