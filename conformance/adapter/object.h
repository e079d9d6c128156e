/* SPDX-License-Identifier: MIT
 *
 * The objects that processes share, as values: what each kind is called, how
 * it is given back, and how it is recognised.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/value.h"

/* object_is says whether a value is a shared object: value.as.object is what
 * the library knows it by. */
bool object_is(const struct value *value);

/* object_type returns the kind's name on the wire. */
const char *object_type(enum value_kind kind);

/* object_free gives it back: by its maker, or by whoever received it. */
void object_free(const struct value *value);

/* object_value returns the value of an object of whatever kind. */
struct value object_value(void *object);
