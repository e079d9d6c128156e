/* SPDX-License-Identifier: MIT
 *
 * The handles of one actor: names for values that cannot travel. An object
 * has one first name, which every answer uses, so that the runner may compare
 * names; further names are understood as well.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "conformance/adapter/failure.h"
#include "conformance/adapter/value.h"

struct handles {
  struct handle *first;
  unsigned num_made_up;
  struct failure last; /* the actor's last error */
};

/* handles_init makes the handles that always exist: `mp` and `os`. */
void handles_init(struct handles *handles);

/* handles_clear forgets all names and destroys what they held. Pools and
 * managers are left alone, as in a program that ends without a thought for
 * them. */
void handles_clear(struct handles *handles);

/* handles_keep takes a value under a name, made up if NULL, and returns the
 * first name of the object. A name in use changes its meaning. */
const char *handles_keep(struct handles *handles, struct value value,
                         const char *name);

/* handles_drop forgets a name; false if there is none. */
bool handles_drop(struct handles *handles, const char *name);

/* handles_find returns the value of a name, or NULL. */
const struct value *handles_find(const struct handles *handles,
                                 const char *name);

/* handles_resolve returns the value that {"ref": name} or {"fd": name} stands
 * for, NULL if the JSON is no such form; an unknown name stands for
 * VALUE_NOTHING. */
const struct value *handles_resolve(const struct handles *handles,
                                    const cJSON *json);

/* handles_pin gives an object of these handles one more name, so that it lives
 * as long as they do. */
void handles_pin(struct handles *handles, const struct value *value);

/* handles_name returns what stands for an object of these handles. */
cJSON *handles_name(const struct handles *handles, const struct value *value);

/* handles_fail keeps the actor's last error, and takes what it carries. */
void handles_fail(struct handles *handles, struct failure failure);

/* handles_encode takes a value and returns it as it travels: plain data, or a
 * handle under `bind` (made up if NULL). */
cJSON *handles_encode(struct handles *handles, struct value value,
                      const char *bind);
