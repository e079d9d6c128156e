/* SPDX-License-Identifier: MIT
 *
 * What a processor wants to be told in a loop that only looks.
 */
#ifndef BROOD_SYS_RELAX_H
#define BROOD_SYS_RELAX_H

#if defined(__x86_64__) || defined(__i386__)
#define SYS_RELAX_() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define SYS_RELAX_() __asm__ __volatile__("yield")
#else
#define SYS_RELAX_() ((void)0)
#endif

static inline void sys_relax(void) {
  SYS_RELAX_();
}

#endif /* BROOD_SYS_RELAX_H */
