/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bare-metal guest whose memory writes are known exactly.
 *
 * 32-bit multiboot kernel, no paging, one CPU.  It reads its workload from the multiboot command
 * line ("key=value" words), fills memory, prints READY on the debug console (port 0xe9), then
 * writes for ever.  Every second of guest TSC it prints
 *     R <seconds> <writes done so far> <writes owed, not yet done>
 *
 * Memory (physical addresses; everything not named is zero or the firmware's)
 *     1 MiB            code, then ONE page (.state) with all variables and the stack: the only
 *                      page outside the region that the guest itself keeps dirtying
 *     2 MiB            zipf only: cumulative weights, 4 bytes a page, constant after start
 *    16 MiB            region: region MiB, filled as fill= says, target of all writes
 *    16 MiB + region   pad: pad MiB, filled with random words, never written again
 *
 * Random numbers: xorshift32 (Marsaglia 2003), x ^= x<<13; x ^= x>>17; x ^= x<<5, and the new x is
 * the draw.  Two streams: `fill` (seed 2463534242) and `write` (seed 88675123).
 *     below(n) = floor(draw * n / 2^32)
 *
 * Fill, ascending addresses, over the region and then the pad:
 *     random   little-endian 32-bit words, one draw of `fill` each
 *     zero     nothing is written (the host's pages stay untouched)
 *     text     the 64-byte line TEXT below, repeated
 *
 * One write, with P = region pages (256 * MiB), B = start of the region, W = bytes (multiple of 4,
 * a divisor of 4096); all draws from `write`, in this order:
 *     idle        none
 *     stride      the byte at B + i*step is incremented; i = 0, 1, ... (region/step - 1), then 0
 *     random      page = below(P); slot = below(4096/W); W/4 words, one draw each, ascending, to
 *                 B + 4096*page + W*slot
 *     sequential  page = 0, 1, ... P-1, then 0; all 1024 words of it, one draw each, ascending
 *     hotcold     H = floor(P/10); if draw < 3865470566 (0.9 * 2^32): page = below(H), else
 *                 page = H + below(P - H); then slot and words as in random
 *     zipf        P must be a power of two; rank r has weight 1/(r+1): with
 *                 T(r) = floor(2^26/(r+1)), C(r) = T(0) + ... + T(r), u = below(C(P-1)):
 *                 rank = least r with u < C(r);
 *                 page = (r * 2654435761) mod P; then slot and words as in random
 *
 * TLB: QEMU 7.2 forgets, under TCG, to tell the emulated CPU's TLB that a bitmap sync has cleared
 * dirty bits; writes through a TLB entry that is still there are then lost to the dirty log and
 * the migrated guest is corrupt. So this guest flushes its TLB (by toggling CR0.WP) at each
 * wake-up and after every 16 writes (rate=N) or every batch (rate=0: 256 writes, 16 of sequential
 * or of more than 64 bytes, 1 if spin is 1000 or more).
 *
 * Pace:
 *     rate=N   N writes a second of guest TSC (tsc=hz says what a second is).  A 1 kHz timer
 *              interrupt wakes the guest, which does all writes that are due and halts again: due =
 *              floor(elapsed * N / hz).  What was missed is made up for, without limit.
 *     rate=0   unpaced: after each write spin=K turns of an empty loop, no halt.  The rate is
 *              then what the emulated CPU reaches, and CPU throttling slows it in proportion.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define PAGE        4096u
#define MIB         1048576u
#define REGION_BASE (16 * MIB)
#define ZIPF_TABLE  ((u32 *)(2 * MIB))
#define STATE       __attribute__((section(".state")))

static const char TEXT[65] = "migration of a live guest: lorem ipsum dolor sit amet, 01234567\n";

enum kind { IDLE, STRIDE, RANDOM, SEQUENTIAL, HOTCOLD, ZIPF };
static const char *const KIND_NAMES[] = {"idle",       "stride",  "random",
                                         "sequential", "hotcold", "zipf"};

STATE static u64 idt[33] = {0};
STATE static struct {
    u32 kind, pages, width, step, rate, spin, fill, pad, cursor, rng, zipf_total;
    u64 tsc_hz;
} g = {0};
STATE static u8 stack[2048] __attribute__((used, aligned(16))) = {0};

__asm__(".section .multiboot,\"a\"\n"
        ".long 0x1BADB002, 0, -0x1BADB002\n"
        ".text\n.global start\nstart:\n"
        "  cli\n  mov $stack+2048, %esp\n  lgdt gdt_ptr\n  ljmp $8, $1f\n"
        "1: mov $16, %ax\n  mov %ax, %ds\n  mov %ax, %es\n  mov %ax, %ss\n"
        "  push %ebx\n  call guest_main\n"
        ".global on_tick\non_tick:\n  push %eax\n  mov $0x20, %al\n  outb %al, $0x20\n"
        "  pop %eax\n  iret\n"
        ".section .rodata\n.align 8\ngdt: .quad 0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF\n"
        "gdt_ptr: .word 23\n  .long gdt\n.text\n");
extern void on_tick(void);

static inline void outb(u16 port, u8 v)
{
    __asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port));
}
static inline u64 rdtsc(void)
{
    u64 t;
    __asm__ volatile("rdtsc" : "=A"(t));
    return t;
}

