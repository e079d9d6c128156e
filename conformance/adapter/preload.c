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

static int brood_preload(void) {
  count++;
  fputs("preloading ", stdout);
  return 0;
}
BROOD_PRELOAD(brood_preload);

static int brood_failing(void) {
  return 1;
}
BROOD_PRELOAD(brood_failing);

int preload_count(void) {
  return count;
}
