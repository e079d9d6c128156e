/* SPDX-License-Identifier: MIT
 *
 * See default.h.
 */
#include "lib/state/default.h"

#include <stdatomic.h>

static _Atomic uint32_t chosen = DEFAULT_NONE;

uint32_t default_get(void) {
  return atomic_load(&chosen);
}

void default_set(uint32_t method) {
  atomic_store(&chosen, method);
}

uint32_t default_choose(uint32_t method) {
  uint32_t nobodys = DEFAULT_NONE;
  atomic_compare_exchange_strong(&chosen, &nobodys, method);
  return nobodys;
}
