/* SPDX-License-Identifier: MIT
 *
 * What the bodies of functions and tasks have in common. As in Python, an
 * argument that is not what it should be is an uncaught error: here it ends the
 * process, and so does a file that cannot be used.
 */
#ifndef BROOD_ADAPTER_BODY_H
#define BROOD_ADAPTER_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "brood.h"

/* body_must ends the process if r is the last failure of the library; returns
 * r. */
int body_must(int r);

const char *body_text(const brood_args *args, size_t index);
int64_t body_int64(const brood_args *args, size_t index);
void *body_object(const brood_args *args, size_t index, enum brood_kind kind);

/* body_at returns any argument. */
const brood_value *body_at(const brood_args *args, size_t index);

/* body_note appends a line to a file; body_gate waits at a gate. */
void body_note(const char *path, const char *text);
void body_gate(const char *path);

#endif /* BROOD_ADAPTER_BODY_H */
