/* SPDX-License-Identifier: MIT
 *
 * What the implementation says of itself.
 */
#ifndef BROOD_ADAPTER_HELLO_H
#define BROOD_ADAPTER_HELLO_H

#include <cjson/cJSON.h>

/* hello_new returns the answer to the request `hello`. */
cJSON *hello_new(void);

#endif /* BROOD_ADAPTER_HELLO_H */
