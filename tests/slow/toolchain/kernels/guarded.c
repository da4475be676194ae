/* A network's C on a small processor, each tensor, the work space and each constant against memory that may not be
   touched: what reads or writes beyond any of them ends, by whatever instruction it does so. That memory is made so by
   Linux, which qemu's user mode plays, or by the memory protection unit of a Cortex-M55. */
#include <stdint.h>

static void limited(unsigned char *from, unsigned char *to);
#include "guarded.h"

enum { READ, WRITE, PROTECT, EXIT };
#define SPACE(bytes) ((((bytes) + PAGE - 1) / PAGE + 2) * PAGE)

#ifdef __ARM_FEATURE_MVE
#define REGISTER(address) (*(volatile uint32_t *)(address))
enum { MPU = 0xe000ed94, COPROCESSORS = 0xe000ed88 };

static long semihosting(int which, const void *about)
{
    register long number __asm__("r0") = which;
    register const void *block __asm__("r1") = about;
    __asm__ volatile("bkpt 0xab" : "+r"(number) : "r"(block) : "memory");
    return number;
}

static void ended(int code)
{
    const uint32_t about[] = {0x20026, (uint32_t)code};
    semihosting(0x20, about);
}

/* The rest of `bytes` that were not moved comes back. */
static void moved(int which, unsigned char *at, long bytes)
{
    static uint32_t files[2];
    const uint32_t opened[] = {(uint32_t)(which ? "told" : "given"), which ? 5 : 1, which ? 4 : 5};
    if (!files[which])
        files[which] = (uint32_t)semihosting(1, opened);
    const uint32_t about[] = {files[which], (uint32_t)at, (uint32_t)bytes};
    if (semihosting(which ? 5 : 6, about))
        ended(2);
}

/* Whole pages, and nothing around them, may be touched. */
static void limited(unsigned char *from, unsigned char *to)
{
    static uint32_t region;
    REGISTER(MPU + 4) = region++;
    REGISTER(MPU + 8) = (uint32_t)from | 2; /* read and written by all */
    REGISTER(MPU + 12) = ((uint32_t)to - PAGE) | 1;
}

static void begun(void)
{
    extern unsigned char code_start[], code_end[], ram_start[], ram_end[];
    limited(code_start, code_end);
    limited(ram_start, ram_end);
    REGISTER(MPU) = 1;
    __asm__ volatile("dsb\nisb" : : : "memory");
}
#else
static long system_call(int which, long a, long b, long c)
{
#ifdef __riscv
    static const int numbers[] = {63, 64, 226, 93};
    register long number __asm__("a7") = numbers[which];
    register long first __asm__("a0") = a, second __asm__("a1") = b, third __asm__("a2") = c;
    __asm__ volatile("ecall" : "+r"(first) : "r"(number), "r"(second), "r"(third) : "memory");
#else
    static const int numbers[] = {3, 4, 125, 1};
    register long first __asm__("r0") = a, second __asm__("r1") = b, third __asm__("r2") = c;
    __asm__ volatile("push {r7}\n\tmov r7, %1\n\tsvc 0\n\tpop {r7}"
                     : "+r"(first)
                     : "r"(numbers[which]), "r"(second), "r"(third)
                     : "memory");
#endif
    return first;
}

static void ended(int code)
{
    system_call(EXIT, code, 0, 0);
}

static void moved(int which, unsigned char *at, long bytes)
{
    while (bytes > 0) {
        const long some = system_call(which, which, (long)at, bytes);
        if (some <= 0)
            ended(2);
        at += some, bytes -= some;
    }
}

/* The page behind may not be touched; that before either, where it is not the last one's. */
static void limited(unsigned char *from, unsigned char *to)
{
    if (system_call(PROTECT, (long)from - PAGE, PAGE, 0) || system_call(PROTECT, (long)to, PAGE, 0))
        ended(2);
}

static void begun(void)
{
}
#endif

/* So many bytes that end where pages end, or begin where they begin. */
static void *guarded(unsigned char *space, long bytes, int at_end)
{
    const long all = SPACE(bytes);
    limited(space + PAGE, space + all - PAGE);
    return at_end ? space + all - PAGE - bytes : space + PAGE;
}

#define MADE(name, bytes) \
    static __attribute__((aligned(PAGE), section(".spaces." #name))) unsigned char name##_space[SPACE(bytes)]; \
    void *const name = guarded(name##_space, bytes, at_end)

static __attribute__((used)) void run(void)
{
    unsigned char at_end;
    begun();
    moved(READ, &at_end, 1);
    LIMIT_CONSTANTS
    TENSORS
    INPUTS
    MADE(work, MODEL_WORK_BYTES);
    if (CALL != MODEL_OK)
        ended(3);
    OUTPUTS
    ended(0);
}

#ifdef __ARM_FEATURE_MVE
void _start(void)
{
    REGISTER(COPROCESSORS) |= 0xfu << 20;
    __asm__ volatile("dsb\nisb" : : : "memory");
    run();
}

static void fault(void)
{
    ended(11);
}

static uint64_t stack[1024];
__attribute__((section(".vectors"), used)) static const struct {
    void *stack;
    void (*handlers[15])(void);
} vectors = {stack + 1024, {_start, [1 ... 14] = fault}};
#elif defined(__riscv)
/* The stack may begin anywhere; vectors are off. */
__asm__(".globl _start\n_start:\n\tandi sp, sp, -16\n\tcall run");
#else
__attribute__((naked)) void _start(void)
{
    __asm__("bl run");
}
#endif