static void print(const char *s)
{
    while (*s)
        outb(0xe9, (u8)*s++);
}

static void print_number(u64 v)
{
    char text[21], *p = text + 20;
    *p = 0;
    do
        *--p = (char)('0' + v % 10);
    while (v /= 10);
    print(p);
}

static void die(const char *why)
{
    print("ERROR ");
    print(why);
    print("\n");
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* The text after "key=" in the command line, or NULL. */
static const char *option(const char *line, const char *key)
{
    for (; *line; line++) {
        if (line[0] != ' ')
            continue;
        const char *a = line + 1, *k = key;
        while (*k && *a == *k)
            a++, k++;
        if (!*k && *a == '=')
            return a + 1;
    }
    return 0;
}

static u64 number(const char *line, const char *key, u64 otherwise)
{
    const char *s = option(line, key);
    u64 v = 0;
    if (!s)
        return otherwise;
    for (; *s >= '0' && *s <= '9'; s++)
        v = v * 10 + (u64)(*s - '0');
    return v;
}

static u32 word(const char *line, const char *key, const char *const *names, u32 count)
{
    const char *s = option(line, key);
    for (u32 i = 0; s && i < count; i++) {
        const char *a = s, *n = names[i];
        while (*n && *a == *n)
            a++, n++;
        if (!*n && (*a == ' ' || !*a))
            return i;
    }
    die(key);
    return 0;
}

static inline u32 draw(u32 *x)
{
    u32 v = *x;
    v ^= v << 13;
    v ^= v >> 17;
    v ^= v << 5;
    return *x = v;
}
static inline u32 below(u32 *x, u32 n)
{
    return (u32)(((u64)draw(x) * n) >> 32);
}

static void fill_memory(void)
{
    u32 x = 2463534242u;
    volatile u32 *p = (volatile u32 *)REGION_BASE, *end = p + g.pages * (PAGE / 4);
    if (g.fill == 0)
        while (p < end)
            *p++ = draw(&x);
    else if (g.fill == 2)
        for (; p < end; p++)
            *p = ((const u32 *)TEXT)[((u32)p / 4) & 15];
    p = end;
    for (end = p + g.pad * (MIB / 4); p < end; p++)
        *p = draw(&x);
}

static void zipf_prepare(void)
{
    u32 sum = 0;
    for (u32 r = 0; r < g.pages; r++)
        ZIPF_TABLE[r] = sum += (1u << 26) / (r + 1);
    g.zipf_total = sum;
}

static u32 zipf_page(u32 *x)
{
    u32 u = below(x, g.zipf_total), low = 0, high = g.pages - 1;
    while (low < high) {
        u32 mid = (low + high) / 2;
        if (u < ZIPF_TABLE[mid])
            high = mid;
        else
            low = mid + 1;
    }
    return (low * 2654435761u) & (g.pages - 1);
}

static inline void write_words(u32 *x, u32 address, u32 bytes)
{
    volatile u32 *p = (volatile u32 *)address, *end = p + bytes / 4;
    while (p < end)
        *p++ = draw(x);
}

static void do_writes(u32 count)
{
    u32 x = g.rng, cursor = g.cursor, kind = g.kind, spin = g.spin;
    while (count--) {
        u32 page;
        switch (kind) {
        case STRIDE:
            (*(volatile u8 *)(REGION_BASE + cursor))++;
            cursor += g.step;
            if (cursor >= g.pages * PAGE)
                cursor = 0;
            break;
        case SEQUENTIAL:
            write_words(&x, REGION_BASE + cursor * PAGE, PAGE);
            if (++cursor == g.pages)
                cursor = 0;
            break;
        case RANDOM:
        case HOTCOLD:
        case ZIPF:
            if (kind == RANDOM)
                page = below(&x, g.pages);
            else if (kind == ZIPF)
                page = zipf_page(&x);
            else if (draw(&x) < 3865470566u)
                page = below(&x, g.pages / 10);
            else
                page = g.pages / 10 + below(&x, g.pages - g.pages / 10);
            u32 slot = below(&x, PAGE / g.width);
            write_words(&x, REGION_BASE + page * PAGE + slot * g.width, g.width);
            break;
        }
        for (u32 k = spin; k; k--)
            __asm__ volatile("");
    }
    g.rng = x;
    g.cursor = cursor;
}

static inline void flush_tlb(void)
{
    u32 t;
    __asm__ volatile("mov %%cr0, %0; xor $0x10000, %0; mov %0, %%cr0" : "=r"(t)::"memory");
}

static void start_timer(void)
{
    struct __attribute__((packed)) {
        u16 limit;
        u32 base;
    } idtr = {sizeof idt - 1, (u32)idt};
    u32 h = (u32)on_tick;
    idt[32] = (h & 0xffff) | (8ull << 16) | (0x8e00ull << 32) | ((u64)(h & 0xffff0000) << 32);
    __asm__ volatile("lidt %0" ::"m"(idtr));
    outb(0x20, 0x11), outb(0xa0, 0x11), outb(0x21, 32), outb(0xa1, 40); /* vectors 32.., 40.. */
    outb(0x21, 4), outb(0xa1, 2), outb(0x21, 1), outb(0xa1, 1);
    outb(0x21, 0xfe), outb(0xa1, 0xff);                              /* only the timer */
    outb(0x43, 0x34), outb(0x40, 1193 & 255), outb(0x40, 1193 >> 8); /* 1193182 Hz / 1193 */
    __asm__ volatile("sti");
}

void guest_main(const u32 *multiboot_info)
{
    static const char *const fills[] = {"random", "zero", "text"};
    const char *line = (const char *)multiboot_info[4];
    g.kind = word(line, "kind", KIND_NAMES, 6);
    g.fill = word(line, "fill", fills, 3);
    g.pages = (u32)number(line, "region", 0) * (MIB / PAGE);
    g.pad = (u32)number(line, "pad", 0);
    g.width = (u32)number(line, "width", 8);
    g.step = (u32)number(line, "step", 1024);
    g.rate = (u32)number(line, "rate", 0);
    g.spin = (u32)number(line, "spin", 0);
    g.tsc_hz = number(line, "tsc", 0);
    g.rng = 88675123u;
    if (!g.tsc_hz)
        die("tsc");
    fill_memory();
    if (g.kind == ZIPF)
        zipf_prepare();
    int paced = g.rate || g.kind == IDLE;
    if (paced)
        start_timer();
    print("READY\n");

    u64 origin = rdtsc(), owed = 0, done = 0, seconds = 0; /* owed: at the last whole second */
    for (;;) {
        u64 elapsed = rdtsc() - origin;
        if (elapsed >= g.tsc_hz) {
            flush_tlb();
            origin += g.tsc_hz;
            owed += g.rate;
            print("R "), print_number(++seconds), print(" "), print_number(done), print(" ");
            print_number(owed > done ? owed - done : 0), print("\n");
            continue;
        }
        if (!paced) {
            u32 batch = g.spin >= 1000 ? 1 : g.kind == SEQUENTIAL || g.width > 64 ? 16 : 256;
            flush_tlb();
            do_writes(batch);
            done += batch;
            continue;
        }
        u64 due = owed + elapsed * g.rate / g.tsc_hz;
        if (due > done) {
            u32 batch = due - done > 16 ? 16 : (u32)(due - done);
            flush_tlb();
            do_writes(batch);
            done += batch;
        } else {
            __asm__ volatile("hlt");
        }
    }
}
