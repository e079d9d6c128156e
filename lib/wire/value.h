/* SPDX-License-Identifier: MIT
 *
 * A typed value as bytes: a tag, then its payload. A descriptor travels as an
 * index into the table that goes beside the bytes; a pointer as its number,
 * for a reader that shares the writer's memory; an object as the bytes that
 * stand for it.
 */
#ifndef BROOD_WIRE_VALUE_H
#define BROOD_WIRE_VALUE_H

#include "brood.h"
#include "lib/names.h"
#include "lib/wire/bytes.h"

/* wire_type_name returns "a string", and so on. */
const char *wire_type_name(enum brood_type type);

/* wire_put_value writes one value; descriptor_index replaces as.descriptor.
 * False, and nothing is written, if the value has no known type or a string
 * is NULL. */
bool wire_put_value(struct wire_writer *writer, const brood_value *value,
                    uint32_t descriptor_index);

/* wire_get_value reads one; as.descriptor is an index, strings and bytes point
 * into the reader's bytes. A broken value sets bad and reads as none. */
brood_value wire_get_value(struct wire_reader *reader);

#endif /* BROOD_WIRE_VALUE_H */
