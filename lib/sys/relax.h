/* SPDX-License-Identifier: MIT
 *
 * What a processor wants to be told: that a loop only looks, that memory will
 * soon be written.
 */
#ifndef BROOD_SYS_RELAX_H
#define BROOD_SYS_RELAX_H

#if defined(__x86_64__)
#define SYS_RELAX_() __builtin_ia32_pause()
/* __builtin_prefetch would ask for it to read, unless told of the processor;
 * those that do not know the instruction pass it over. */
#define SYS_ASK_TO_WRITE_(at) \
  __asm__ __volatile__("prefetchw %0" : : "m"(*(const char *)(at)))
#elif defined(__aarch64__)
#define SYS_RELAX_() __asm__ __volatile__("yield")
#define SYS_ASK_TO_WRITE_(at) __builtin_prefetch(at, 1)
#else
#define SYS_RELAX_() ((void)0)
#define SYS_ASK_TO_WRITE_(at) __builtin_prefetch(at, 1)
#endif

static inline void sys_relax(void) {
  SYS_RELAX_();
}

static inline void sys_ask_to_write(const void *at) {
  SYS_ASK_TO_WRITE_(at);
}

#endif /* BROOD_SYS_RELAX_H */
