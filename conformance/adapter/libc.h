/* SPDX-License-Identifier: MIT
 *
 * What the adapter wants of glibc, for C libraries that lack it: musl does.
 */
#pragma once

#ifndef __GLIBC__
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of the errors that a scenario may tell apart; NULL of others. */
static inline const char *strerrorname_np(int error) {
  static const struct {
    int error;
    const char *name;
  } known[] = {
#define ADAPTER_ERROR(name) {name, #name}
      ADAPTER_ERROR(EACCES), ADAPTER_ERROR(EAGAIN), ADAPTER_ERROR(EBADF),  ADAPTER_ERROR(ECHILD),
      ADAPTER_ERROR(EINVAL), ADAPTER_ERROR(EMFILE), ADAPTER_ERROR(ENOENT), ADAPTER_ERROR(ENOMEM),
      ADAPTER_ERROR(EPERM),  ADAPTER_ERROR(EPIPE),  ADAPTER_ERROR(ESRCH)};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (known[i].error == error) return known[i].name;
  }
  return NULL;
}

static inline const char *sigabbrev_np(int number) {
  static const char *const names[NSIG] = {
#define ADAPTER_SIGNAL(name) [SIG##name] = #name
      ADAPTER_SIGNAL(ABRT), ADAPTER_SIGNAL(ALRM), ADAPTER_SIGNAL(CHLD), ADAPTER_SIGNAL(CONT),
      ADAPTER_SIGNAL(HUP),  ADAPTER_SIGNAL(INT),  ADAPTER_SIGNAL(KILL), ADAPTER_SIGNAL(PIPE),
      ADAPTER_SIGNAL(QUIT), ADAPTER_SIGNAL(SEGV), ADAPTER_SIGNAL(STOP), ADAPTER_SIGNAL(TERM),
      ADAPTER_SIGNAL(USR1), ADAPTER_SIGNAL(USR2), ADAPTER_SIGNAL(WINCH)};
  return names[number];
}

static inline int close_range(unsigned first, unsigned last, unsigned flags) {
  return (int)syscall(SYS_close_range, first, last, flags);
}
#endif
