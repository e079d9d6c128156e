/* SPDX-License-Identifier: MIT
 *
 * Signals by name; see signal_name.h. The C library has the table.
 */
#include "conformance/adapter/signal_name.h"

#include <signal.h>
#include <string.h>

#include "conformance/adapter/libc.h"

int signal_number(const char *name) {
  for (int number = 1; number < NSIG; number++) {
    const char *known = sigabbrev_np(number);
    if (known != NULL && strcmp(known, name) == 0) return number;
  }
  return -1;
}
