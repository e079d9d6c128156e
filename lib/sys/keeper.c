/* SPDX-License-Identifier: MIT
 *
 * The orphans of proc.h. A child is passed by in a wait if its exit signal is
 * not SIGCHLD, which exec and the death of its parent make it: so the keeper
 * execs nothing. A copy of the memory would be dear for as long as it lives, so
 * it shares the memory, and with it the caller's thread-local storage: once the
 * caller goes on, the keeper may not come near the C library, errno or a stack
 * guard, and makes its system calls by hand.
 */
#include "lib/sys/proc.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/sys/clock.h"
#include "lib/sys/fault.h"
#include "lib/sys/futex.h"
#include "lib/sys/libc.h"

enum { STACK_BYTES = 1 << 18 };

/* Of a keeper. The kernel itself writes ENDED, at the end. */
enum { ENDED = 0, BUSY, KEEPING };

/* At the low end of its stack. */
struct keeper {
  _Atomic uint32_t state;
  pid_t pid;
  void (*body)(void *);
  void *data;
  struct keeper *next;
};

static struct keeper *keepers;

bool sys_adopts_orphans(void) {
  int is_subreaper = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
  return is_subreaper || getpid() == 1;
}

#define BY_HAND 1
#if defined(__x86_64__)
static inline long raw_call(long number, long a, long b, long c) {
  register long d __asm__("r10") = 0;
  __asm__ volatile("syscall"
                   : "+a"(number)
                   : "D"(a), "S"(b), "d"(c), "r"(d)
                   : "rcx", "r11", "memory");
  return number;
}
#elif defined(__aarch64__)
static inline long raw_call(long number, long a, long b, long c) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = 0;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3)
                   : "memory");
  return x0;
}
#else
#undef BY_HAND
#define BY_HAND 0 /* there is no keeper, and the server is a child */
static inline long raw_call(long number, long a, long b, long c) {
  return number + a + b + c;
}
#endif

__attribute__((no_sanitize("address", "thread", "undefined"))) static int
keep_orphans(void *argument) {
  struct keeper *keeper = argument;
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  keeper->body(keeper->data);
  prctl(PR_SET_NAME, "brood-keeper");
  syscall(SYS_close_range, 0, ~0U, 0);
  /* Release: pairs with the acquire in sys_keeper_run. */
  atomic_store_explicit(&keeper->state, KEEPING, memory_order_release);
  raw_call(SYS_futex, (long)&keeper->state, SYS_FUTEX_WAKE, 1);
  while (raw_call(SYS_wait4, -1, 0, __WALL) > 0) continue;
  raw_call(SYS_exit_group, 0, 0, 0);
  return 0;
}

/* Forgets those that have ended. A copy by fork finds none of its own. */
static void bury_keepers(void) {
  for (struct keeper **link = &keepers; *link != NULL;) {
    struct keeper *keeper = *link;
    if (atomic_load(&keeper->state) != ENDED) {
      link = &keeper->next;
      continue;
    }
    waitpid(keeper->pid, NULL, __WCLONE);
    *link = keeper->next;
    munmap(keeper, STACK_BYTES);
  }
}

int sys_keeper_run(void (*body)(void *data), void *data) {
  SYS_FAULT();
  if (!BY_HAND) return -ENOSYS;
  bury_keepers();
  struct keeper *keeper = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (keeper == MAP_FAILED) return -errno;
  *keeper = (struct keeper){
      .state = BUSY, .body = body, .data = data, .next = keepers};
  sigset_t before;
  sys_signals_block(&before);
  keeper->pid = clone(keep_orphans, (char *)keeper + STACK_BYTES,
                      CLONE_VM | CLONE_CHILD_CLEARTID, keeper, NULL, NULL,
                      &keeper->state);
  int r = keeper->pid < 0 ? -errno : 0;
  while (r == 0 &&
         atomic_load_explicit(&keeper->state, memory_order_acquire) == BUSY) {
    sys_futex_wait(&keeper->state, BUSY, SYS_CLOCK_NEVER);
  }
  sys_signals_unblock(&before);
  if (r == 0) keepers = keeper;
  if (r < 0) munmap(keeper, STACK_BYTES);
  return r;
}
