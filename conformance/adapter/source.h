/* SPDX-License-Identifier: MIT
 *
 * Items for a pool that are taken one by one, and noted: os.source().
 */
#ifndef BROOD_ADAPTER_SOURCE_H
#define BROOD_ADAPTER_SOURCE_H

#include "brood.h"

/* source_next is a brood_source of a VALUE_SOURCE's object, from the first item
 * on. It fails with BROOD_INDEX_ERROR, since the library has no KeyError. */
int source_next(void *source, brood_value *out_item);

#endif /* BROOD_ADAPTER_SOURCE_H */
