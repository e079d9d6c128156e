/* SPDX-License-Identifier: MIT
 *
 * See server.h: dict, list, namespace, value, array. A list, an array, a value,
 * which is a list of one, and what is in a queue are an array of values.
 *
 *   data.c     value, array
 *   dict.c     dict, namespace
 *   list.c     list
 *   compare.c  how values compare
 */
#ifndef BROOD_MANAGER_DATA_H
#define BROOD_MANAGER_DATA_H

#include "lib/manager/server.h"

/* --------------------------------------------------------------- data.c -- */

/* What is answered, where that is not one value: it lives until it was. */
extern struct answered {
  struct kept gone; /* what has been taken out, or a method has returned */
  brood_value *many, tuple;
} answered;

/* make_many has answered.tuple be of so many values, answered.many. */
int make_many(size_t count);

int refuse_memory(void);

int64_t call_fixed(struct managed *object, struct caller *caller);

/* --------------------------------------------------------------- dict.c -- */

int64_t call_dict(struct managed *dict, struct caller *caller);
void clear_dict(struct managed *dict);

/* --------------------------------------------------------------- list.c -- */

int64_t call_list(struct managed *list, struct caller *caller);

/* call_item makes calls that are about one item, or where none may be. */
int64_t call_item(struct managed *list, struct caller *caller);

/* replace_items opens a gap of num_new items in the place of num_old ones, and
 * takes the new ones; replace_by_copies copies a tuple's items there. */
int replace_items(struct managed *list, size_t at, size_t num_old,
                  struct kept *new_items, size_t num_new);
int replace_by_copies(struct managed *list, size_t at, size_t num_old,
                      const brood_value *values);

/* ------------------------------------------------------------ compare.c -- */

/* compare_values orders any two; is_incomparable is set if they were of
 * different classes, or have no order. */
extern bool is_incomparable;
int compare_values(const brood_value *a, const brood_value *b);

bool is_equal(const brood_value *a, const brood_value *b);
long double as_number(const brood_value *value);

#endif /* BROOD_MANAGER_DATA_H */
