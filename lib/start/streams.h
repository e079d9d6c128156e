/* SPDX-License-Identifier: MIT
 *
 * Standard output and standard error around a fork: flushed before it, or the
 * child would say again what the parent has not written yet; and at the end of
 * the child, which leaves without exit handlers. As in the field, other
 * streams are their users' business: what they hold at a fork is the parent's
 * to write, and only the parent's.
 */
#ifndef BROOD_START_STREAMS_H
#define BROOD_START_STREAMS_H

#include "lib/names.h"

void streams_flush(void);

#endif /* BROOD_START_STREAMS_H */
