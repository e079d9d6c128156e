/* SPDX-License-Identifier: MIT
 *
 * Items for a pool that are taken one by one, and noted: os.source().
 */
#pragma once

#include "brood.h"

/* source_next is a brood_source of a VALUE_SOURCE's object, from the first item
 * on. It fails with BROOD_INDEX_ERROR, since the library has no KeyError. */
int source_next(void *source, brood_value *out_item);
