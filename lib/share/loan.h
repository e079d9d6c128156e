/* SPDX-License-Identifier: MIT
 *
 * Memory that bodies are lent, so that it can be used again: to get a fresh
 * memfd's pages and to give them back takes longer than to copy a megabyte.
 * Whoever has read the body says so in a word before it. If nobody ever does,
 * as when the receiver was killed, other memory takes its place.
 *
 * Whoever has received such memory may keep it, and see or change what is
 * written there next. So it is used again for the same end only: nobody sees
 * what was not sent to that end's readers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/names.h"

struct brood_connection;

/* Larger bodies have memory of their own. */
enum { LOAN_MAX = 8 << 20 };

/* Where the body lies in the memfd: a page of its own for the word. */
enum { LOAN_BODY = 4096 };

/* loan_make writes a body into memory that is lent through this end, and where
 * that is to be settled; returns the memfd, which is not the caller's, or
 * -errno: -EAGAIN if none is to be had. */
int loan_make(const struct brood_connection *end, const void *body, size_t size,
              int *out_loan);

/* loan_settle is due after each loan_make: was it sent? */
void loan_settle(int loan, bool was_sent);

/* loan_return says that a body has been read. */
void loan_return(int fd);

/* loan_drop closes what was lent through an end, in which nobody is. */
void loan_drop(const struct brood_connection *end);
