/* SPDX-License-Identifier: MIT
 *
 * What the implementation says of itself.
 */
#pragma once

#include <cjson/cJSON.h>

/* hello_new returns the answer to the request `hello`. */
cJSON *hello_new(void);
