/* SPDX-License-Identifier: MIT
 *
 * See events.h.
 */
#include "lib/sys/events.h"

#include <errno.h>
#include <limits.h>

#include "lib/sys/clock.h"
#include "lib/sys/fault.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

int sys_epoll_new(void) {
  SYS_FAULT();
  return sys_fd_new(epoll_create1(EPOLL_CLOEXEC));
}

SYS_CALL(sys_epoll_add, (int epoll, int fd, void *who),
         epoll_ctl(epoll, EPOLL_CTL_ADD, fd,
                   &(struct epoll_event){.events = EPOLLIN, .data.ptr = who}))

void sys_epoll_remove(int epoll, int fd) {
  epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* Milliseconds until then, not too few. */
static int milliseconds_until(int64_t deadline_ns) {
  if (deadline_ns == SYS_CLOCK_NEVER) return -1;
  int64_t left_ms = (sys_clock_left(deadline_ns) + 999999) / 1000000;
  return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

static int wait_for_events(int epoll, struct epoll_event *out, size_t capacity,
                           int64_t deadline_ns) {
  int most = capacity < INT_MAX / sizeof *out ? (int)capacity
                                              : (int)(INT_MAX / sizeof *out);
  int n;
  do {
    n = epoll_wait(epoll, out, most, milliseconds_until(deadline_ns));
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int sys_epoll_soon(int epoll, struct epoll_event *out_events, size_t capacity,
                   bool yields_first, int64_t deadline_ns) {
  SYS_FAULT();
  int64_t sleep_ns = 0;
  bool looks = !yields_first || sys_try_yield();
  while (looks) {
    int n = wait_for_events(epoll, out_events, capacity, 0);
    if (n != 0) return n;
    int64_t now_ns = sys_clock_ns();
    if (sleep_ns == 0) sleep_ns = now_ns + SYS_SOON_NS;
    looks = now_ns < sleep_ns && now_ns < deadline_ns && sys_try_yield();
  }
  return wait_for_events(epoll, out_events, capacity, deadline_ns);
}
