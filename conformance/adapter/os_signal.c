/* SPDX-License-Identifier: MIT
 *
 * The actor's own signals: dispositions, mask, alarm, and sending them.
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/signal_name.h"

/* A wrong name is what it is in Python: signal.SIGNAME is not there. */
static int call_signal(struct call *call, int index, int *out_number) {
  const char *name = NULL;
  if (call_text(call, index, &name) < 0) return -1;
  *out_number = signal_number(name);
  if (*out_number > 0) return 0;
  return call_fail(call, "AttributeError", "no such signal: '%s'", name);
}

static void handled(int number) {
  (void)number;
}

static int set_action(struct call *call) {
  int number = 0;
  const char *how = NULL;
  if (call_signal(call, 0, &number) < 0) return -1;
  if (call_text(call, 1, &how) < 0) return -1;
  /* Without SA_RESTART: system calls are to be interrupted, that is what a
   * scenario wants of a handler. */
  struct sigaction action = {.sa_handler = SIG_DFL};
  if (strcmp(how, "ignore") == 0) {
    action.sa_handler = SIG_IGN;
  } else if (strcmp(how, "handle") == 0) {
    action.sa_handler = handled;
  } else if (strcmp(how, "default") != 0) {
    return call_fail(call, "KeyError", "no such disposition: '%s'", how);
  }
  return sigaction(number, &action, NULL) < 0 ? call_fail_os(call, "sigaction")
                                              : 0;
}

static int block(struct call *call) {
  int number = 0;
  if (call_signal(call, 0, &number) < 0) return -1;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  return 0;
}

static int set_alarm(struct call *call) {
  int seconds = 0;
  if (call_int(call, 0, &seconds) < 0) return -1;
  call->result = value_int64(alarm((unsigned)seconds));
  return 0;
}

static int tick(struct call *call) {
  int64_t ns = 0;
  if (call_timeout(call, 0, &ns) < 0) return -1;
  struct timeval period = {.tv_sec = ns / 1000000000,
                           .tv_usec = ns / 1000 % 1000000};
  struct itimerval timer = {.it_interval = period, .it_value = period};
  return setitimer(ITIMER_REAL, &timer, NULL) < 0
             ? call_fail_os(call, "setitimer")
             : 0;
}

static int send_signal(struct call *call) {
  int pid = 0, number = 0;
  if (call_int(call, 0, &pid) < 0) return -1;
  if (call_signal(call, 1, &number) < 0) return -1;
  return kill(pid, number) < 0 ? call_fail_os(call, "kill") : 0;
}

const struct method os_signal_methods[] = {
    {"signal", "name how", set_action}, {"block", "name", block},
    {"alarm", "seconds", set_alarm},    {"tick", "seconds", tick},
    {"kill", "pid name", send_signal},  {NULL, NULL, NULL},
};
