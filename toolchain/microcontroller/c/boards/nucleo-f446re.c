/* NUCLEO-F446RE: STM32F446 (reference manual RM0390, data sheet DS10693, board manual UM1724). USART2 is the ST-Link's
   virtual COM port, PA2 sends and PA3 receives. 168 MHz of the PLL, from the 16 MHz RC oscillator: no crystal is
   needed, and its 1 % suffices for a UART. Registers compared with the public CMSIS headers of its family
   (cmsis_device_f4). Untested on hardware. */
#include "board.h"
#include "config.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_CR REGISTER(0x40023800)
#define RCC_PLLCFGR REGISTER(0x40023804)
#define RCC_CFGR REGISTER(0x40023808)
#define RCC_AHB1ENR REGISTER(0x40023830)
#define RCC_APB1ENR REGISTER(0x40023840)
#define PWR_CR REGISTER(0x40007000)
#define FLASH_ACR REGISTER(0x40023c00)
#define GPIOA_MODER REGISTER(0x40020000)
#define GPIOA_PUPDR REGISTER(0x4002000c)
#define GPIOA_AFRL REGISTER(0x40020020)
#define USART_SR REGISTER(0x40004400)
#define USART_DR REGISTER(0x40004404)
#define USART_BRR REGISTER(0x40004408)
#define USART_CR1 REGISTER(0x4000440c)

enum { FRAMING = 1 << 1, OVERRUN = 1 << 3, RECEIVED = 1 << 5, CAN_SEND = 1 << 7 };

static void start_clocks(void)
{
    RCC_APB1ENR |= 1u << 28; /* PWR */
    (void)RCC_APB1ENR;       /* two cycles pass before it may be written */
    PWR_CR |= 3u << 14;      /* voltage scale 1: 168 MHz without over-drive */
    /* Five wait states at 168 MHz and 3.3 V, prefetch and both caches. */
    FLASH_ACR = 5u | 1u << 8 | 1u << 9 | 1u << 10;
    /* HSI 16 MHz / 8 = 2 MHz, times 168 = 336 MHz, / 2 = 168 MHz; Q and R as after reset, unused. */
    RCC_PLLCFGR = 8u | 168u << 6 | 0u << 16 | 7u << 24 | 2u << 28;
    RCC_CR |= 1u << 24;
    while (!(RCC_CR & 1u << 25)) {
    }
    RCC_CFGR = 5u << 10 | 4u << 13 | 2u; /* APB1 by 4: 42 MHz; APB2 by 2: 84 MHz; system clock: PLL */
    while ((RCC_CFGR & 3u << 2) != 2u << 2) {
    }
}

void board_init(void)
{
    start_clocks();
    RCC_AHB1ENR |= 1u;       /* GPIOA */
    RCC_APB1ENR |= 1u << 17; /* USART2 */
    (void)RCC_APB1ENR;
    GPIOA_MODER = (GPIOA_MODER & ~(0xfu << 4)) | 0xau << 4;
    GPIOA_PUPDR = (GPIOA_PUPDR & ~(0xfu << 4)) | 0x4u << 4; /* what receives is pulled up */
    GPIOA_AFRL = (GPIOA_AFRL & ~(0xffu << 8)) | 0x77u << 8;
    USART_BRR = (CLOCK_HZ / 4 + BAUD / 2) / BAUD;
    USART_CR1 = 1u << 13 | 1u << 3 | 1u << 2;
}

int board_read(void)
{
    const uint32_t state = USART_SR;
    if (!(state & (RECEIVED | OVERRUN | FRAMING)))
        return BOARD_NONE;
    const uint32_t byte = USART_DR & 0xff; /* clears the flags, too */
    if (state & FRAMING)
        return byte ? BOARD_ERROR : BOARD_BREAK;
    return state & OVERRUN ? BOARD_ERROR : (int)byte;
}

int board_can_write(void)
{
    return (USART_SR & CAN_SEND) != 0;
}

void board_write(uint8_t byte)
{
    USART_DR = byte;
}
