/* Raspberry Pi Pico: RP2040. 125 MHz. UART0: GPIO 0 sends, GPIO 1 receives. Untested on hardware. */
#define RESETS 0x4000c000u
#define CLOCKS 0x40008000u
#define XOSC 0x40024000u
#define PLL 0x40028000u
#define IO 0x40014000u
#define PADS 0x4001c000u
#define UART0 0x40034000u
#define PLL_BLOCK (1u << 12)
#define IO_BLOCK (1u << 5)
#define PADS_BLOCK (1u << 8)
#define UART_BLOCK (1u << 22)
#include "rp2.h"

/* What the boot ROM copies to RAM and starts there (RP2040 data sheet, boot sequence): it lets the flash be read as memory, by
   the serial read 03h that all flashes have, and starts the program behind it. 252 bytes at most; image.py writes
   their CRC behind them. */
__attribute__((naked, section(".boot"), used)) void boot(void);
void boot(void)
{
    __asm__ volatile(
        ".syntax unified\n"
        "ldr r3, =0x18000000\n" /* SSI */
        "movs r1, #0\n"
        "str r1, [r3, #8]\n" /* off */
        "movs r1, #4\n"
        "str r1, [r3, #0x14]\n" /* a quarter of the system clock */
        "ldr r1, =0x001f0300\n"
        "str r1, [r3, #0]\n" /* 32 bits a frame, send and then receive */
        "ldr r1, =0x03000218\n"
        "ldr r0, =0x180000f4\n"
        "str r1, [r0]\n" /* command 03h, 8 bits of it, 24 of an address */
        "movs r1, #0\n"
        "str r1, [r3, #4]\n" /* one frame at a time */
        "movs r1, #1\n"
        "str r1, [r3, #0x10]\n"
        "str r1, [r3, #8]\n" /* on */
        "ldr r0, =0x10000100\n"
        "ldr r1, =0xe000ed08\n"
        "str r0, [r1]\n" /* the vector table */
        "ldm r0, {r0, r1}\n"
        "msr msp, r0\n"
        "bx r1\n"
        ".ltorg\n");
}

void board_init(void)
{
    start_clocks(6, 2);
    start_uart();
}
