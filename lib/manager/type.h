/* SPDX-License-Identifier: MIT
 *
 * See server.h: types of the program's own.
 */
#ifndef BROOD_MANAGER_TYPE_H
#define BROOD_MANAGER_TYPE_H

#include "lib/manager/server.h"

int type_fill(struct managed *object, struct caller *caller);
int64_t type_call(struct managed *object, struct caller *caller,
                  const brood_value **out_value);
void type_destroy(struct managed *object);

#endif /* BROOD_MANAGER_TYPE_H */
