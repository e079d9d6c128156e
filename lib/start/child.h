/* SPDX-License-Identifier: MIT
 *
 * The life of a new process from the arrival of its record to its exit; the
 * same for all start methods.
 */
#ifndef BROOD_START_CHILD_H
#define BROOD_START_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "brood.h"
#include "lib/names.h"

struct wire_texts;

/* What a courier brings. The bytes must live as long as the process. args is
 * NULL if the arguments lie behind the head in data. */
struct delivery {
  const struct brood_process *handle; /* where memory is shared, else NULL */
  brood_target target; /* what the record names, if it has been looked up */
  const uint8_t *data;
  size_t size;
  const uint8_t *args;
  int *fds;
  size_t num_fds;
  bool own_image; /* nobody else's exit handlers are in memory */
};

/* child_main never returns, least of all into the creator's stack. */
__attribute__((noreturn)) void child_main(const struct delivery *delivery);

/* child_leave is the ordinary end of a child. */
__attribute__((noreturn)) void child_leave(int code);

/* child_refuse ends a process that cannot become a child, with a sentence on
 * standard error. */
__attribute__((noreturn, format(printf, 1, 2))) void child_refuse(
    const char *format, ...);

/* child_texts returns pointers to texts, and NULL, for the life of the process:
 * in few, which has room for CHILD_FEW_TEXTS, or else on the heap, which costs
 * a new process some pages. The bytes that the texts were decoded from must
 * live as long. */
enum { CHILD_FEW_TEXTS = 128 };
const char **child_texts(const struct wire_texts *texts, const char **few);

/* child_flush flushes standard output and standard error: before a fork, or the
 * child would say again what the parent has not written yet; and at the end of
 * a child, which leaves without exit handlers. As in Python, other streams are
 * their users' business: what they hold at a fork is the parent's to write, and
 * only the parent's. */
void child_flush(void);

#endif /* BROOD_START_CHILD_H */
