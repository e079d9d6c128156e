/* SPDX-License-Identifier: MIT
 *
 * The preload functions; see preload.h. The text is printed without flushing:
 * what a server leaves in its buffers must not come out of every child.
 */
#include "conformance/adapter/preload.h"

#include <stdio.h>

#include "brood.h"

/* Written by the server alone, before it serves; its children inherit it. */
static int count;

static int preload(void) {
  count++;
  fputs("preloading ", stdout);
  return 0;
}

static int failing(void) { return 1; }

/* Not by BROOD_PRELOAD: a function called brood_preload could not stand
 * beside the type of that name. */
static void BROOD_CONSTRUCTOR register_all(void) {
  static struct brood_preload_entry entries[] = {
      {"brood_preload", preload, NULL},
      {"brood_failing", failing, NULL},
  };
  brood_register_preload(&entries[0]);
  brood_register_preload(&entries[1]);
}

int preload_count(void) { return count; }
