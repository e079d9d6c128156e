/* SPDX-License-Identifier: MIT
 *
 * Proves, by being compiled, what brood.h says of its timeouts to a C program
 * that includes nothing else. */
#include "brood.h"

#define IS_INT64(value) _Generic((value), int64_t : 1, default : 0)

/* What is written without them overflows an int from 3 seconds on. */
_Static_assert(BROOD_SECONDS(3) == INT64_C(3000000000), "");
_Static_assert(BROOD_MILLISECONDS(5000) == BROOD_SECONDS(5), "");
_Static_assert(BROOD_SECONDS(INT32_MAX) == INT64_C(2147483647000000000), "");
_Static_assert(BROOD_MILLISECONDS(INT32_MAX) > 0, "");
_Static_assert(BROOD_SECONDS(INT32_MIN) == INT64_C(-2147483648000000000), "");
_Static_assert(BROOD_SECONDS(1 + 1) == 2 * BROOD_SECONDS(1), "");
_Static_assert(BROOD_SECONDS(UINT32_MAX) == INT64_C(4294967295000000000), "");
_Static_assert(IS_INT64(BROOD_SECONDS(1)), "");
_Static_assert(IS_INT64(BROOD_MILLISECONDS(1)), "");
