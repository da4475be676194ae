/* ESP32-C3 (technical reference manual). The boot ROM loads all into SRAM, and starts it. 40 MHz of the crystal: how its
   PLL is started is in no manual. UART0: GPIO 21 sends, GPIO 20 receives, as the ROM has set them. Registers compared
   with the chip's public headers of ESP-IDF. Untested on hardware. */
#include "board.h"
#include "config.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define SYSTEM_CLOCK REGISTER(0x600c0058)
#define RTC_WATCHDOG REGISTER(0x60008090)
#define RTC_WATCHDOG_KEY REGISTER(0x600080a8)
#define SUPER_WATCHDOG REGISTER(0x600080ac)
#define SUPER_WATCHDOG_KEY REGISTER(0x600080b0)
#define TIMER_WATCHDOG REGISTER(0x6001f048)
#define TIMER_WATCHDOG_KEY REGISTER(0x6001f064)

#define SYSTIMER_UPDATE REGISTER(0x60023004)
#define SYSTIMER_HIGH REGISTER(0x60023040)
#define SYSTIMER_LOW REGISTER(0x60023044)

#define UART_FIFO REGISTER(0x60000000)
#define UART_EVENTS REGISTER(0x60000004)
#define UART_EVENTS_CLEAR REGISTER(0x60000010)
#define UART_DIVIDER REGISTER(0x60000014)
#define UART_STATE REGISTER(0x6000001c)
#define UART_SETTINGS REGISTER(0x60000020)
#define UART_CLOCK REGISTER(0x60000078)
#define UART_UPDATE REGISTER(0x60000080)

enum { FRAMING = 1 << 3, OVERFLOW = 1 << 4, BREAK = 1 << 7, FIFO_BYTES = 128 };

/* The ROM leaves them on, to start anew where a program does not come up. */
static void stop_watchdogs(void)
{
    RTC_WATCHDOG_KEY = 0x50d83aa1;
    RTC_WATCHDOG = 0;
    RTC_WATCHDOG_KEY = 0;
    SUPER_WATCHDOG_KEY = 0x8f1d312a;
    SUPER_WATCHDOG |= 1u << 31; /* feeds itself */
    SUPER_WATCHDOG_KEY = 0;
    TIMER_WATCHDOG_KEY = 0x50d83aa1;
    TIMER_WATCHDOG = 1u << 22; /* off, also the part for booting; this bit hands it over to the timer's clock */
    TIMER_WATCHDOG_KEY = 0;
}

static void update_uart(void)
{
    UART_UPDATE |= 1u << 31;
    while (UART_UPDATE & 1u << 31) {
    }
}

void board_init(void)
{
    stop_watchdogs();
    SYSTEM_CLOCK &= ~0xfffu; /* crystal, by 1 */
    UART_CLOCK = (UART_CLOCK & ~(0xffu << 12 | 3u << 20)) | 3u << 20; /* crystal, by 1 */
    const uint32_t sixteenths = (CLOCK_HZ * 16u + BAUD / 2) / BAUD;
    UART_DIVIDER = sixteenths >> 4 | (sixteenths & 15) << 20;
    update_uart();
    UART_EVENTS_CLEAR = FRAMING | OVERFLOW | BREAK;
}

static void empty(void)
{
    UART_SETTINGS |= 1u << 17;
    update_uart();
    UART_SETTINGS &= ~(1u << 17);
    update_uart();
}

int board_read(void)
{
    const uint32_t events = UART_EVENTS & (FRAMING | OVERFLOW | BREAK);
    if (events) {
        UART_EVENTS_CLEAR = events;
        empty();
        return events & BREAK ? BOARD_BREAK : BOARD_ERROR;
    }
    return UART_STATE & 0x3ff ? (int)(UART_FIFO & 0xff) : BOARD_NONE;
}

int board_can_write(void)
{
    return (UART_STATE >> 16 & 0x3ff) < FIFO_BYTES - 1;
}

void board_write(uint8_t byte)
{
    UART_FIFO = byte;
}

/* The system timer counts 16 MHz, 52 bits. */
uint64_t board_cycles(void)
{
    SYSTIMER_UPDATE = 1u << 30;
    while (!(SYSTIMER_UPDATE & 1u << 29)) {
    }
    const uint64_t ticks = (uint64_t)(SYSTIMER_HIGH & 0xfffff) << 32 | SYSTIMER_LOW;
    return ticks * (CLOCK_HZ / 1000000u) / 16;
}
