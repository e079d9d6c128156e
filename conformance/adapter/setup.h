/* SPDX-License-Identifier: MIT
 *
 * The setup of a process, a dictionary on the wire.
 */
#pragma once

#include "brood.h"
#include "conformance/adapter/call.h"

/* A setup, and the lists that are in it. All zero is one that says nothing. */
struct setup {
  brood_child_setup is;
  char **environment;
  int *cpus;
  uint32_t *groups;
  brood_limit *limits;
};

/* setup_read reads one argument.
 *
 * TypeError  it is no dictionary, or has a member that no setup has */
int setup_read(struct call *call, int index, struct setup *out);
void setup_clear(struct setup *setup);
